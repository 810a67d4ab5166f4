"""Q-KMS and AWS: GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext. In the `verenc` style the
private key leaves only sealed; in the `aws` style the plaintext comes with it."""

import pytest

from trentlib import aws, crypto
from trentlib.thalassa import unb64

CONTEXTS = [{}, {"Purpose": "Test"}]


@pytest.fixture(scope="module")
def wrapping(at):
    return at.key()


def open_private(at, blob, context) -> bytes:
    return at.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("spec", crypto.ASYMMETRIC)
def test_pair(at, wrapping, spec, context):
    body = {"KeyId": wrapping, "KeyPairSpec": spec, "EncryptionContext": context, "GrantTokens": []}
    raw = at.ok("GenerateDataKeyPair", body)
    check_common(at, wrapping, spec, raw)
    private = open_private(at, unb64(raw["PrivateKeyCiphertextBlob"]), context)
    public = crypto.public_from_der(unb64(raw["PublicKey"]), spec)
    crypto.check_pair(private, public, spec)
    if at.verenc:
        assert raw["PrivateKey"] == raw["PrivateKeyCiphertextBlob"]
        assert "PrivateKeyPlaintext" not in raw
        assert private not in [unb64(value) for value in raw.values() if looks_like_base64(value)]
    else:
        assert "PrivateKey" not in raw
        assert unb64(raw["PrivateKeyPlaintext"]) == private
    bound(at, raw, context)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("spec", [spec for spec in crypto.ASYMMETRIC if spec != "RSA_4096"])
def test_pair_without_plaintext(at, wrapping, spec, context):
    body = {"KeyId": wrapping, "KeyPairSpec": spec, "EncryptionContext": context, "GrantTokens": []}
    raw = at.ok("GenerateDataKeyPairWithoutPlaintext", body)
    check_common(at, wrapping, spec, raw)
    assert not {"PrivateKey", "PrivateKeyPlaintext"} & set(raw)
    private = open_private(at, unb64(raw["PrivateKeyCiphertextBlob"]), context)
    crypto.check_pair(private, crypto.public_from_der(unb64(raw["PublicKey"]), spec), spec)
    bound(at, raw, context)


def check_common(at, wrapping, spec, raw):
    assert raw["KeyId"] == at.account.arn(wrapping)
    assert raw["KeyPairSpec"] == spec
    assert len(unb64(raw["PrivateKeyCiphertextBlob"])) <= 6144


def bound(at, raw, context):
    """The sealed private key opens under no other context."""
    wrong = {"CiphertextBlob": raw["PrivateKeyCiphertextBlob"], "EncryptionContext": {**context, "more": "x"}}
    aws.check_error(at.call("Decrypt", wrong), "InvalidCiphertextException")


def looks_like_base64(value) -> bool:
    try:
        unb64(value)
    except (ValueError, TypeError):
        return False
    return True


def test_through_the_client(at, wrapping):
    """What boto3 makes of the answers: it knows the plaintext member of the aws style only."""
    made = at.kms.generate_data_key_pair(KeyId=wrapping, KeyPairSpec="RSA_2048", EncryptionContext={"a": "b"})
    private = open_private(at, made["PrivateKeyCiphertextBlob"], {"a": "b"})
    assert made.get("PrivateKeyPlaintext") == (None if at.verenc else private)
    public = crypto.public_from_der(made["PublicKey"], "RSA_2048")
    crypto.check_pair(private, public, "RSA_2048")
    hidden = at.kms.generate_data_key_pair_without_plaintext(KeyId=wrapping, KeyPairSpec="ECC_SECG_P256K1")
    assert "PrivateKeyPlaintext" not in hidden
    private = open_private(at, hidden["PrivateKeyCiphertextBlob"], {})
    crypto.check_pair(private, crypto.public_from_der(hidden["PublicKey"], "ECC_SECG_P256K1"), "ECC_SECG_P256K1")


def test_no_pair_twice(at, wrapping):
    """Pairs made ahead of need are handed out once."""
    for spec in ("RSA_2048", "ECC_NIST_P256"):
        body = {"KeyId": wrapping, "KeyPairSpec": spec}
        pairs = {at.ok("GenerateDataKeyPairWithoutPlaintext", body)["PublicKey"] for _ in range(6)}
        assert len(pairs) == 6


def test_pairs_survive_rotation(at):
    key = at.key()
    made = at.kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P384")
    at.kms.rotate_key_on_demand(KeyId=key)
    private = open_private(at, made["PrivateKeyCiphertextBlob"], {})
    crypto.check_pair(private, crypto.public_from_der(made["PublicKey"], "ECC_NIST_P384"), "ECC_NIST_P384")
