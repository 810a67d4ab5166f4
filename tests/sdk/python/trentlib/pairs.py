"""One key through two doors: what every pair of vendors' APIs must agree on. A file of `tests/doors` names a pair;
each of the two makes the key once. Who makes it is asked over HTTP and the other over TLS."""

import base64
import uuid
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization

from . import alibaba, aws, crypto, tencent
from .access import Account, accounts_of, alibaba_of, fresh, tencent_of, token_of
from .doors import Door
from .thalassa import Thalassa, b64, check_status, unb64

Ciphertext = bytes | str  # as the vendor gives it out: bytes, or a text
CONTEXTS = [None, {"purpose": "test"}, {"b": "2", "a": "ü = &"}]
# One is base64 of something else. The longest is as long as AWS's limit of 6144 bytes lets an RPC text be: that is
# base64 of base64.
PLAINTEXTS = [b"x", b"QUJD", bytes(3372)]
DISABLED, UNOPENED = "disabled", "unopened"


def as_text(ciphertext: Ciphertext) -> str:
    """Bytes travel in a field of text as base64."""
    return b64(ciphertext) if isinstance(ciphertext, bytes) else ciphertext


def as_bytes(ciphertext: Ciphertext) -> bytes:
    """A text travels in a field of bytes as UTF-8."""
    return ciphertext if isinstance(ciphertext, bytes) else ciphertext.encode()


class Way:
    """What the tests ask of a vendor's API. Keys go by their UUID; `None` stands for an operation that it has not."""

    contexts = True
    specs: dict  # the names of the keys that it makes, by their AWS names
    refusals: dict
    rotate: Callable | None = None
    public: Callable | None = None
    rsa_decrypt: Callable | None = None
    data_key: Callable | None = None

    def refused(self, why: str, call, *arguments) -> None:
        """The call is refused for this reason, in the vendor's words."""
        try:
            answer = call(*arguments)
        except Exception as problem:
            assert self.code(problem) == self.refusals[why], f"{self.code(problem)}: {problem}"
            return
        raise AssertionError(f"not refused: {answer!r}")


class ThroughAws(Way):
    """AWS, and Q-KMS with an account of its style."""

    specs = {
        "SYMMETRIC_DEFAULT": {},
        "RSA_2048": {"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"},
        "ECC_NIST_P256": {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
    }
    refusals = {DISABLED: "DisabledException", UNOPENED: "InvalidCiphertextException"}

    def __init__(self, account: Account, door: Door):
        self.account, self.kms = account, aws.client(account, door)

    def code(self, problem: ClientError) -> str:
        return problem.response["Error"]["Code"]

    def create(self, spec: str) -> str:
        return self.kms.create_key(**self.specs[spec])["KeyMetadata"]["KeyId"]

    def enabled(self, key: str) -> bool:
        told = self.kms.describe_key(KeyId=key)["KeyMetadata"]
        assert (told["KeyId"], told["Arn"]) == (key, self.account.arn(key))
        return told["KeyState"] == "Enabled"

    def switch(self, key: str, on: bool) -> None:
        (self.kms.enable_key if on else self.kms.disable_key)(KeyId=key)

    def encrypt(self, key: str, plaintext: bytes, context) -> bytes:
        return self.kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionContext=context or {})["CiphertextBlob"]

    def decrypt(self, key: str, ciphertext: Ciphertext, context) -> bytes:
        opened = self.kms.decrypt(CiphertextBlob=as_bytes(ciphertext), EncryptionContext=context or {})
        assert opened["KeyId"] == self.account.arn(key)
        return opened["Plaintext"]

    def rotate(self, key: str) -> None:
        self.kms.rotate_key_on_demand(KeyId=key)

    def public(self, key: str) -> bytes:
        return self.kms.get_public_key(KeyId=key)["PublicKey"]

    def rsa_decrypt(self, key: str, block: bytes) -> bytes:
        algorithm = "RSAES_OAEP_SHA_256"
        return self.kms.decrypt(KeyId=key, CiphertextBlob=block, EncryptionAlgorithm=algorithm)["Plaintext"]

    def data_key(self, key: str, context) -> tuple[bytes, bytes]:
        made = self.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context or {})
        return made["Plaintext"], made["CiphertextBlob"]


