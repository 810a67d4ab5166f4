"""Thalassa: every rule of the vendor's page on exporting key material and public keys."""

import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from trentlib import crypto
from trentlib.thalassa import KEY_TYPES, Thalassa, b64, check_status, unb64

AEAD = {"aes128-gcm96": 16, "aes256-gcm96": 32, "chacha20-poly1305": 32}
PRIVATE = list(crypto.THALASSA_SPECS)
HMAC = [name for name, family in KEY_TYPES.items() if family == "hmac"]


def exportable(th, name, key_type) -> str:
    made = th.create(name("open"), key_type, exportAllowed=True)
    assert made["exportAllowed"] is True
    return made["identity"]


@pytest.mark.parametrize(("key_type", "size"), AEAD.items())
def test_symmetric_material_opens_stored_ciphertext(th, name, key_type, size):
    key = exportable(th, name, key_type)
    sealed = {"1": th.encrypt(key, b"first")}
    th.keys("POST", f"/{key}/rotate")
    sealed["2"] = th.encrypt(key, b"second")
    answers = {version: th.keys("POST", f"/{key}/export", {"keyVersion": version}) for version in ("1", "2")}
    assert {version: answer["keyVersion"] for version, answer in answers.items()} == {"1": "1", "2": "2"}
    material = {version: unb64(answer["keyMaterial"]) for version, answer in answers.items()}
    assert material["1"] != material["2"]
    assert all(len(one) == size for one in material.values())
    for version, plaintext in (("1", b"first"), ("2", b"second")):
        assert crypto.open_plain_aead(key_type, material[version], sealed[version]) == plaintext
    with pytest.raises(InvalidTag):
        crypto.open_plain_aead(key_type, material["2"], sealed["1"])
    latest = th.keys("POST", f"/{key}/export", {})
    assert (unb64(latest["keyMaterial"]), latest["keyVersion"]) == (material["2"], "2")


@pytest.mark.parametrize("key_type", PRIVATE)
def test_private_keys_sign(th, name, key_type, tmp_path):
    key = exportable(th, name, key_type)
    if key_type != "rsa-4096":
        th.keys("POST", f"/{key}/rotate")
    public = th.public_keys(key)
    exported = {version: th.export(key, keyVersion=version) for version in public}
    assert len(set(exported.values())) == len(public)
    for version, private in exported.items():
        crypto.check_pair(private, load_public(public[version], key_type), crypto.THALASSA_SPECS[key_type])
        check_openssl(private, public[version], key_type, tmp_path)
    assert th.export(key) == exported[max(public)]


def load_public(text: str, key_type: str):
    if key_type == "ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(unb64(text))
    return serialization.load_pem_public_key(text.encode())


def check_openssl(private: bytes, public: str, key_type: str, folder) -> None:
    """The same by the OpenSSL command, where there is one."""
    (folder / "private.der").write_bytes(private)
    derived = crypto.openssl("pkey", "-inform", "DER", "-in", str(folder / "private.der"), "-pubout")
    if derived is None:
        return
    (folder / "public.pem").write_bytes(derived)
    if key_type == "ed25519":
        raw = serialization.load_pem_public_key(derived).public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        assert raw == unb64(public)
        return
    assert derived.decode().strip() == public.strip()
    (folder / "given.pem").write_text(public)
    crypto.openssl("pkey", "-inform", "DER", "-in", str(folder / "private.der"), "-out", str(folder / "private.pem"))
    signature = crypto.openssl("dgst", "-sha256", "-sign", str(folder / "private.pem"), data=b"signed outside")
    (folder / "signature").write_bytes(signature)
    told = crypto.openssl(
        "dgst", "-sha256", "-verify", str(folder / "given.pem"), "-signature", str(folder / "signature"),
        data=b"signed outside",
    )  # fmt: skip
    assert told.strip() == b"Verified OK"


@pytest.mark.parametrize("key_type", [name for name in KEY_TYPES if not name.startswith("hmac")])
def test_the_flag_is_fixed_at_creation(th, name, key_type):
    if key_type in ("rsa-3072", "rsa-4096"):
        key_type = "rsa-2048"
    made = th.create(name("closed"), key_type)
    path = f"/{made['identity']}"
    th.keys("POST", f"{path}/export", {}, expect=400)
    for method, tail in (("PATCH", ""), ("PUT", ""), ("PATCH", "/rotation"), ("POST", "/enable")):
        th.raw(method, f"/{th.token.region}/keys{path}{tail}", {"exportAllowed": True})
    assert th.keys("GET", path)["exportAllowed"] is False
    th.keys("POST", f"{path}/export", {}, expect=400)
    th.keys("POST", f"{path}/rotate")
    th.keys("POST", f"{path}/export", {"keyVersion": "2"}, expect=400)


