"""Tencent's API through the vendor's client: its signatures and methods, the ten operations, and the errors of the
GetPublicKey page."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding

from trentlib import crypto, tencent
from trentlib.access import AccessKey, Tenant, fresh, tencent_of
from trentlib.tencent import Tencent, check_refused
from trentlib.thalassa import b64, unb64

NO_SUCH = "1234abcd-12ab-34cd-56ef-1234567890ab"
SYMMETRIC, RSA = "ENCRYPT_DECRYPT", "ASYMMETRIC_DECRYPT_RSA_2048"
USAGES = {  # and the spec of the public key, by its AWS name
    SYMMETRIC: None,
    RSA: "RSA_2048",
    "ASYMMETRIC_SIGN_VERIFY_RSA_2048": "RSA_2048",
    "ASYMMETRIC_SIGN_VERIFY_RSA_3072": "RSA_3072",
    "ASYMMETRIC_SIGN_VERIFY_ECC": "ECC_NIST_P256",
    "ASYMMETRIC_SIGN_VERIFY_ECDSA384": "ECC_NIST_P384",
}
CONTEXTS = [None, {}, {"purpose": "test"}, {"b": "2", "a": "ü &=+"}]


@pytest.fixture(scope="module")
def key_pair(env):
    return tencent_of(env)


@pytest.fixture(scope="module")
def kms(key_pair, door):
    return Tencent(key_pair, door)


@pytest.fixture(scope="module")
def rsa(kms):
    """A key to decrypt with, and its public key."""
    key = kms.create(fresh("rsa"), RSA)
    return key, serialization.load_pem_public_key(public_key(kms, key)["PublicKeyPem"].encode())


def public_key(kms, key):
    return kms.call("GetPublicKey", KeyId=key)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("signature", tencent.SIGNATURES)
def test_every_operation_with_every_signature(key_pair, door, signature, method):
    kms = Tencent(key_pair, door, signature, method)
    tags = [{"TagKey": "team", "TagValue": "a b+c"}]
    key = kms.create(fresh("every"), Description="größer than & = + ~*", Tags=tags)
    assert kms.describe(key)["Description"] == "größer than & = + ~*"
    kms.call("DisableKey", KeyId=key)
    assert kms.describe(key)["KeyState"] == "Disabled"
    kms.call("EnableKey", KeyId=key)
    assert {"KeyId": key} in kms.call("ListKeys", Limit=200)["Keys"]
    context = {"a": "1 +&=", "b": "ü"}
    assert kms.decrypt(kms.encrypt(key, b"\x00\xff+/", context), context) == b"\x00\xff+/"
    made = kms.call("GenerateDataKey", KeyId=key, NumberOfBytes=24)
    assert kms.decrypt(made["CiphertextBlob"]) == unb64(made["Plaintext"])
    pair = kms.create(fresh("every-rsa"), RSA)
    public = serialization.load_pem_public_key(public_key(kms, pair)["PublicKeyPem"].encode())
    block = public.encrypt(b"text", crypto.oaep("RSAES_OAEP_SHA_256"))
    assert kms.rsa_decrypt(pair, block, "RSAES_OAEP_SHA_256") == b"text"


@pytest.mark.parametrize("usage", USAGES)
def test_create_key(kms, usage):
    alias = fresh("made")
    made = kms.call("CreateKey", Alias=alias, KeyUsage=usage, Description="d")
    told = kms.describe(made["KeyId"])
    common = {"Alias": alias, "KeyUsage": usage, "KeyState": "Enabled", "Description": "d"}
    assert common.items() <= made.items() and common.items() <= told.items()
    assert made["CreateTime"] == told["CreateTime"]
    assert told["Origin"] == "TENCENT_KMS" and told["Owner"] == "user" and told["KeyRotationEnabled"] is False
    assert told["ResourceId"] == f"creatorUin/{told['CreatorUin']}/{made['KeyId']}"


def test_create_key_refused(kms):
    alias = fresh("taken")
    assert kms.describe(kms.create(alias))["KeyUsage"] == SYMMETRIC
    for code, members in [
        ("InvalidParameterValue.AliasAlreadyExists", {"Alias": alias}),
        ("InvalidParameterValue.InvalidAlias", {"Alias": "a b"}),
        ("InvalidParameterValue.InvalidAlias", {"Alias": "kms-own"}),
        ("InvalidParameterValue.InvalidKeyUsage", {"KeyUsage": "GUESS"}),
        ("InvalidParameterValue.InvalidType", {"Type": 3}),
        ("InvalidParameterValue.InvalidHsmClusterId", {"HsmClusterId": "cls-hsm-none"}),
        ("UnsupportedOperation.UnsupportedKeyUsageInCurrentRegion", {"KeyUsage": "ASYMMETRIC_DECRYPT_SM2"}),
        ("MissingParameter", {"Alias": None}),
    ]:
        check_refused(code, kms.call, "CreateKey", **{"Alias": fresh("refused"), **members})


def test_list_keys(kms):
    made = [kms.create(fresh("listed")) for _ in range(5)][::-1]  # the newest first
    off = made[1]
    kms.call("DisableKey", KeyId=off)
    first = kms.call("ListKeys", Offset=0, Limit=2)
    assert [key["KeyId"] for key in first["Keys"]] == made[:2]
    walked = [key["KeyId"] for at in (0, 2, 4) for key in kms.call("ListKeys", Offset=at, Limit=2)["Keys"]]
    assert walked[:5] == made
    assert len(kms.call("ListKeys")["Keys"]) == min(first["TotalCount"], 10)
    assert kms.call("ListKeys", Offset=first["TotalCount"])["Keys"] == []
    with pytest.raises(tencent.TencentCloudSDKException):
        kms.call("ListKeys", Limit=201)


@pytest.mark.parametrize("context", CONTEXTS)
def test_ciphertext(kms, context):
    key = kms.create(fresh("sealing"))
    for plaintext in (b"x", bytes(range(256)), bytes(4096)):
        blob = kms.encrypt(key, plaintext, context)
        assert blob.count("-k-") == 2
        assert kms.decrypt(blob, context) == plaintext
        assert kms.decrypt(blob, dict(reversed((context or {}).items()))) == plaintext
        for wrong in ({**(context or {}), "more": "x"}, *([None, {}] if context else [])):
            check_refused("InvalidParameterValue.InvalidCiphertext", kms.decrypt, blob, wrong)
    for plaintext in (b"", bytes(4097)):
        with pytest.raises(tencent.TencentCloudSDKException) as refused:
            kms.encrypt(key, plaintext, context)
        codes = {"InvalidParameterValue.InvalidPlaintext"} | ({"MissingParameter"} if not plaintext else set())
        assert refused.value.code in codes


def test_spoilt_ciphertext(kms):
    blob = kms.encrypt(kms.create(fresh("spoilt")), b"text", {"a": "b"})
    parts = [unb64(part) for part in blob.split("-k-")]
    assert [len(part) for part in parts[:2]] == [64, 16]
    for part, at in ((0, 3), (0, 30), (0, 50), (1, 0), (2, 0), (2, len(parts[2]) - 1)):
        changed = [bytearray(one) for one in parts]
        changed[part][at] ^= 1
        text = "-k-".join(b64(bytes(one)) for one in changed)
        check_refused("InvalidParameterValue.InvalidCiphertext", kms.decrypt, text, {"a": "b"})
    for text in ("garbage", "-k--k-", b64(b"garbage"), blob[:-4], blob + "AAAA"):
        check_refused("InvalidParameterValue.InvalidCiphertext", kms.decrypt, text, {"a": "b"})
    check_refused("InvalidParameter", kms.call, "Decrypt", CiphertextBlob=blob, EncryptionContext="no JSON")


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize(
    ("members", "length"),
    [
        ({"KeySpec": "AES_256"}, 32),
        ({"KeySpec": "AES_128"}, 16),
        ({"NumberOfBytes": 1}, 1),
        ({"NumberOfBytes": 1024}, 1024),
        ({"KeySpec": "AES_256", "NumberOfBytes": 20}, 20),
    ],
)
def test_data_key(kms, members, length, context):
    key = kms.create(fresh("wrapping"))
    made = kms.call("GenerateDataKey", KeyId=key, **members, **tencent.bound(context))
    plaintext = unb64(made["Plaintext"])
    assert made["KeyId"] == key and len(plaintext) == length
    assert kms.decrypt(made["CiphertextBlob"], context) == plaintext
    assert length != 32 or len(made["CiphertextBlob"]) <= 210


def test_data_key_refused(kms):
    key = kms.create(fresh("wrapping"))
    for members in ({}, {"KeySpec": "AES_512"}, {"NumberOfBytes": 0}, {"NumberOfBytes": 1025}):
        check_refused("InvalidParameter", kms.call, "GenerateDataKey", KeyId=key, **members)


@pytest.mark.parametrize("usage", [usage for usage, spec in USAGES.items() if spec])
def test_public_key(kms, usage):
    """The PEM and the DER are one key, of the usage's spec, each as OpenSSL would write it."""
    key = kms.create(fresh("public"), usage)
    told = public_key(kms, key)
    assert told["KeyId"] == key
    public = crypto.public_from_der(unb64(told["PublicKey"]), USAGES[usage])
    assert serialization.load_pem_public_key(told["PublicKeyPem"].encode()) == public
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    assert public.public_bytes(*form).decode() == told["PublicKeyPem"]
    crypto.openssl("pkey", "-pubin", "-noout", data=told["PublicKeyPem"].encode())
    assert public_key(kms, key) == told


