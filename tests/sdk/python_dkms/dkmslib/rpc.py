"""The RPC API with a signature of our own (ACS3-HMAC-SHA256), for what the instance API cannot do: keys, aliases and
versions. The vendor's client of that API does not live with the packages pinned here."""

import datetime
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlsplit

from trentlib.doors import TIMEOUT, Door

ALGORITHM = "ACS3-HMAC-SHA256"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


class Rpc:
    """One account of the RPC API through one door."""

    def __init__(self, section: dict, door: Door):
        self.access_key, self.secret = section["access_key_id"], section["access_key_secret"]
        self.door = door

    def ok(self, action: str, **parameters: str) -> dict:
        """The answer of an action that must succeed."""
        query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parameters.items()))
        headers = self._signed(action, query)
        session = self.door.session()
        answer = session.post(f"{self.door.endpoint}/?{query}", headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200, f"{action}: {answer.status_code} {answer.text}"
        return answer.json()

    def _signed(self, action: str, query: str) -> dict:
        now = datetime.datetime.now(datetime.timezone.utc)
        headers = {
            "host": urlsplit(self.door.endpoint).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
            "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2016-01-20",
        }
        names = ";".join(headers)  # sorted as written above
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = "\n".join(["POST", "/", query, lines, names, headers["x-acs-content-sha256"]])
        text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        credential = f"Credential={self.access_key},SignedHeaders={names},Signature={signature}"
        return {**headers, "authorization": f"{ALGORITHM} {credential}"}

    def key(self, spec: str = "Aliyun_AES_256", **more: str) -> str:
        """Makes a key and returns its id."""
        return self.ok("CreateKey", KeySpec=spec, **more)["KeyMetadata"]["KeyId"]
