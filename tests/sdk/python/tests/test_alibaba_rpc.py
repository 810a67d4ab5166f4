"""Alibaba's RPC API through the vendor's client, with each of its signatures, over HTTP and TLS."""

import uuid

import pytest

from trentlib import alibaba
from trentlib.access import AccessKey, Tenant, alibaba_of, fresh
from trentlib.alibaba import Alibaba, check_refused
from trentlib.thalassa import b64, unb64

NO_SUCH = "1234abcd-12ab-34cd-56ef-1234567890ab"
DEFAULTS = {  # what a key of each spec is for, where the request does not say
    "Aliyun_AES_256": "ENCRYPT/DECRYPT",
    "Aliyun_AES_128": "ENCRYPT/DECRYPT",
    "RSA_2048": "SIGN/VERIFY",
    "RSA_3072": "SIGN/VERIFY",
    "RSA_4096": "SIGN/VERIFY",
    "EC_P256": "SIGN/VERIFY",
    "EC_P256K": "SIGN/VERIFY",
}


@pytest.fixture(scope="module")
def key_pair(env):
    return alibaba_of(env)


@pytest.fixture(scope="module", params=alibaba.SIGNATURES)
def each(request, key_pair, door):
    """A client for each signature."""
    return Alibaba(key_pair, door, request.param)


@pytest.fixture(scope="module")
def kms(key_pair, door):
    return Alibaba(key_pair, door)


def test_every_operation_with_every_signature(each):
    key = each.create(description="größer than * & = + ~")
    assert each.describe(key)["Description"] == "größer than * & = + ~"
    each.call("DisableKey", key_id=key)
    assert each.describe(key)["KeyState"] == "Disabled"
    each.call("EnableKey", key_id=key)
    alias = "alias/" + fresh("every")
    each.call("CreateAlias", key_id=key, alias_name=alias)
    assert each.describe(alias)["KeyId"] == key
    version = each.call("CreateKeyVersion", key_id=key)["KeyVersion"]
    assert version["KeyId"] == key
    blob = each.encrypt(key, b64(b"text"), {"a": "1 +&=", "b": "ü"})
    assert each.decrypt(blob, {"b": "ü", "a": "1 +&="}) == b64(b"text")
    assert key in listed(each, page_size=100)


@pytest.mark.parametrize("spec", DEFAULTS)
def test_create_key(kms, spec):
    made = kms.call("CreateKey", key_spec=spec)["KeyMetadata"]
    key = made["KeyId"]
    assert made["KeySpec"] == spec and made["KeyUsage"] == DEFAULTS[spec]
    assert made["KeyState"] == "Enabled" and made["Origin"] == "Aliyun_KMS" and made["ProtectionLevel"] == "SOFTWARE"
    assert made["Arn"] == kms.arn(key) and made["Creator"] == kms.key.number
    assert len(made["PrimaryKeyVersion"]) == 36
    told = kms.describe(key)
    assert made.items() <= told.items() and told["DeletionProtection"] == "Disabled"


def test_create_key_for_a_usage(kms):
    for spec, usage in (("RSA_2048", "ENCRYPT/DECRYPT"), ("Aliyun_AES_256", "ENCRYPT/DECRYPT")):
        assert kms.describe(kms.create(spec, usage))["KeyUsage"] == usage
    assert kms.describe(kms.create())["KeySpec"] == "Aliyun_AES_256"


def test_a_key_by_all_its_names(kms):
    key = kms.create()
    alias = "alias/" + fresh("Orders/of_today")
    kms.call("CreateAlias", key_id=kms.arn(key), alias_name=alias)
    names = [key, kms.arn(key), alias, kms.arn(key).replace(f"key/{key}", alias)]
    for name in names:
        assert kms.describe(name)["KeyId"] == key, name
        assert kms.call("Encrypt", key_id=name, plaintext="eA==")["KeyId"] == key, name
    check_refused("AliasAlreadyExists", 400, kms.call, "CreateAlias", key_id=key, alias_name=alias)


def listed(kms, **members) -> list[str]:
    return [key["KeyId"] for key in kms.call("ListKeys", **members)["Keys"].get("Key", [])]