@pytest.mark.parametrize("name", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSAES_PKCS1_V1_5"])
def test_rsa_decrypt(kms, rsa, name):
    key, public = rsa
    scheme = padding.PKCS1v15() if name == "RSAES_PKCS1_V1_5" else crypto.oaep(name)
    longest = {"RSAES_OAEP_SHA_1": 214, "RSAES_OAEP_SHA_256": 190, "RSAES_PKCS1_V1_5": 245}[name]
    for plaintext in (b"x", bytes(range(100)), bytes(longest)):
        assert kms.rsa_decrypt(key, public.encrypt(plaintext, scheme), name) == plaintext


def test_a_spoilt_block_of_oaep_is_refused(kms, rsa):
    key, public = rsa
    block = public.encrypt(b"text", crypto.oaep("RSAES_OAEP_SHA_256"))
    refused = check_refused("FailedOperation.DecryptError", kms.rsa_decrypt, key, block, "RSAES_OAEP_SHA_1")
    for at in (100, 255):
        spoilt = block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]
        again = check_refused("FailedOperation.DecryptError", kms.rsa_decrypt, key, spoilt, "RSAES_OAEP_SHA_256")
        assert again.message == refused.message


def test_a_spoilt_block_of_pkcs1_tells_nothing(kms, rsa):
    """Other bytes and no error, and the same bytes each time, so that nothing is learnt of the padding."""
    key, public = rsa
    block = public.encrypt(b"text", padding.PKCS1v15())
    for at in (100, 200, 255):
        spoilt = block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]
        made = kms.rsa_decrypt(key, spoilt, "RSAES_PKCS1_V1_5")
        assert made != b"text" and len(made) <= 245
        assert kms.rsa_decrypt(key, spoilt, "RSAES_PKCS1_V1_5") == made


