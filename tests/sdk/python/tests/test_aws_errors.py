"""Q-KMS and AWS: bad input to each operation, in one table. Each row is a signed request and the
vendor's error; after each the server still serves."""

import pytest

from trentlib import aws

NO_SUCH = "1234abcd-12ab-34cd-56ef-1234567890ab"
VALIDATION, SERIAL = "ValidationException", "SerializationException"
ON_A_KEY = [
    "DescribeKey", "EnableKey", "DisableKey", "GetPublicKey", "RotateKeyOnDemand", "Encrypt", "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
]  # fmt: skip
CROSS_ACCOUNT = set(ON_A_KEY) - {"EnableKey", "DisableKey", "RotateKeyOnDemand"}
WITH_TOKENS = sorted(CROSS_ACCOUNT) + ["Decrypt"]
CRYPTO = [name for name in ON_A_KEY if name.startswith(("Encrypt", "Generate"))]

# The rest of a well-formed body, beside the key.
REST = {
    "Encrypt": {"Plaintext": b"x"},
    "GenerateDataKey": {"KeySpec": "AES_256"},
    "GenerateDataKeyWithoutPlaintext": {"KeySpec": "AES_256"},
    "GenerateDataKeyPair": {"KeyPairSpec": "ECC_NIST_P256"},
    "GenerateDataKeyPairWithoutPlaintext": {"KeyPairSpec": "ECC_NIST_P256"},
}


def body(operation, key, **changes):
    """A well-formed body with some members changed, or left out where the change is None."""
    made = {"KeyId": key, **REST.get(operation, {}), **changes}
    return {name: value for name, value in made.items() if value is not None}


@pytest.fixture(scope="module")
def keys(at, guests):
    """A key of each sort that the rows name."""
    other = getattr(guests.admin, "qkms" if at.verenc else "aws")
    foreign = aws.ok(other, at.door, "CreateKey")["KeyMetadata"]["KeyId"]
    sealed = aws.ok(other, at.door, "Encrypt", {"KeyId": foreign, "Plaintext": b"theirs"})
    made = {
        "good": at.key(),
        "off": at.key(),
        "other": at.key(),
        "rsa": at.key("RSA_2048", "ENCRYPT_DECRYPT"),
        "signing": at.key("RSA_2048", "SIGN_VERIFY"),
        "ec": at.key("ECC_NIST_P256"),
        "ec_off": at.key("ECC_NIST_P256"),
        "foreign": foreign,
        "foreign_arn": other.arn(foreign),
        "foreign_blob": sealed["CiphertextBlob"],
    }
    made["blob"] = at.ok("Encrypt", {"KeyId": made["good"], "Plaintext": b"ours"})["CiphertextBlob"]
    made["off_blob"] = at.ok("Encrypt", {"KeyId": made["off"], "Plaintext": b"ours"})["CiphertextBlob"]
    for name in ("off", "ec_off"):
        at.ok("DisableKey", {"KeyId": made[name]})
    return made


@pytest.fixture
def check(at, keys):
    """Sends one bad request, looks at the error, and sees that a good request is still served."""

    def run(operation, request, codes, status=400):
        try:
            aws.check_error(at.call(operation, request), codes, status)
        except AssertionError as problem:
            raise AssertionError(f"{operation} {str(request)[:200]}: {problem}") from None
        assert at.ok("Decrypt", {"CiphertextBlob": keys["blob"]})["Plaintext"] == "b3Vycw=="

    return run


@pytest.mark.parametrize("operation", ON_A_KEY)
def test_key_member(check, keys, at, operation):
    for key, codes in [
        (None, VALIDATION),
        ("", VALIDATION),
        ("k" * 2049, VALIDATION),
        ("schlüssel", VALIDATION),
        (5, SERIAL),
        ([keys["good"]], SERIAL),
        ({"Id": keys["good"]}, SERIAL),
        (NO_SUCH, "NotFoundException"),
        (at.account.arn(NO_SUCH), "NotFoundException"),
        ("not a key", "NotFoundException"),
        (keys["foreign"], "NotFoundException"),
    ]:
        check(operation, body(operation, key), codes)
    denied = "AccessDeniedException" if operation in CROSS_ACCOUNT else ("AccessDeniedException", "NotFoundException")
    check(operation, body(operation, keys["foreign_arn"]), denied)
    if operation in ("EnableKey", "DisableKey", "RotateKeyOnDemand"):
        check(operation, body(operation, "alias/unknown"), "InvalidArnException")
        check(operation, body(operation, "arn:aws:kms"), "InvalidArnException")
    else:
        check(operation, body(operation, "alias/unknown"), "NotFoundException")