@pytest.mark.parametrize("key_type", HMAC)
def test_hmac_keys_do_not_leave(th, name, key_type):
    body = {"name": name("hmac"), "keyType": key_type, "exportAllowed": True}
    check_status(th.raw("POST", f"/{th.token.region}/keys", body), 400)
    key = th.create(name("hmac"), key_type)["identity"]
    th.keys("POST", f"/{key}/export", {}, expect=400)


def test_bad_requests(th, name):
    key = exportable(th, name, "aes256-gcm96")
    for body, status in [
        ({"keyVersion": "2"}, 400),
        ({"keyVersion": "x"}, 400),
        ({"keyVersion": "-1"}, 400),
        ({"keyVersion": 1}, 400),
        ({"keyVersion": ["1"]}, 400),
        ([], 400),
    ]:
        th.keys("POST", f"/{key}/export", body, expect=status)
    check_status(th.raw("POST", f"/{th.token.region}/keys/{key}/export", data=b"{"), 400)
    check_status(th.raw("POST", f"/{th.token.region}/keys/kms-unknown/export", {}), 404)
    assert len(th.export(key, keyVersion="")) == 32
    assert len(th.export(key, keyVersion="0")) == 32


def test_a_disabled_key_does_not_leave(th, name):
    key = exportable(th, name, "aes256-gcm96")
    th.keys("POST", f"/{key}/disable")
    th.keys("POST", f"/{key}/export", {}, expect=400)
    th.keys("POST", f"/{key}/enable")
    assert len(th.export(key)) == 32


def test_permissions(door, guests, name):
    """Export needs `update`, public keys need `read`; without the permission the key is not there."""
    admin, reader, nobody = (Thalassa(door, who.thalassa) for who in (guests.admin, guests.reader, guests.nobody))
    called = name("guarded")
    key = admin.create(called, "ecdsa-p256", exportAllowed=True)["identity"]
    secret = admin.create(f"{called}-aes", "aes256-gcm96", exportAllowed=True)["identity"]
    sealed = admin.encrypt(secret, b"x")
    assert reader.public_keys(key) == admin.public_keys(key)
    assert reader.keys("GET", f"/{key}")["name"] == called
    assert {called, f"{called}-aes"} <= {one["name"] for one in reader.keys("GET")}
    refused = [
        ("POST", f"/{key}/export", {}),
        ("POST", f"/{secret}/export", {}),
        ("POST", f"/{secret}/encrypt", {"plaintext": b64(b"x")}),
        ("POST", f"/{secret}/decrypt", {"ciphertext": sealed}),
        ("POST", f"/{key}/rotate", None),
        ("POST", f"/{key}/disable", None),
        ("POST", f"/{key}/enable", None),
    ]
    for method, path, body in refused:
        reader.keys(method, path, body, expect=404)
        nobody.keys(method, path, body, expect=404)
    for path in (f"/{key}", f"/{key}/public-key"):
        nobody.keys("GET", path, expect=404)
    for who in (reader, nobody):
        answer = who.raw("POST", f"/{who.token.region}/keys", {"name": f"{called}-no"})
        check_status(answer, (403, 404))
    answer = nobody.raw("GET", f"/{nobody.token.region}/keys")
    assert answer.status_code in (403, 404) or answer.json() == []
    assert admin.keys("GET", f"/{key}")["status"] == "active"
    assert admin.keys("GET", f"/{key}")["latestVersion"] == 1
    assert len(admin.export(secret)) == 32


def test_an_export_is_on_record_before_the_answer(th, name, server):
    """The audit log holds `kms.export` when the answer arrives, the metric rises, and no log holds the key."""
    key = exportable(th, name, "aes256-gcm96")
    for _ in range(3):
        before = [line for line in server.audit_lines() if "kms.export" in line]
        counted = server.metric("trent_exports_total")
        material = th.export(key)
        lines = server.audit_lines()
        after = [line for line in lines if "kms.export" in line]
        assert len(after) > len(before)
        assert all(isinstance(json.loads(line), dict) for line in after[len(before) :])
        assert server.metric("trent_exports_total") == counted + 1
        forms = (b64(material), b64(material).rstrip("="), material.hex(), material.hex().upper())
        kept = "\n".join(lines) + server.tail(None)
        assert not any(form in kept for form in forms)
    refused = th.create(name("closed"))["identity"]
    counted = server.metric("trent_exports_total")
    th.keys("POST", f"/{refused}/export", {}, expect=400)
    assert server.metric("trent_exports_total") == counted
