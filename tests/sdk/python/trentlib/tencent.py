"""Tencent Cloud KMS through the vendor's client, with each signature and method that it can use."""

import json

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.kms.v20190118 import models
from tencentcloud.kms.v20190118.kms_client import KmsClient

from .access import AccessKey
from .doors import TIMEOUT, Door
from .thalassa import b64, unb64

SIGNATURES = ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]


class Tencent:
    """A client of one secret id through one door."""

    def __init__(self, key: AccessKey, door: Door, signature: str = SIGNATURES[0], method: str = "POST", secret=None):
        profile = HttpProfile(protocol=door.scheme, endpoint=door.host, reqMethod=method, reqTimeout=TIMEOUT)
        if isinstance(door.verify, str):
            profile.certification = door.verify
        self.key, self.door = key, door
        self.client = KmsClient(
            Credential(key.access_key, secret or key.secret),
            key.region,
            ClientProfile(signMethod=signature, httpProfile=profile, language="en-US"),
        )

    def call(self, operation: str, **members) -> dict:
        """One operation. Returns the answer's members that the client knows and that are there."""
        request = getattr(models, f"{operation}Request")()
        request._deserialize(members)
        answer = json.loads(getattr(self.client, operation)(request).to_json_string())
        assert answer.pop("RequestId"), answer
        return {name: value for name, value in answer.items() if value is not None}

    def create(self, alias: str, usage: str | None = None, **members) -> str:
        """Makes a key and returns its id."""
        if usage is not None:
            members["KeyUsage"] = usage
        return self.call("CreateKey", Alias=alias, **members)["KeyId"]

    def describe(self, key: str) -> dict:
        return self.call("DescribeKey", KeyId=key)["KeyMetadata"]

    def encrypt(self, key: str, plaintext: bytes, context: dict | None = None) -> str:
        answer = self.call("Encrypt", KeyId=key, Plaintext=b64(plaintext), **bound(context))
        assert answer["KeyId"] == key, answer
        return answer["CiphertextBlob"]

    def decrypt(self, blob: str, context: dict | None = None) -> bytes:
        return unb64(self.call("Decrypt", CiphertextBlob=blob, **bound(context))["Plaintext"])

    def rsa_decrypt(self, key: str, ciphertext: bytes, algorithm: str) -> bytes:
        answer = self.call("AsymmetricRsaDecrypt", KeyId=key, Ciphertext=b64(ciphertext), Algorithm=algorithm)
        return unb64(answer["Plaintext"])


def bound(context: dict | None) -> dict:
    """The member for a context: a text that holds JSON."""
    return {} if context is None else {"EncryptionContext": json.dumps(context)}


def check_refused(code: str, call, *arguments, **members) -> TencentCloudSDKException:
    """The call is refused with the vendor's code."""
    try:
        answer = call(*arguments, **members)
    except TencentCloudSDKException as refused:
        assert refused.code == code, refused
        assert refused.requestId and refused.message, refused
        return refused
    raise AssertionError(f"wanted {code}, got {answer}")