def test_rsa_decrypt_refused(kms, rsa):
    key, public = rsa
    block = public.encrypt(b"text", crypto.oaep("RSAES_OAEP_SHA_256"))
    for other in (kms.create(fresh("symmetric")), kms.create(fresh("signing"), "ASYMMETRIC_SIGN_VERIFY_RSA_2048")):
        wrong = "InvalidParameterValue.InvalidKeyUsage"
        check_refused(wrong, kms.rsa_decrypt, other, block, "RSAES_OAEP_SHA_256")
    check_refused("InvalidParameter", kms.rsa_decrypt, key, block, "ROT13")
    off = kms.create(fresh("off"), RSA)
    kms.call("DisableKey", KeyId=off)
    check_refused("ResourceUnavailable.CmkStateNotSupport", kms.rsa_decrypt, off, block, "RSAES_OAEP_SHA_256")


@pytest.fixture(scope="module")
def people(server, env):
    """Somebody of a second tenant who may do everything, and one who may do nothing."""
    tenant = Tenant(server.data, env)
    return tenant.principal("administrator").tencent, tenant.principal("none").tencent


def test_errors_of_the_public_key_page(kms, people, door):
    symmetric, pair = kms.create(fresh("symmetric")), kms.create(fresh("pair"), RSA)
    check_refused("InvalidParameter", public_key, kms, symmetric)
    for text in ("no id", "alias/x", NO_SUCH[:-1], "x" * 5000):
        check_refused("InvalidParameterValue.InvalidKeyId", public_key, kms, text)
    check_refused("ResourceUnavailable.CmkNotFound", public_key, kms, NO_SUCH)
    kms.call("DisableKey", KeyId=pair)
    check_refused("ResourceUnavailable.CmkStateNotSupport", public_key, kms, pair)
    kms.call("EnableKey", KeyId=pair)
    assert public_key(kms, pair)["KeyId"] == pair
    admin, nobody = (Tencent(one, door) for one in people)
    theirs = admin.create(fresh("theirs"), RSA)
    refused = check_refused("UnauthorizedOperation", public_key, nobody, theirs)
    assert "kms:GetPublicKey" in refused.message and theirs in refused.message
    check_refused("ResourceUnavailable.CmkNotFound", public_key, kms, theirs)