def test_pages(kms):
    made = [kms.create() for _ in range(5)][::-1]  # the newest first
    first = kms.call("ListKeys", page_number=1, page_size=2)
    assert (first["PageNumber"], first["PageSize"]) == (1, 2)
    total = first["TotalCount"]
    assert total >= 5
    assert first["Keys"]["Key"][0] == {"KeyId": made[0], "KeyArn": kms.arn(made[0])}
    walked = [key for page in (1, 2, 3) for key in listed(kms, page_number=page, page_size=2)]
    assert walked[:5] == made
    assert len(listed(kms)) == min(total, 10)
    assert listed(kms, page_number=total + 1, page_size=1) == []
    for members in ({"page_number": 0}, {"page_size": 0}, {"page_size": 101}):
        check_refused("InvalidParameter", 400, kms.call, "ListKeys", **members)


@pytest.mark.parametrize("context", [None, {}, {"purpose": "test"}, {"b": "2", "a": "1"}, {"a=b": "c&d"}])
def test_ciphertext_across_a_rotation(kms, context):
    """An old ciphertext opens with the version that made it, a new one has the new version."""
    key = kms.create()
    first = kms.describe(key)["PrimaryKeyVersion"]
    old = kms.encrypt(key, "AAECAw==", context)
    made = kms.call("CreateKeyVersion", key_id=key)["KeyVersion"]["KeyVersionId"]
    assert kms.describe(key)["PrimaryKeyVersion"] == made != first
    new = kms.encrypt(key, "AAECAw==", context)
    for blob, version in ((old, first), (new, made)):
        assert unb64(blob)[:36].decode() == version
        opened = kms.call("Decrypt", ciphertext_blob=blob, encryption_context=context)
        assert opened == {"KeyId": key, "KeyVersionId": version, "Plaintext": "AAECAw=="}
        for wrong in ({**(context or {}), "more": "x"}, None if context else {"x": ""}):
            check_refused("InvalidParameter", 400, kms.decrypt, blob, wrong)
    versions = kms.call("ListKeyVersions", key_id=key)["KeyVersions"]["KeyVersion"]
    assert [version["KeyVersionId"] for version in versions] == [made, first]
    told = kms.call("DescribeKeyVersion", key_id=key, key_version_id=first)["KeyVersion"]
    assert told == versions[1]


def test_the_longest_plaintext(kms):
    key = kms.create()
    longest = b64(bytes(6144))
    assert kms.decrypt(kms.encrypt(key, longest)) == longest
    check_refused("InvalidParameter", 400, kms.encrypt, key, b64(bytes(6145)))


def test_unknown_keys(kms):
    far = kms.arn(NO_SUCH).replace(kms.key.number, "1234567890123456")
    for name in (NO_SUCH, kms.arn(NO_SUCH), far, "key-hzz62f1cb66fa42qopd9s"):
        for operation in ("DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion"):
            check_refused("Forbidden.KeyNotFound", 404, kms.call, operation, key_id=name)
        check_refused("Forbidden.KeyNotFound", 404, kms.encrypt, name, "eA==")
    check_refused("Forbidden.AliasNotFound", 404, kms.describe, "alias/" + fresh("nobody"))


def test_a_disabled_key(kms):
    key = kms.create()
    blob = kms.encrypt(key, "eA==")
    kms.call("DisableKey", key_id=key)
    check_refused("Rejected.Disabled", 409, kms.encrypt, key, "eA==")
    check_refused("Rejected.Disabled", 409, kms.decrypt, blob)
    check_refused("Rejected.Disabled", 409, kms.call, "CreateKeyVersion", key_id=key)
    kms.call("DisableKey", key_id=key)
    for _ in range(2):
        kms.call("EnableKey", key_id=key)
        assert kms.decrypt(blob) == "eA=="


def test_bad_parameters(kms):
    key, rsa = kms.create(), kms.create("RSA_2048")
    blob = unb64(kms.encrypt(key, "eA=="))
    spoilt = [b64(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]) for at in (36, 48, 64, 96, len(blob) - 1)]
    for text in ("!", "eA==", b64(blob[:-1]), *spoilt):
        check_refused("InvalidParameter", 400, kms.decrypt, text)
    check_refused("InvalidParameter", 400, kms.call, "CreateKey", key_spec="RSA_1024")
    check_refused("InvalidParameter", 400, kms.call, "CreateKey", key_usage="GUESS")
    check_refused("InvalidParameter", 400, kms.call, "CreateKey", origin="THE_MOON")
    check_refused("InvalidParameter", 400, kms.call, "CreateAlias", key_id=key, alias_name="no-prefix")
    check_refused("MissingParameter", 400, kms.call, "Encrypt", key_id=key)
    check_refused("MissingParameter", 400, kms.call, "DescribeKey")
    check_refused("Rejected.UnsupportedOperation", 400, kms.encrypt, rsa, "eA==")
    check_refused("Rejected.UnsupportedOperation", 400, kms.call, "CreateKeyVersion", key_id=rsa)
    check_refused("UnsupportedOperation", 400, kms.call, "CreateKey", key_spec="EC_SM2")
    check_refused("UnsupportedOperation", 400, kms.call, "ListAliases")


