"""Q-KMS and AWS: Encrypt, Decrypt, the symmetric data keys, and versions after RotateKeyOnDemand."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trentlib import aws

CONTEXTS = [None, {}, {"a": "1"}, {"b": "2", "a": "1", "": ""}, {"café": "naïve ✓"}]


@pytest.mark.parametrize("size", [1, 2, 1000, 4096])
@pytest.mark.parametrize("context", CONTEXTS)
def test_round_trip(at, size, context):
    key, plaintext = symmetric(at), os.urandom(size)
    more = {} if context is None else {"EncryptionContext": context}
    sealed = at.kms.encrypt(KeyId=key, Plaintext=plaintext, GrantTokens=[], **more)
    assert sealed["KeyId"] == at.account.arn(key)
    assert sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert len(sealed["CiphertextBlob"]) <= 6144
    for named in ({}, {"KeyId": key}, {"KeyId": key, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}):
        opened = at.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], **named, **more)
        assert opened["Plaintext"] == plaintext
        assert opened["KeyId"] == at.account.arn(key)
        assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"


_symmetric: dict = {}


def symmetric(at) -> str:
    """One key for all cases of an account and door."""
    place = (at.account, at.door)
    if place not in _symmetric:
        _symmetric[place] = at.key()
    return _symmetric[place]


def test_the_context_must_match(at):
    key = symmetric(at)
    sealed = at.kms.encrypt(KeyId=key, Plaintext=b"bound", EncryptionContext={"a": "1", "b": "2"})["CiphertextBlob"]
    assert at.kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"b": "2", "a": "1"})["Plaintext"] == b"bound"
    for wrong in ({}, {"a": "1"}, {"a": "2", "b": "1"}, {"A": "1", "b": "2"}, {"a": "1", "b": "2", "c": ""}):
        with pytest.raises(at.kms.exceptions.InvalidCiphertextException):
            at.kms.decrypt(CiphertextBlob=sealed, EncryptionContext=wrong)
    bare = at.kms.encrypt(KeyId=key, Plaintext=b"free")["CiphertextBlob"]
    assert at.kms.decrypt(CiphertextBlob=bare, EncryptionContext={})["Plaintext"] == b"free"
    with pytest.raises(at.kms.exceptions.InvalidCiphertextException):
        at.kms.decrypt(CiphertextBlob=bare, EncryptionContext={"a": "1"})


def test_two_encryptions_differ(at):
    key = symmetric(at)
    blobs = {at.kms.encrypt(KeyId=key, Plaintext=b"same")["CiphertextBlob"] for _ in range(8)}
    assert len(blobs) == 8


def test_every_byte_counts(plain):
    """A blob with any one bit turned, cut or made longer opens nowhere."""
    at = plain["aws"]
    key = symmetric(at)
    blob = at.kms.encrypt(KeyId=key, Plaintext=b"x" * 16)["CiphertextBlob"]
    bent = [blob[:i] + bytes([blob[i] ^ (1 << i % 8)]) + blob[i + 1 :] for i in range(len(blob))]
    bent += [blob + b"\0", blob[:-1], blob[:50], blob[:1], b"\0" * 100]
    named = ("InvalidCiphertextException", "IncorrectKeyException")
    free = ("InvalidCiphertextException", "AccessDeniedException")  # a turned key id names no key
    for wrong in bent:
        aws.check_error(at.call("Decrypt", {"CiphertextBlob": wrong, "KeyId": key}), named)
        aws.check_error(at.call("Decrypt", {"CiphertextBlob": wrong}), free)
    assert at.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x" * 16


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"KeySpec": "AES_128"}, 16),
        ({"KeySpec": "AES_256"}, 32),
        ({"NumberOfBytes": 1}, 1),
        ({"NumberOfBytes": 1024}, 1024),
    ],
)
@pytest.mark.parametrize("context", [{}, {"Purpose": "Test"}])
def test_data_keys(at, asked, size, context):
    key = symmetric(at)
    made = at.kms.generate_data_key(KeyId=key, EncryptionContext=context, GrantTokens=[], **asked)
    assert made["KeyId"] == at.account.arn(key)
    assert len(made["Plaintext"]) == size
    opened = at.kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == made["Plaintext"]
    if size in (16, 32):  # it is a key that an independent library takes
        AESGCM(made["Plaintext"]).encrypt(os.urandom(12), b"data", None)
    hidden = at.kms.generate_data_key_without_plaintext(KeyId=key, EncryptionContext=context, GrantTokens=[], **asked)
    assert "Plaintext" not in at.ok("GenerateDataKeyWithoutPlaintext", {"KeyId": key, **asked})
    assert hidden["KeyId"] == at.account.arn(key)
    opened = at.kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"], EncryptionContext=context)
    assert len(opened["Plaintext"]) == size
    assert size == 1 or opened["Plaintext"] != made["Plaintext"]


def test_old_versions_open_after_rotation(at):
    key = at.key()
    kept = {}
    for generation in range(4):
        plaintext = f"generation {generation}".encode()
        kept[plaintext] = at.kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionContext={"n": str(generation)})
        made = at.kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"n": str(generation)})
        kept[made["Plaintext"]] = made
        assert at.kms.rotate_key_on_demand(KeyId=key)["KeyId"] == at.account.arn(key)
        for number, (expected, sealed) in enumerate(kept.items()):
            context = {"n": str(number // 2)}
            opened = at.kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
            assert opened["Plaintext"] == expected
    assert at.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_rotation_takes_a_new_secret(at):
    """Two blobs from before and after carry different version numbers in their open header."""
    key = at.key()
    before = at.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    at.kms.rotate_key_on_demand(KeyId=key)
    after = at.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    versions = [int.from_bytes(blob[20:24], "big") for blob in (before, after)]
    assert versions[1] == versions[0] + 1
    assert before[:20] == after[:20] and before[:3] == b"\xc7\x4b\x01"


@pytest.mark.parametrize(
    ("spec", "limits"), [("RSA_2048", (214, 190)), ("RSA_3072", (342, 318)), ("RSA_4096", (470, 446))]
)
def test_rsa_plaintext_limits(at, spec, limits):
    key = at.key(spec, "ENCRYPT_DECRYPT")
    for algorithm, limit in zip(("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"), limits, strict=True):
        full = os.urandom(limit)
        sealed = at.kms.encrypt(KeyId=key, Plaintext=full, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        opened = at.kms.decrypt(KeyId=key, CiphertextBlob=sealed, EncryptionAlgorithm=algorithm)
        assert opened["Plaintext"] == full
        body = {"KeyId": key, "Plaintext": full + b"!", "EncryptionAlgorithm": algorithm}
        answer = at.call("Encrypt", body)
        aws.check_error(answer, "ValidationException")
        text = f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {limit} bytes."
        assert answer.json["message"] == text
