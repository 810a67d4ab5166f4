"""Q-KMS and AWS: CreateKey, DescribeKey, EnableKey, DisableKey, and every way to name a key."""

import datetime
import re

import pytest

from trentlib import aws

OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
RSA_SIGN = [f"RSASSA_{scheme}_SHA_{size}" for scheme in ("PKCS1_V1_5", "PSS") for size in (256, 384, 512)]
ED25519 = ["ED25519_SHA_512", "ED25519_PH_SHA_512"]

# spec, usage, and the list of algorithms that the metadata and the public key must name, in order
KEYS = [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]),
    ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", OAEP),
    ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms", RSA_SIGN),
    ("RSA_3072", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", OAEP),
    ("RSA_4096", "SIGN_VERIFY", "SigningAlgorithms", RSA_SIGN),
    ("ECC_NIST_P256", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_384"]),
    ("ECC_NIST_P521", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_512"]),
    ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SigningAlgorithms", ED25519),
]
LISTS = {"EncryptionAlgorithms", "SigningAlgorithms", "MacAlgorithms", "KeyAgreementAlgorithms"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The old member's enum ends before Ed25519.
WAYS = [
    (member, *row)
    for member in ("KeySpec", "CustomerMasterKeySpec")
    for row in KEYS
    if member == "KeySpec" or row[0] != "ECC_NIST_EDWARDS25519"
]


@pytest.mark.parametrize(("member", "spec", "usage", "list_name", "algorithms"), WAYS)
def test_create_and_describe(at, member, spec, usage, list_name, algorithms):
    request = {member: spec, "Description": f"made as {spec}"}
    if spec != "SYMMETRIC_DEFAULT":
        request["KeyUsage"] = usage
    made = at.kms.create_key(**request)["KeyMetadata"]
    assert UUID.fullmatch(made["KeyId"])
    assert made["Arn"] == at.account.arn(made["KeyId"])
    assert made["AWSAccountId"] == at.account.number
    assert made["KeySpec"] == spec
    assert made.get("CustomerMasterKeySpec", spec) == spec
    assert made["KeyUsage"] == usage
    assert made["Description"] == f"made as {spec}"
    assert (made["Enabled"], made["KeyState"]) == (True, "Enabled")
    assert (made["Origin"], made["KeyManager"], made["MultiRegion"]) == ("AWS_KMS", "CUSTOMER", False)
    age = datetime.datetime.now(datetime.UTC) - made["CreationDate"]
    assert abs(age.total_seconds()) < 60
    assert {name for name in LISTS if name in made} == {list_name}
    assert made[list_name] == algorithms
    assert at.kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made


def test_defaults(at):
    for body in ({}, None, {"Description": "", "MultiRegion": False, "Origin": "AWS_KMS", "Nonsense": 1}):
        made = at.ok("CreateKey", body)["KeyMetadata"]
        assert (made["KeySpec"], made["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
        assert made["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
        assert made["Description"] == ""
        assert isinstance(made["CreationDate"], (int, float))


def test_the_vendors_words_of_its_own_pages(at):
    """What the Q-KMS pages show and an AWS client does not know: extra members, and `QKMS` as an origin."""
    made = at.ok("CreateKey", {"Origin": "QKMS"})["KeyMetadata"]
    assert made["Origin"] == "AWS_KMS"
    if at.verenc:
        assert made["AccountId"] == made["QAccountId"] == at.account.number
        assert made["KeyRotationEnabled"] is False
    else:
        assert not {"AccountId", "QAccountId", "KeyRotationEnabled"} & set(made)


def test_a_content_type_of_plain_json_is_signed_and_taken(at):
    answer = at.call("CreateKey", {}, headers={"Content-Type": "application/json"}, query="?async=1")
    assert answer.status == 200, answer.body


def names(account, key):
    """Every spelling of a key that an account may use."""
    yield key
    yield key.upper()
    yield account.arn(key)
    yield f"arn:aws:kms:{account.region}:{account.number}:key/{key}"
    if account.style == "verenc":
        yield f"arn:aws:verenc:{account.number}:key/{key}"


def test_every_name_of_a_key(at):
    key = at.key()
    blob = at.kms.encrypt(KeyId=key, Plaintext=b"named")["CiphertextBlob"]
    signing = at.key("ECC_NIST_P256")
    for name in names(at.account, key):
        assert at.kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key, name
        assert at.kms.encrypt(KeyId=name, Plaintext=b"x")["KeyId"] == at.account.arn(key), name
        assert at.kms.decrypt(KeyId=name, CiphertextBlob=blob)["Plaintext"] == b"named", name
        at.kms.disable_key(KeyId=name)
        at.kms.enable_key(KeyId=name)
    for name in names(at.account, signing):
        assert at.kms.get_public_key(KeyId=name)["KeyId"] == at.account.arn(signing), name


def test_disable_and_enable(at):
    key = at.key()
    blob = at.kms.encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    for _ in range(2):  # reaching the same state again is no error
        answer = at.call("DisableKey", {"KeyId": key})
        assert (answer.status, answer.body) in ((200, b""), (200, b"{}"))
        state = at.kms.describe_key(KeyId=key)["KeyMetadata"]
        assert (state["Enabled"], state["KeyState"]) == (False, "Disabled")
    with pytest.raises(at.kms.exceptions.DisabledException) as refused:
        at.kms.decrypt(CiphertextBlob=blob)
    assert refused.value.response["Error"]["Message"] == f"{at.account.arn(key)} is disabled."
    for _ in range(2):
        at.kms.enable_key(KeyId=key)
        state = at.kms.describe_key(KeyId=key)["KeyMetadata"]
        assert (state["Enabled"], state["KeyState"]) == (True, "Enabled")
    assert at.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"


def test_one_key_two_accounts(plain):
    """Both accounts belong to one tenant: a key of one is a key of the other, under its own name."""
    key = plain["aws"].key()
    blob = plain["aws"].kms.encrypt(KeyId=key, Plaintext=b"shared")["CiphertextBlob"]
    opened = plain["qkms"].kms.decrypt(CiphertextBlob=blob)
    assert opened["Plaintext"] == b"shared"
    assert opened["KeyId"] == plain["qkms"].account.arn(key)


def test_presets(guests, doors, plain):
    """A reader reads, somebody with no preset does nothing, an administrator does everything."""
    door = doors["plain"]
    for dialect in ("aws", "qkms"):
        admin, reader, nobody = (getattr(who, dialect) for who in (guests.admin, guests.reader, guests.nobody))
        key = aws.ok(admin, door, "CreateKey")["KeyMetadata"]["KeyId"]
        pair = aws.ok(admin, door, "CreateKey", {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})
        pair = pair["KeyMetadata"]["KeyId"]
        blob = aws.ok(admin, door, "Encrypt", {"KeyId": key, "Plaintext": b"x"})["CiphertextBlob"]
        for operation, body in [("DescribeKey", {"KeyId": key}), ("ListKeys", {}), ("GetPublicKey", {"KeyId": pair})]:
            aws.ok(reader, door, operation, body)
            hidden = ("AccessDeniedException", "NotFoundException")
            aws.check_error(aws.call(nobody, door, operation, body), hidden)
        for operation, body in [
            ("CreateKey", {}),
            ("Encrypt", {"KeyId": key, "Plaintext": b"x"}),
            ("Decrypt", {"CiphertextBlob": blob}),
            ("GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"}),
            ("GenerateDataKeyWithoutPlaintext", {"KeyId": key, "KeySpec": "AES_256"}),
            ("GenerateDataKeyPair", {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            ("GenerateDataKeyPairWithoutPlaintext", {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            ("DisableKey", {"KeyId": key}),
            ("EnableKey", {"KeyId": key}),
            ("RotateKeyOnDemand", {"KeyId": key}),
        ]:
            for who in (reader, nobody):
                aws.check_error(aws.call(who, door, operation, body), "AccessDeniedException")
        aws.ok(admin, door, "Decrypt", {"CiphertextBlob": blob})
    plain["aws"].ok("ListKeys")