@pytest.mark.parametrize("operation", [*ON_A_KEY, "CreateKey", "ListKeys", "Decrypt"])
def test_the_body_as_a_whole(check, keys, operation):
    for request in (b"{", b"", b"[]", b'"text"', b"\xff\xfe", b'{"KeyId":"a","KeyId":"b"}', b"{}x", b"[" * 40_000):
        codes = SERIAL
        if request == b"":  # an absent body may count as an empty object
            codes = (SERIAL, VALIDATION)
            if operation in ("CreateKey", "ListKeys"):
                continue
        check(operation, request, codes)


@pytest.mark.parametrize("operation", WITH_TOKENS)
def test_grant_tokens(check, keys, operation):
    key = keys["ec"] if operation == "GetPublicKey" else keys["good"]
    more = {"CiphertextBlob": keys["blob"]} if operation == "Decrypt" else {}
    for tokens, codes in [
        (["unknown"], "InvalidGrantTokenException"),
        (["x" * 8192], "InvalidGrantTokenException"),
        (["x" * 8193], VALIDATION),
        ([""], VALIDATION),
        (["t"] * 11, VALIDATION),
        ("unknown", SERIAL),
        ([1], SERIAL),
    ]:
        check(operation, body(operation, key, GrantTokens=tokens, **more), codes)


@pytest.mark.parametrize("operation", [*CRYPTO, "Decrypt"])
def test_encryption_context(check, keys, operation):
    more = {"CiphertextBlob": keys["blob"]} if operation == "Decrypt" else {}
    for context in ("text", ["a"], {"a": 1}, {"a": {"b": "c"}}, 7):
        check(operation, body(operation, keys["good"], EncryptionContext=context, **more), SERIAL)


# operation, changes to a well-formed body on the key "good", the error
MEMBERS = [
    ("Encrypt", {"Plaintext": None}, VALIDATION),
    ("Encrypt", {"Plaintext": b""}, VALIDATION),
    ("Encrypt", {"Plaintext": b"x" * 4097}, VALIDATION),
    ("Encrypt", {"Plaintext": "not base64!"}, SERIAL),
    ("Encrypt", {"Plaintext": "eA"}, SERIAL),
    ("Encrypt", {"Plaintext": 5}, SERIAL),
    ("Encrypt", {"EncryptionAlgorithm": "ROT13"}, VALIDATION),
    ("Encrypt", {"EncryptionAlgorithm": 1}, SERIAL),
    ("Encrypt", {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}, "InvalidKeyUsageException"),
    ("Decrypt", {"CiphertextBlob": None}, VALIDATION),
    ("Decrypt", {"CiphertextBlob": b""}, VALIDATION),
    ("Decrypt", {"CiphertextBlob": b"x" * 6145}, VALIDATION),
    ("Decrypt", {"CiphertextBlob": "***"}, SERIAL),
    ("Decrypt", {"CiphertextBlob": {}}, SERIAL),
    ("Decrypt", {"CiphertextBlob": b"garbage"}, "InvalidCiphertextException"),
    ("Decrypt", {"CiphertextBlob": b"x" * 6144}, "InvalidCiphertextException"),
    ("Decrypt", {"EncryptionAlgorithm": "ROT13"}, VALIDATION),
    ("Decrypt", {"KeyId": ""}, VALIDATION),
    ("Decrypt", {"KeyId": 7}, SERIAL),
]
for _name in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
    MEMBERS += [
        (_name, {"KeySpec": None}, VALIDATION),
        (_name, {"NumberOfBytes": 32}, VALIDATION),  # both
        (_name, {"KeySpec": "AES_512"}, VALIDATION),
        (_name, {"KeySpec": 256}, SERIAL),
        (_name, {"KeySpec": None, "NumberOfBytes": 0}, VALIDATION),
        (_name, {"KeySpec": None, "NumberOfBytes": 1025}, VALIDATION),
        (_name, {"KeySpec": None, "NumberOfBytes": -1}, VALIDATION),
        (_name, {"KeySpec": None, "NumberOfBytes": "many"}, SERIAL),
        (_name, {"KeySpec": None, "NumberOfBytes": 10**30}, (SERIAL, VALIDATION)),
    ]
for _name in ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"):
    MEMBERS += [
        (_name, {"KeyPairSpec": None}, VALIDATION),
        (_name, {"KeyPairSpec": "RSA_1024"}, VALIDATION),
        (_name, {"KeyPairSpec": "SYMMETRIC_DEFAULT"}, VALIDATION),
        (_name, {"KeyPairSpec": ["RSA_2048"]}, SERIAL),
    ]


@pytest.mark.parametrize(("operation", "changes", "codes"), MEMBERS)
def test_members(check, keys, operation, changes, codes):
    base = {"CiphertextBlob": keys["blob"]} if operation == "Decrypt" else {}
    check(operation, body(operation, keys["good"], **{**base, **changes}), codes)


