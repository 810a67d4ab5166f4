"""The Thalassa REST API by plain HTTP requests."""

import base64
from dataclasses import dataclass

from .access import Token
from .doors import TIMEOUT, Door

KEY_TYPES = {
    "aes128-gcm96": "aead",
    "aes256-gcm96": "aead",
    "chacha20-poly1305": "aead",
    "rsa-2048": "rsa",
    "rsa-3072": "rsa",
    "rsa-4096": "rsa",
    "ecdsa-p256": "ec",
    "ecdsa-p384": "ec",
    "ecdsa-p521": "ec",
    "ed25519": "ed25519",
    "hmac": "hmac",
    "hmac-sha256": "hmac",
    "hmac-sha512": "hmac",
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@dataclass(frozen=True)
class Thalassa:
    """A client of one organisation and region."""

    door: Door
    token: Token
    scheme: str = "Token"

    def raw(self, method: str, path: str, body=None, headers=None, data: bytes | None = None):
        """One request below `/v1/kms`; a header of None is left out."""
        final = {
            "Authorization": f"{self.scheme} {self.token.token}",
            "X-Organisation-Identity": self.token.organisation,
            "Accept": "application/json",
        }
        if data is not None:
            final["Content-Type"] = "application/json"
        final.update(headers or {})
        return self.door.session().request(
            method,
            f"{self.door.endpoint}/v1/kms{path}",
            json=body,
            data=data,
            headers={name: value for name, value in final.items() if value is not None},
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def keys(self, method: str, path: str = "", body=None, expect: int = 200, **more):
        """One request below `/v1/kms/{region}/keys`; returns the decoded answer."""
        answer = self.raw(method, f"/{self.token.region}/keys{path}", body, **more)
        check_status(answer, expect)
        return answer.json()

    def create(self, name: str, key_type: str | None = None, **more) -> dict:
        body = {"name": name, **more}
        if key_type is not None:
            body["keyType"] = key_type
        return self.keys("POST", body=body, expect=201)

    def encrypt(self, key: str, plaintext: bytes, **more) -> str:
        return self.keys("POST", f"/{key}/encrypt", {"plaintext": b64(plaintext), **more})["ciphertext"]

    def decrypt(self, key: str, ciphertext: str) -> bytes:
        return unb64(self.keys("POST", f"/{key}/decrypt", {"ciphertext": ciphertext})["plaintext"])

    def export(self, key: str, **more) -> bytes:
        return unb64(self.keys("POST", f"/{key}/export", more)["keyMaterial"])

    def public_keys(self, key: str, query: str = "") -> dict:
        return self.keys("GET", f"/{key}/public-key{query}")["keys"]


def check_status(answer, expect: int | tuple[int, ...]) -> None:
    """The answer has the status and is JSON; an error carries a message."""
    expected = (expect,) if isinstance(expect, int) else expect
    assert answer.status_code in expected, f"{answer.status_code} {answer.text!r}, wanted {expected}"
    assert answer.headers["Content-Type"].startswith("application/json"), answer.headers
    if answer.status_code >= 400:
        assert isinstance(answer.json()["message"], str) and answer.json()["message"], answer.text