class ThroughTencent(Way):
    specs = {
        "SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT",
        "RSA_2048": "ASYMMETRIC_DECRYPT_RSA_2048",
        "ECC_NIST_P256": "ASYMMETRIC_SIGN_VERIFY_ECC",
    }
    refusals = {
        DISABLED: "ResourceUnavailable.CmkDisabled",
        UNOPENED: "InvalidParameterValue.InvalidCiphertext",
    }

    def __init__(self, env: dict, door: Door):
        self.kms = tencent.Tencent(tencent_of(env), door)

    def code(self, problem: tencent.TencentCloudSDKException) -> str:
        return problem.code

    def create(self, spec: str) -> str:
        return self.kms.create(fresh("doors"), self.specs[spec])

    def enabled(self, key: str) -> bool:
        told = self.kms.describe(key)
        assert told["KeyId"] == key
        return told["KeyState"] == "Enabled"

    def switch(self, key: str, on: bool) -> None:
        self.kms.call("EnableKey" if on else "DisableKey", KeyId=key)

    def encrypt(self, key: str, plaintext: bytes, context) -> str:
        return self.kms.encrypt(key, plaintext, context)

    def decrypt(self, key: str, ciphertext: Ciphertext, context) -> bytes:
        opened = self.kms.call("Decrypt", CiphertextBlob=as_text(ciphertext), **tencent.bound(context))
        assert opened["KeyId"] == key
        return unb64(opened["Plaintext"])

    def public(self, key: str) -> bytes:
        return unb64(self.kms.call("GetPublicKey", KeyId=key)["PublicKey"])

    def rsa_decrypt(self, key: str, block: bytes) -> bytes:
        return self.kms.rsa_decrypt(key, block, "RSAES_OAEP_SHA_256")

    def data_key(self, key: str, context) -> tuple[bytes, str]:
        made = self.kms.call("GenerateDataKey", KeyId=key, KeySpec="AES_256", **tencent.bound(context))
        return unb64(made["Plaintext"]), made["CiphertextBlob"]


class ThroughAlibaba(Way):
    """Alibaba's RPC API, whose texts are base64 of the data."""

    specs = {
        "SYMMETRIC_DEFAULT": ("Aliyun_AES_256", "ENCRYPT/DECRYPT"),
        "RSA_2048": ("RSA_2048", "ENCRYPT/DECRYPT"),
        "ECC_NIST_P256": ("EC_P256", "SIGN/VERIFY"),
    }
    refusals = {DISABLED: "Rejected.Disabled", UNOPENED: "InvalidParameter"}

    def __init__(self, env: dict, door: Door):
        self.kms = alibaba.Alibaba(alibaba_of(env), door)

    def code(self, problem: alibaba.TeaException) -> str:
        return problem.code

    def create(self, spec: str) -> str:
        return self.kms.create(*self.specs[spec])

    def enabled(self, key: str) -> bool:
        told = self.kms.describe(key)
        assert (told["KeyId"], told["Arn"]) == (key, self.kms.arn(key))
        return told["KeyState"] == "Enabled"

    def switch(self, key: str, on: bool) -> None:
        self.kms.call("EnableKey" if on else "DisableKey", key_id=key)

    def encrypt(self, key: str, plaintext: bytes, context) -> str:
        return self.kms.encrypt(key, b64(plaintext), context)

    def decrypt(self, key: str, ciphertext: Ciphertext, context) -> bytes:
        opened = self.kms.call("Decrypt", ciphertext_blob=as_text(ciphertext), encryption_context=context)
        assert opened["KeyId"] == key
        return unb64(opened["Plaintext"])

    def rotate(self, key: str) -> None:
        self.kms.call("CreateKeyVersion", key_id=key)


