"""The four operations that make data key pairs: what they return, and under which version they seal."""

import base64
import os
from itertools import product

import pytest
from trentlib import crypto

# operation: whether it is one of the `Advance` kind, and whether it gives the private key
OPERATIONS = {
    "GenerateDataKeyPair": (False, True),
    "GenerateDataKeyPairWithoutPlaintext": (False, False),
    "AdvanceGenerateDataKeyPair": (True, True),
    "AdvanceGenerateDataKeyPairWithoutPlaintext": (True, False),
}
# KeyPairSpec: what `trentlib` calls it
SPECS = {
    "EC_P256": "ECC_NIST_P256",
    "EC_P256K": "ECC_SECG_P256K1",
    "RSA_2048": "RSA_2048",
    "RSA_3072": "RSA_3072",
    "RSA_4096": "RSA_4096",
}
FORMATS = ("PEM", "DER")
AAD = b"name=pair\x00\xff"


def cases():
    """Every operation, spec and format; of RSA_4096, which is slow to make, one format each unless all is asked for."""
    for at, (operation, spec, form) in enumerate(product(OPERATIONS, SPECS, FORMATS)):
        skipped = spec == "RSA_4096" and FORMATS[at // len(SPECS) // 2 % 2] != form
        if os.environ.get("TRENT_FULL") or not skipped:
            yield operation, spec, form


def der_of(data: bytes, form: str, label: str) -> bytes:
    """The DER of what was returned. PEM is read as strictly as the vendor's samples do: `\\n` and strict base64."""
    if form == "DER":
        return data
    first, *body, last, rest = data.decode("ascii").split("\n")
    assert (first, last, rest) == (f"-----BEGIN {label}-----", f"-----END {label}-----", "")
    assert all(len(line) == 64 for line in body[:-1])
    return base64.b64decode("".join(body), validate=True)


def make(kms, operation: str, key_id: str, spec: str = "EC_P256", form: str = "DER", aad: bytes | None = AAD):
    """Makes a pair and looks at what every answer has."""
    advance, reveals = OPERATIONS[operation]
    made = kms.call(operation, key_id=key_id, key_pair_spec=spec, key_format=form, aad=aad)
    assert (made.key_pair_spec, made.algorithm, len(made.iv)) == (spec, "AES_GCM", 12)
    assert bool(getattr(made, "private_key_plaintext", None)) == reveals
    if advance:
        assert made.key_version_id == made.version
    return made


def open_it(kms, operation: str, made, aad: bytes | None = AAD):
    """Decrypts the private key as its documentation says: the plain kind by all its parts, the other by the blob."""
    blob = made.private_key_ciphertext_blob
    if OPERATIONS[operation][0]:
        return kms.call("AdvanceDecrypt", ciphertext_blob=blob, aad=aad)
    return kms.call("Decrypt", key_id=made.key_id, ciphertext_blob=blob, iv=made.iv, aad=aad, algorithm="AES_GCM")


def check(kms, key: str, operation: str, spec: str, form: str) -> None:
    made = make(kms, operation, key, spec, form)
    assert made.key_id == key
    opened = open_it(kms, operation, made)
    assert (opened.key_id, opened.algorithm) == (key, "AES_GCM")
    if OPERATIONS[operation][1]:
        assert opened.plaintext == made.private_key_plaintext
    public = crypto.public_from_der(der_of(made.public_key, form, "PUBLIC KEY"), SPECS[spec])
    crypto.check_pair(der_of(opened.plaintext, form, "PRIVATE KEY"), public, SPECS[spec])


@pytest.mark.parametrize(("operation", "spec", "form"), list(cases()))
def test_a_pair_opens_and_belongs_together(plain, key, operation, spec, form):
    check(plain, key, operation, spec, form)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_door_makes_pairs(kms, key, operation):
    check(kms, key, operation, "EC_P256", "PEM")
    check(kms, key, operation, "RSA_2048", "DER")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_only_its_aad_opens_a_pair(kms, key, operation):
    made = make(kms, operation, key)
    advance = OPERATIONS[operation][0]
    for wrong in (b"name=pair", b"", AAD + b"\x00"):
        fields = {"ciphertext_blob": made.private_key_ciphertext_blob, "aad": wrong}
        if not advance:
            fields |= {"key_id": key, "iv": made.iv, "algorithm": "AES_GCM"}
        kms.refused(400, "InvalidParameter", "AdvanceDecrypt" if advance else "Decrypt", **fields)
    bare = make(kms, operation, key, aad=None)
    assert open_it(kms, operation, bare, None).plaintext
    other = make(kms, operation, key, aad=None)
    assert other.public_key != bare.public_key and other.iv != bare.iv


@pytest.mark.parametrize("operation", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"])
def test_a_changed_part_does_not_open(plain, rpc, key, operation):
    made = make(plain, operation, key)
    right = {"key_id": key, "ciphertext_blob": made.private_key_ciphertext_blob, "iv": made.iv, "aad": AAD}
    assert plain.call("Decrypt", **right).plaintext == plain.call("AdvanceDecrypt", **right).plaintext
    flipped = bytes([made.iv[0] ^ 1]) + made.iv[1:]
    tail = made.private_key_ciphertext_blob[:-1] + bytes([made.private_key_ciphertext_blob[-1] ^ 1])
    for change in ({"iv": flipped}, {"ciphertext_blob": tail}, {"key_id": rpc.key()}):
        plain.refused(400, "InvalidParameter", "Decrypt", **{**right, **change})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_alias_means_its_key(kms, rpc, operation):
    key = rpc.key()
    alias = f"alias/pairs/{key}"
    rpc.ok("CreateAlias", AliasName=alias, KeyId=key)
    made = make(kms, operation, alias)
    assert made.key_id == key
    assert open_it(kms, operation, made).key_id == key
    kms.refused(404, "Forbidden.KeyNotFound", operation, key_id=f"{alias}-not", key_pair_spec="EC_P256", key_format="PEM")


def test_a_rotation_moves_the_advance_kind_alone(kms, rpc):
    key = rpc.key()
    before = {operation: make(kms, operation, key) for operation in OPERATIONS}
    (first,) = {made.version for made in before.values()}
    second = rpc.ok("CreateKeyVersion", KeyId=key)["KeyVersion"]["KeyVersionId"]
    assert second != first
    for operation, (advance, _) in OPERATIONS.items():
        made = make(kms, operation, key)
        used, other = (second, first) if advance else (first, second)
        assert made.version == used
        # What was made before and what was made after both open, each with the version it was sealed under.
        assert open_it(kms, operation, before[operation]).version == first
        opened = open_it(kms, operation, made)
        assert opened.version == used
        if advance:
            assert opened.key_version_id == used
            assert open_it(kms, operation, before[operation]).key_version_id == first
            continue
        # The version can also be named by the header, without the key: only the right one opens it.
        fields = {"ciphertext_blob": made.private_key_ciphertext_blob, "iv": made.iv, "aad": AAD}
        version = "x-kms-migrationkeyversionid"
        assert kms.call("Decrypt", {version: used}, **fields).plaintext == opened.plaintext
        kms.refused(400, "InvalidParameter", "Decrypt", {version: other}, **fields)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_refusals(kms, rpc, key, operation):
    right = {"key_id": key, "key_pair_spec": "EC_P256", "key_format": "PEM"}
    disabled, signing = rpc.key(), rpc.key("EC_P256", KeyUsage="SIGN/VERIFY")
    rpc.ok("DisableKey", KeyId=disabled)
    unknown = "00000000-0000-4000-8000-000000000000"
    for change, status, code in [
        ({"key_id": unknown}, 404, "Forbidden.KeyNotFound"),
        ({"key_id": disabled}, 409, "Rejected.Disabled"),
        ({"key_id": signing}, 404, "Forbidden.OnlySymmetricKeySupported"),
        ({"key_id": None}, 400, "MissingParameter"),
        ({"key_id": "not a key"}, 404, "Forbidden.KeyNotFound"),
        ({"key_format": "pem"}, 400, "InvalidParameter"),
        ({"key_format": "JWK"}, 400, "InvalidParameter"),
        ({"key_format": None}, 400, "MissingParameter"),
        ({"key_pair_spec": "RSA_1024"}, 400, "InvalidParameter"),
        ({"key_pair_spec": "Aliyun_AES_256"}, 400, "InvalidParameter"),
        ({"key_pair_spec": "ECC_NIST_P256"}, 400, "InvalidParameter"),
        ({"key_pair_spec": None}, 400, "MissingParameter"),
        ({"aad": b"a" * 8193}, 400, "InvalidParameter"),
    ]:
        fields = {name: value for name, value in {**right, **change}.items() if value is not None}
        kms.refused(status, code, operation, **fields)
    made = kms.call(operation, **right, aad=b"a" * 8192)
    rpc.ok("EnableKey", KeyId=disabled)
    assert made.public_key and make(kms, operation, disabled).key_id == disabled