@pytest.fixture(scope="module")
def nobody(server, env):
    """Somebody of the same tenant who may do nothing."""
    tenant = Tenant(server.data, env)
    return tenant.principal("administrator").alibaba, tenant.principal("none").alibaba


def test_without_permission(nobody, door):
    admin, other = (Alibaba(one, door) for one in nobody)
    key = admin.create()
    blob = admin.encrypt(key, "eA==")
    for operation in ("DescribeKey", "EnableKey", "DisableKey", "CreateKeyVersion"):
        refused = check_refused("Forbidden.NoPermission", 403, other.call, operation, key_id=key)
        assert f"kms:{operation}" in refused.message
    check_refused("Forbidden.NoPermission", 403, other.encrypt, key, "eA==")
    # Where only the ciphertext names the key, one that may not be used is as one that is not there.
    check_refused("Forbidden.KeyNotFound", 404, other.decrypt, blob)
    check_refused("Forbidden.NoPermission", 403, other.call, "CreateKey")
    check_refused("Forbidden.NoPermission", 403, other.call, "ListKeys")


def test_another_tenants_key(nobody, door, kms):
    theirs = Alibaba(nobody[0], door)
    key = theirs.create()
    for name in (key, theirs.arn(key)):
        check_refused("Forbidden.KeyNotFound", 404, kms.describe, name)
    blob = theirs.encrypt(key, "eA==")
    check_refused("Forbidden.KeyNotFound", 404, kms.decrypt, blob)


@pytest.mark.parametrize("signature", alibaba.SIGNATURES)
def test_wrong_credentials(key_pair, door, signature):
    wrong = Alibaba(key_pair, door, signature, secret=key_pair.secret[:-1] + "_")
    refused = check_refused("SignatureDoesNotMatch", 400, wrong.call, "ListKeys")
    assert key_pair.secret not in str(refused.data)
    unknown = AccessKey("LTAI" + "A" * 20, key_pair.secret, key_pair.region)
    check_refused("InvalidAccessKeyId.NotFound", 404, Alibaba(unknown, door, signature).call, "ListKeys")


def test_a_request_is_good_once(key_pair, door):
    def once(nonce):
        return alibaba.signed(key_pair, door, "ListKeys", {"PageSize": "1"}, nonce)

    made = once(uuid.uuid4().hex)
    assert alibaba.send(door, made).status_code == 200
    again = alibaba.send(door, made)
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    # Signed anew, the nonce is still the one that was used.
    anew = alibaba.send(door, once(made.headers["x-acs-signature-nonce"]))
    assert (anew.status_code, anew.json()["Code"]) == (400, "SignatureNonceUsed")
    assert alibaba.send(door, once(uuid.uuid4().hex)).status_code == 200


def test_what_is_signed_cannot_be_changed(key_pair, door):
    """Each change of a good request is refused; the request itself was never sent, so its nonce is unused."""

    def check(change):
        made = alibaba.signed(key_pair, door, "ListKeys", {"PageSize": "1"}, uuid.uuid4().hex)
        change(made)
        answer = alibaba.send(door, made)
        assert answer.status_code == 400, answer.text
        assert answer.json()["Code"] in ("SignatureDoesNotMatch", "IncompleteSignature"), answer.text

    check(lambda made: made.query.update(PageSize="2"))
    check(lambda made: made.query.update(PageNumber="1"))
    check(lambda made: made.query.clear())
    check(lambda made: made.headers.update({"x-acs-action": "ListAliases"}))
    for name in ("x-acs-content-sha256", "x-acs-signature-nonce", "accept"):
        check(lambda made, name=name: made.headers.update({name: made.headers[name][:-1] + "0"}))
    check(lambda made: setattr(made, "method", "GET"))
    authorization = alibaba.signed(key_pair, door, "ListKeys", {}, "n").headers["Authorization"]
    for at in range(authorization.index("Signature=") + 10, len(authorization), 7):

        def flip(made, at=at):
            text = made.headers["Authorization"]
            made.headers["Authorization"] = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]

        check(flip)