RSA = {"KeySpec": "RSA_2048"}
CREATE = [
    ({"KeySpec": "RSA_1024"}, VALIDATION),
    ({"CustomerMasterKeySpec": "AES_256"}, VALIDATION),
    ({"KeySpec": 5}, SERIAL),
    ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_3072", "KeyUsage": "SIGN_VERIFY"}, VALIDATION),
    (RSA, VALIDATION),  # a usage must be named for everything but symmetric keys
    ({**RSA, "KeyUsage": "GENERATE_VERIFY_MAC"}, VALIDATION),
    ({**RSA, "KeyUsage": "GUESS"}, VALIDATION),
    ({**RSA, "KeyUsage": True}, SERIAL),
    ({"KeySpec": "ECC_NIST_P256", "KeyUsage": "ENCRYPT_DECRYPT"}, VALIDATION),
    ({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}, VALIDATION),
    ({"KeyUsage": "SIGN_VERIFY"}, VALIDATION),
    ({"Description": "d" * 8193}, VALIDATION),
    ({"Description": 1}, SERIAL),
    ({"Origin": "THE_MOON"}, VALIDATION),
    ({"MultiRegion": "yes"}, SERIAL),
    ({"MultiRegion": True}, "UnsupportedOperationException"),
    ({"Tags": "none"}, SERIAL),
    ({"Policy": {}}, SERIAL),
]


@pytest.mark.parametrize(("request_body", "codes"), CREATE)
def test_create_key(check, request_body, codes):
    check("CreateKey", request_body, codes)


def test_a_shared_key_is_never_quietly_a_single_one(at, check):
    """Members of the vendor's multi-party layer are refused, not ignored, where that layer exists."""
    request = {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "SIGN_VERIFY", "Participants": ["a", "b"], "Threshold": 2}
    if at.verenc:
        check("CreateKey", request, "UnsupportedOperationException")


@pytest.mark.parametrize(
    ("request_body", "codes"),
    [
        ({"Limit": 0}, VALIDATION),
        ({"Limit": 1001}, VALIDATION),
        ({"Limit": "10"}, SERIAL),
        ({"Marker": ""}, VALIDATION),
        ({"Marker": "m" * 1025}, VALIDATION),
        ({"Marker": 5}, SERIAL),
        ({"Marker": "unknown"}, "InvalidMarkerException"),
    ],
)
def test_list_keys(check, request_body, codes):
    check("ListKeys", request_body, codes)


@pytest.mark.parametrize("operation", [*CRYPTO, "RotateKeyOnDemand"])
def test_disabled(check, keys, operation):
    check(operation, body(operation, keys["off"]), "DisabledException")


def test_disabled_elsewhere(check, keys):
    check("Decrypt", {"CiphertextBlob": keys["off_blob"]}, "DisabledException")
    check("GetPublicKey", {"KeyId": keys["ec_off"]}, "DisabledException")


@pytest.mark.parametrize("operation", CRYPTO)
def test_wrong_usage(check, keys, operation):
    for key in ("ec", "signing"):
        check(operation, body(operation, keys[key]), "InvalidKeyUsageException")
    check(operation, body(operation, keys["ec_off"]), "InvalidKeyUsageException")  # usage before state
    if operation != "Encrypt":
        check(operation, body(operation, keys["rsa"]), "InvalidKeyUsageException")


def test_wrong_key_for_the_work(check, keys):
    rsa = {"KeyId": keys["rsa"], "Plaintext": b"x"}
    check("Encrypt", rsa, "InvalidKeyUsageException")  # no algorithm named
    named = {**rsa, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    check("Encrypt", {**named, "EncryptionContext": {"a": "b"}}, VALIDATION)
    check("RotateKeyOnDemand", {"KeyId": keys["rsa"]}, "UnsupportedOperationException")
    check("GetPublicKey", {"KeyId": keys["good"]}, "UnsupportedOperationException")
    for key in ("other", "rsa", "ec"):
        check("Decrypt", {"KeyId": keys[key], "CiphertextBlob": keys["blob"]}, "IncorrectKeyException")
    oaep = {"KeyId": keys["rsa"], "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    check("Decrypt", {**oaep, "CiphertextBlob": b"\1" * 256}, "InvalidCiphertextException")
    check("Decrypt", {**oaep, "CiphertextBlob": b"\1" * 255}, "InvalidCiphertextException")


def test_foreign_ciphertext(check, keys):
    check("Decrypt", {"CiphertextBlob": keys["foreign_blob"]}, "AccessDeniedException")
    named = {"CiphertextBlob": keys["foreign_blob"], "KeyId": keys["good"]}
    check("Decrypt", named, "IncorrectKeyException")


def test_unknown_operations(check):
    for operation in ("Guess", "createKey", "Other.CreateKey", "TrentService.", "TrentService.Create Key"):
        check(operation, {}, "UnknownOperationException")