class Refused(Exception):
    """An error answer of Thalassa's API, which has no client that would raise one."""


class ThroughThalassa(Way):
    """Thalassa, whose requests have no place for a context."""

    contexts = False
    specs = {"SYMMETRIC_DEFAULT": "aes256-gcm96", "RSA_2048": "rsa-2048", "ECC_NIST_P256": "ecdsa-p256"}
    refusals = {DISABLED: (400, True), UNOPENED: (400, False)}

    def __init__(self, env: dict, door: Door):
        self.rest = Thalassa(door, token_of(env))

    def code(self, problem: Refused) -> tuple[int, bool]:
        """The status, and whether the text says that the key is disabled: there are no codes."""
        status, text = problem.args
        return status, "disabled" in text

    def ask(self, key: str, operation: str, body: dict) -> dict:
        answer = self.rest.raw("POST", f"/{self.rest.token.region}/keys/{identity(key)}/{operation}", body)
        if answer.status_code >= 400:
            check_status(answer, answer.status_code)
            raise Refused(answer.status_code, answer.text)
        return answer.json()

    def create(self, spec: str) -> str:
        text = self.rest.create(fresh("doors"), self.specs[spec])["identity"].removeprefix("kms-").upper()
        return str(uuid.UUID(bytes=base64.b32decode(text + "=" * (-len(text) % 8))))

    def enabled(self, key: str) -> bool:
        told = self.rest.keys("GET", f"/{identity(key)}")
        assert told["identity"] == identity(key)
        return told["status"] == "active"

    def switch(self, key: str, on: bool) -> None:
        self.ask(key, "enable" if on else "disable", {})

    def encrypt(self, key: str, plaintext: bytes, context) -> str:
        return self.ask(key, "encrypt", {"plaintext": b64(plaintext)})["ciphertext"]

    def decrypt(self, key: str, ciphertext: Ciphertext, context) -> bytes:
        return unb64(self.ask(key, "decrypt", {"ciphertext": as_text(ciphertext)})["plaintext"])

    def rotate(self, key: str) -> None:
        self.ask(key, "rotate", {})

    def public(self, key: str) -> bytes:
        [pem] = self.rest.public_keys(identity(key)).values()
        return crypto.spki(serialization.load_pem_public_key(pem.encode()))

    def rsa_decrypt(self, key: str, block: bytes) -> bytes:
        return self.decrypt(key, block, None)


def identity(key: str) -> str:
    """Thalassa's name of a key: its UUID's bytes in base32."""
    return "kms-" + base64.b32encode(uuid.UUID(key).bytes).decode().rstrip("=").lower()


KINDS = {
    "aws": ThroughAws,
    "qkms": ThroughAws,
    "tencent": ThroughTencent,
    "alibaba": ThroughAlibaba,
    "thalassa": ThroughThalassa,
}


def ways_of(env: dict, door: Door) -> dict[str, Way]:
    accounts = accounts_of(env)
    return {name: kind(accounts[name] if kind is ThroughAws else env, door) for name, kind in KINDS.items()}


def needs(maker: str = "", other: str = ""):
    """Leaves a test out where the API that makes the key, or the other one, has not the operation."""

    def mark(test):
        test.needs = (maker, other)
        return test

    return mark