def test_without_permission(people, door):
    admin, nobody = (Tencent(one, door) for one in people)
    key = admin.create(fresh("theirs"))
    check_refused("UnauthorizedOperation", nobody.create, fresh("none"))
    check_refused("UnauthorizedOperation", nobody.call, "ListKeys")
    for operation in ("DescribeKey", "EnableKey", "DisableKey"):
        check_refused("UnauthorizedOperation", nobody.call, operation, KeyId=key)
    check_refused("UnauthorizedOperation", nobody.encrypt, key, b"x")
    check_refused("UnauthorizedOperation", nobody.call, "GenerateDataKey", KeyId=key, KeySpec="AES_256")
    # Where only the ciphertext names the key, one that may not be used is as one that is not there.
    check_refused("InvalidParameterValue.InvalidCiphertext", nobody.decrypt, admin.encrypt(key, b"x"))


def test_a_disabled_key(kms):
    key = kms.create(fresh("off"))
    blob = kms.encrypt(key, b"x")
    for _ in range(2):
        kms.call("DisableKey", KeyId=key)
    for call in (
        lambda: kms.encrypt(key, b"x"),
        lambda: kms.decrypt(blob),
        lambda: kms.call("GenerateDataKey", KeyId=key, KeySpec="AES_256"),
    ):
        check_refused("ResourceUnavailable.CmkDisabled", call)
    for _ in range(2):
        kms.call("EnableKey", KeyId=key)
    assert kms.decrypt(blob) == b"x"


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("signature", tencent.SIGNATURES)
def test_wrong_credentials(key_pair, door, signature, method):
    wrong = Tencent(key_pair, door, signature, method, secret=key_pair.secret[:-1] + "_")
    check_refused("AuthFailure.SignatureFailure", wrong.call, "ListKeys")
    unknown = AccessKey("AKID" + "A" * 32, key_pair.secret, key_pair.region)
    check_refused("AuthFailure.SecretIdNotFound", Tencent(unknown, door, signature, method).call, "ListKeys")


def test_what_is_not_there(kms):
    check_refused("UnsupportedOperation", kms.call, "GetServiceStatus")
    check_refused("InvalidAction", kms.client.call_json, "Guess", {})
    check_refused("UnknownParameter", kms.client.call_json, "ListKeys", {"Guess": 1})
    check_refused("MissingParameter", kms.client.call_json, "DescribeKey", {})
    check_refused("InvalidParameter", kms.client.call_json, "DescribeKey", {"KeyId": ["a"]})
