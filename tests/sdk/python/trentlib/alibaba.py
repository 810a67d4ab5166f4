"""Alibaba Cloud's RPC API: through the vendor's client with each signature that it can make, and raw requests that
it would not send. Those are signed by the client's own signer."""

import re
from datetime import UTC, datetime

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import UnretryableException
from darabonba.request import DaraRequest
from Tea.exceptions import TeaException

from .access import AccessKey
from .doors import TIMEOUT, Door

# How the client is told to sign, by the name of what it then sends.
SIGNATURES = {
    "ACS3": {},
    "ACS4": {"signature_version": "v4"},
    "v1": {"signature_algorithm": "v2"},
}
ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2016-01-20"


class Alibaba:
    """A client of one access key through one door."""

    def __init__(self, key: AccessKey, door: Door, signature: str = "ACS3", secret: str | None = None):
        self.key, self.door = key, door
        self.client = Client(
            Config(
                access_key_id=key.access_key,
                access_key_secret=secret or key.secret,
                region_id=key.region,
                endpoint=door.host,
                protocol=door.scheme,
                ca=door.verify if isinstance(door.verify, str) else None,
                read_timeout=TIMEOUT * 1000,
                connect_timeout=5000,
                no_proxy="*",
                **SIGNATURES[signature],
            )
        )

    def call(self, operation: str, **members) -> dict:
        """One operation; the members are named as in the client's models. Returns the answer's members."""
        request = getattr(models, f"{operation}Request")(**members)
        answer = getattr(self.client, snake(operation))(request)
        assert answer.status_code == 200, answer
        told = answer.body.to_map()
        assert told.pop("RequestId"), told
        return told

    def create(self, spec: str | None = None, usage: str | None = None, **members) -> str:
        """Makes a key and returns its id."""
        return self.call("CreateKey", key_spec=spec, key_usage=usage, **members)["KeyMetadata"]["KeyId"]

    def describe(self, key: str) -> dict:
        return self.call("DescribeKey", key_id=key)["KeyMetadata"]

    def encrypt(self, key: str, text: str, context: dict | None = None) -> str:
        return self.call("Encrypt", key_id=key, plaintext=text, encryption_context=context)["CiphertextBlob"]

    def decrypt(self, blob: str, context: dict | None = None) -> str:
        return self.call("Decrypt", ciphertext_blob=blob, encryption_context=context)["Plaintext"]

    def arn(self, key: str) -> str:
        return f"acs:kms:{self.key.region}:{self.key.number}:key/{key}"


def snake(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def check_refused(code: str, status: int, call, *arguments, **members) -> TeaException:
    """The call is refused with the vendor's code, under its status, in the vendor's form."""
    try:
        answer = call(*arguments, **members)
    except (TeaException, UnretryableException) as caught:
        # With ACS4 the client wraps the refusal once more.
        refused = getattr(caught, "inner_exception", caught)
        assert (refused.code, refused.data["statusCode"]) == (code, status), refused.message
        assert {"RequestId", "HostId", "Code", "Message", "Recommend"} <= set(refused.data), refused.data
        return refused
    raise AssertionError(f"wanted {code}, got {answer}")


def signed(key: AccessKey, door: Door, action: str, query: dict, nonce: str) -> DaraRequest:
    """A request under ACS3 as the client makes it, with a nonce of the test's choice."""
    empty = Utils.hash(b"", ALGORITHM).hex()
    made = DaraRequest()
    made.method, made.pathname, made.query = "POST", "/", query
    made.headers = {
        "host": door.host,
        "x-acs-version": VERSION,
        "x-acs-action": action,
        "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": empty,
        "accept": "application/json",
    }
    made.headers["Authorization"] = Utils.get_authorization(made, ALGORITHM, empty, key.access_key, key.secret)
    return made


def send(door: Door, made: DaraRequest):
    """Sends a request and returns what `requests` makes of the answer."""
    return door.session().request(
        made.method, door.endpoint + "/", params=made.query, headers=made.headers, timeout=TIMEOUT
    )