class Pair:
    """The tests. A subclass names two doors; each test is run both ways round, where it applies."""

    first: str
    second: str

    def __init_subclass__(cls):
        for name in [name for name in dir(cls) if name.startswith("test_") and not cls.orders(getattr(cls, name))]:
            setattr(cls, name, None)

    @classmethod
    def orders(cls, test) -> list[tuple[str, str]]:
        """Who makes the key and who is the other, for a test."""
        wanted = getattr(test, "needs", ("", ""))
        both = (cls.first, cls.second)

        def applies(order):
            return all(not what or getattr(KINDS[name], what) for name, what in zip(order, wanted, strict=True))

        return [order for order in (both, both[::-1]) if applies(order)]

    def pytest_generate_tests(self, metafunc):
        orders = self.orders(metafunc.function)
        metafunc.parametrize("two", orders, indirect=True, ids=["-".join(order) for order in orders])

    @pytest.fixture
    def two(self, request, ways) -> tuple[Way, Way]:
        maker, other = request.param
        return ways["plain"][maker], ways["tls"][other]

    @pytest.mark.parametrize("spec", ["SYMMETRIC_DEFAULT", "RSA_2048", "ECC_NIST_P256"])
    def test_a_key_is_one(self, two, spec):
        """Made through one, it is described through the other; a switch of either counts in both."""
        maker, other = two
        key = maker.create(spec)
        assert maker.enabled(key) and other.enabled(key)
        for one, on in ((maker, False), (other, True), (other, False), (maker, True)):
            one.switch(key, on)
            assert maker.enabled(key) is on and other.enabled(key) is on

    @needs("public", "public")
    @pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256"])
    def test_a_public_key_is_one(self, two, spec):
        maker, other = two
        key = maker.create(spec)
        assert maker.public(key) == other.public(key)
        crypto.public_from_der(other.public(key), spec)

    def test_a_ciphertext_is_one(self, two):
        """It opens through the other under the same context, and under no other."""
        maker, other = two
        key = maker.create("SYMMETRIC_DEFAULT")
        for sealer, opener in ((maker, other), (other, maker)):
            for context in CONTEXTS if sealer.contexts else [None]:
                for plaintext in PLAINTEXTS:
                    sealed = sealer.encrypt(key, plaintext, context)
                    if context is not None and not opener.contexts:
                        opener.refused(UNOPENED, opener.decrypt, key, sealed, None)
                        continue
                    assert opener.decrypt(key, sealed, context) == plaintext
                    if opener.contexts:
                        opener.refused(UNOPENED, opener.decrypt, key, sealed, {**(context or {}), "more": "x"})

    @needs("data_key")
    def test_a_data_key_is_one(self, two):
        maker, other = two
        key = maker.create("SYMMETRIC_DEFAULT")
        for context in CONTEXTS if other.contexts else [None]:
            plaintext, sealed = maker.data_key(key, context)
            assert other.decrypt(key, sealed, context) == plaintext

    def test_disabled_is_disabled(self, two):
        maker, other = two
        key = maker.create("SYMMETRIC_DEFAULT")
        sealed = [one.encrypt(key, b"text", None) for one in two]
        maker.switch(key, False)
        for one in two:
            one.refused(DISABLED, one.encrypt, key, b"text", None)
            for ciphertext in sealed:
                one.refused(DISABLED, one.decrypt, key, ciphertext, None)
        other.switch(key, True)
        for one in two:
            for ciphertext in sealed:
                assert one.decrypt(key, ciphertext, None) == b"text"

    @needs("rotate")
    def test_rotated_is_rotated(self, two):
        """What was sealed before opens after, through either."""
        maker, other = two
        key = maker.create("SYMMETRIC_DEFAULT")
        sealed = [one.encrypt(key, b"before", None) for one in two]
        maker.rotate(key)
        for one in two:
            for ciphertext in sealed:
                assert one.decrypt(key, ciphertext, None) == b"before"
        assert maker.decrypt(key, other.encrypt(key, b"after", None), None) == b"after"

    @needs("public", "rsa_decrypt")
    def test_an_rsa_block_is_one(self, two):
        maker, other = two
        key = maker.create("RSA_2048")
        public = serialization.load_der_public_key(maker.public(key))
        block = public.encrypt(b"text", crypto.oaep("RSAES_OAEP_SHA_256"))
        assert other.rsa_decrypt(key, block) == b"text"
