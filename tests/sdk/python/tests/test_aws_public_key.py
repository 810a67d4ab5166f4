"""Q-KMS and AWS: GetPublicKey, every member of the page, each key read by another library."""

import pytest
from test_aws_keys import KEYS, LISTS

from trentlib import aws, crypto

PAIRS = [row for row in KEYS if row[0] != "SYMMETRIC_DEFAULT"]


@pytest.mark.parametrize(("spec", "usage", "list_name", "algorithms"), PAIRS)
def test_get(at, spec, usage, list_name, algorithms):
    key = at.key(spec, usage)
    told = at.kms.get_public_key(KeyId=key, GrantTokens=[])
    assert told["KeyId"] == at.account.arn(key)
    assert told["KeySpec"] == spec
    assert told.get("CustomerMasterKeySpec", spec) == spec
    assert told["KeyUsage"] == usage
    assert {name for name in LISTS if name in told} == {list_name}
    assert told[list_name] == algorithms
    public = crypto.public_from_der(told["PublicKey"], spec)
    again = at.kms.get_public_key(KeyId=key)["PublicKey"]
    assert again == told["PublicKey"]
    if usage == "ENCRYPT_DECRYPT":
        check_offline(at, key, public, algorithms)


def check_offline(at, key, public, algorithms):
    """What was encrypted outside with the public key opens inside."""
    for algorithm in algorithms:
        blob = public.encrypt(b"made offline", crypto.oaep(algorithm))
        opened = at.kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
        assert opened["Plaintext"] == b"made offline"
        assert opened["KeyId"] == at.account.arn(key)
        assert opened["EncryptionAlgorithm"] == algorithm
        blob = at.kms.encrypt(KeyId=key, Plaintext=b"made inside", EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        assert len(blob) == public.key_size // 8
        opened = at.kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
        assert opened["Plaintext"] == b"made inside"


def test_errors_of_the_page(at, guests):
    pair = at.key("ECC_NIST_P256")
    at.kms.disable_key(KeyId=pair)
    with pytest.raises(at.kms.exceptions.DisabledException):
        at.kms.get_public_key(KeyId=pair)
    at.kms.enable_key(KeyId=pair)
    with pytest.raises(at.kms.exceptions.UnsupportedOperationException):
        at.kms.get_public_key(KeyId=at.key())
    with pytest.raises(at.kms.exceptions.NotFoundException):
        at.kms.get_public_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
    with pytest.raises(at.kms.exceptions.InvalidGrantTokenException):
        at.kms.get_public_key(KeyId=pair, GrantTokens=["no-such-grant"])
    other = getattr(guests.admin, "qkms" if at.verenc else "aws")
    made = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
    theirs = aws.ok(other, at.door, "CreateKey", made)["KeyMetadata"]["KeyId"]
    aws.check_error(at.call("GetPublicKey", {"KeyId": theirs}), "NotFoundException")
    aws.check_error(at.call("GetPublicKey", {"KeyId": other.arn(theirs)}), "AccessDeniedException")
    assert at.kms.get_public_key(KeyId=pair)["KeySpec"] == "ECC_NIST_P256"


def test_not_found_has_the_vendors_words(at):
    missing = "1234abcd-12ab-34cd-56ef-1234567890ab"
    answer = at.call("GetPublicKey", {"KeyId": missing})
    assert answer.json["message"] == f"Key '{at.account.arn(missing)}' does not exist"
    symmetric = at.call("GetPublicKey", {"KeyId": at.key()})
    assert "message" not in symmetric.json and "Message" not in symmetric.json
