"""Thalassa: encrypt, decrypt and public keys, with versions."""

import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from trentlib import crypto
from trentlib.thalassa import KEY_TYPES, b64, check_status, unb64

AEAD = [name for name, family in KEY_TYPES.items() if family == "aead"]
RSA = {"rsa-2048": 190, "rsa-3072": 318, "rsa-4096": 446}
PUBLIC = [name for name, family in KEY_TYPES.items() if family in ("rsa", "ec", "ed25519")]


@pytest.mark.parametrize("exportable", [False, True])
@pytest.mark.parametrize("key_type", AEAD)
def test_symmetric_round_trip(th, name, key_type, exportable):
    key = th.create(name("aead"), key_type, exportAllowed=exportable)["identity"]
    for size in (1, 15, 16, 1000, 65_535):
        plaintext = os.urandom(size)
        answer = th.keys("POST", f"/{key}/encrypt", {"plaintext": b64(plaintext)})
        assert answer["keyVersion"] == "1"
        version, payload = crypto.thalassa_parts(answer["ciphertext"])
        assert version == 1
        # The open first bytes tell the two suites apart, and nothing else may look like the sealed one.
        assert (payload[:3] == b"\xc7\x4b\x01") is not exportable
        assert not exportable or len(payload) == 12 + size + 16
        opened = th.keys("POST", f"/{key}/decrypt", {"ciphertext": answer["ciphertext"]})
        assert (unb64(opened["plaintext"]), opened["keyVersion"]) == (plaintext, "1")
    assert th.encrypt(key, b"same") != th.encrypt(key, b"same")


@pytest.mark.parametrize(("key_type", "limit"), RSA.items())
def test_rsa_round_trip(th, name, key_type, limit):
    key = th.create(name("rsa"), key_type)["identity"]
    for plaintext in (b"x", os.urandom(limit)):
        assert th.decrypt(key, th.encrypt(key, plaintext)) == plaintext
    th.keys("POST", f"/{key}/encrypt", {"plaintext": b64(os.urandom(limit + 1))}, expect=400)
    pem = th.public_keys(key)["1"]
    public = serialization.load_pem_public_key(pem.encode())
    offline = public.encrypt(b"made offline", crypto.oaep("RSAES_OAEP_SHA_256"))
    assert th.decrypt(key, f"thalassa:v1:{b64(offline)}") == b"made offline"


@pytest.mark.parametrize(
    ("key_type", "exportable"), [("aes256-gcm96", False), ("aes128-gcm96", True), ("rsa-2048", False)]
)
def test_versions(th, name, key_type, exportable):
    key = th.create(name("versions"), key_type, exportAllowed=exportable)["identity"]
    kept = []
    for version in (1, 2, 3):
        kept.append(th.encrypt(key, str(version).encode()))
        assert crypto.thalassa_parts(kept[-1])[0] == version
        if version < 3:
            th.keys("POST", f"/{key}/rotate")
    for version, sealed in enumerate(kept, start=1):
        opened = th.keys("POST", f"/{key}/decrypt", {"ciphertext": sealed})
        assert (unb64(opened["plaintext"]), opened["keyVersion"]) == (str(version).encode(), str(version))
    for asked, used in [("1", 1), ("2", 2), ("3", 3), ("0", 3), ("", 3)]:
        assert crypto.thalassa_parts(th.encrypt(key, b"x", keyVersion=asked))[0] == used
    for wrong in ("4", "-1", "x", "1.0", "99999999999999999999"):
        th.keys("POST", f"/{key}/encrypt", {"plaintext": b64(b"x"), "keyVersion": wrong}, expect=400)


def test_a_ciphertext_opens_only_where_it_belongs(th, name):
    """One message for every failure, so that nobody learns which it was."""
    messages = set()
    for exportable in (False, True):
        key = th.create(name("mine"), "aes256-gcm96", exportAllowed=exportable)["identity"]
        other = th.create(name("other"), "aes256-gcm96", exportAllowed=exportable)["identity"]
        sealed = th.encrypt(key, b"here")
        payload = unb64(sealed.split(":")[2])
        bent = [payload[:i] + bytes([payload[i] ^ 1]) + payload[i + 1 :] for i in range(0, len(payload), 3)]
        for wrong in [f"thalassa:v1:{b64(one)}" for one in (*bent, payload + b"\0", payload[:-1])]:
            messages.add(th.keys("POST", f"/{key}/decrypt", {"ciphertext": wrong}, expect=400)["message"])
        messages.add(th.keys("POST", f"/{other}/decrypt", {"ciphertext": sealed}, expect=400)["message"])
        th.keys("POST", f"/{other}/rotate")
        messages.add(
            th.keys("POST", f"/{other}/decrypt", {"ciphertext": sealed.replace(":v1:", ":v2:")}, expect=400)["message"]
        )
        assert th.decrypt(key, sealed) == b"here"
    assert len(messages) == 1, messages


def check_public(text: str, key_type: str):
    """A public key in the form of its family, read by another library."""
    spec = crypto.THALASSA_SPECS[key_type]
    if key_type == "ed25519":
        raw = unb64(text)
        assert len(raw) == 32
        return crypto.check_public(ed25519.Ed25519PublicKey.from_public_bytes(raw), spec)
    lines = text.strip().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    assert all(len(line) == 64 for line in lines[1:-2]) and 0 < len(lines[-2]) <= 64
    told = crypto.openssl("pkey", "-pubin", "-pubout", data=text.encode())
    assert told is None or told.decode().strip() == text.strip()
    return crypto.check_public(serialization.load_pem_public_key(text.encode()), spec)


@pytest.mark.parametrize("key_type", PUBLIC)
def test_public_keys(th, name, key_type):
    """Without `exportAllowed`, for one version or all, and also while the key is disabled."""
    key = th.create(name("public"), key_type)["identity"]
    first = th.public_keys(key)
    assert set(first) == {"1"}
    check_public(first["1"], key_type)
    th.keys("POST", f"/{key}/rotate")
    both = th.public_keys(key)
    assert set(both) == {"1", "2"}
    assert both["1"] == first["1"] != both["2"]
    check_public(both["2"], key_type)
    for version in ("1", "2"):
        assert th.public_keys(key, f"?version={version}") == {version: both[version]}
    th.keys("POST", f"/{key}/disable")
    assert th.public_keys(key) == both
    for wrong, status in (("3", 404), ("x", 400), ("-1", 400)):
        th.keys("GET", f"/{key}/public-key?version={wrong}", expect=status)


@pytest.mark.parametrize("key_type", [name for name, family in KEY_TYPES.items() if family in ("aead", "hmac")])
def test_no_public_key(th, name, key_type):
    key = th.create(name("secret"), key_type)["identity"]
    th.keys("GET", f"/{key}/public-key", expect=400)


def test_the_other_doors_open_it(th, name, plain):
    """A sealed Thalassa ciphertext names its key, so that the tenant's other accounts can open it."""
    key = th.create(name("across"), "aes256-gcm96")["identity"]
    sealed = th.encrypt(key, b"across the doors")
    for at in plain.values():
        assert at.kms.decrypt(CiphertextBlob=sealed.encode())["Plaintext"] == b"across the doors"
    check_status(th.raw("GET", f"/{th.token.region}/keys/{key}"), 200)
