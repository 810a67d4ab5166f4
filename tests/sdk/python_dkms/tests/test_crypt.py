"""Encrypt, Decrypt and their `Advance` twins, GenerateDataKey and GetPublicKey, and who may call at all."""

import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dkmslib.instance import Instance, config_of
from trentlib import crypto

AAD = b"aad\x00\xff"
DATA = b"\x00\xff data"


def test_encrypt_and_decrypt(kms, key):
    iv = os.urandom(12)
    for fields in ({}, {"aad": AAD}, {"algorithm": "AES_GCM", "aad": AAD, "iv": iv}):
        made = kms.call("Encrypt", key_id=key, plaintext=DATA, **fields)
        assert (made.key_id, made.algorithm, len(made.iv)) == (key, "AES_GCM", 12)
        assert made.iv == fields.get("iv", made.iv)
        right = {"key_id": key, "ciphertext_blob": made.ciphertext_blob, "iv": made.iv, "aad": fields.get("aad")}
        for operation in ("Decrypt", "AdvanceDecrypt"):
            opened = kms.call(operation, **right)
            assert (opened.plaintext, opened.key_id, opened.algorithm) == (DATA, key, "AES_GCM")
        kms.refused(400, "InvalidParameter", "Decrypt", **{**right, "aad": b"other"})
        kms.refused(400, "InvalidParameter", "Decrypt", **{**right, "iv": os.urandom(12)})
        kms.refused(400, "MissingParameter", "Decrypt", **{**right, "iv": None})


def test_advance_encrypt_and_decrypt(kms, rpc, key):
    made = kms.call("AdvanceEncrypt", key_id=key, plaintext=DATA, aad=AAD)
    assert (made.key_id, made.algorithm, made.key_version_id) == (key, "AES_GCM", made.version)
    opened = kms.call("AdvanceDecrypt", ciphertext_blob=made.ciphertext_blob, aad=AAD)
    assert (opened.plaintext, opened.key_id, opened.key_version_id) == (DATA, key, made.key_version_id)
    kms.refused(400, "InvalidParameter", "AdvanceDecrypt", ciphertext_blob=made.ciphertext_blob)
    kms.refused(400, "InvalidParameter", "AdvanceDecrypt", ciphertext_blob=b"no blob of anybody", aad=AAD)


def test_a_rotation_moves_the_advance_kind_alone(kms, rpc):
    key = rpc.key()
    first = kms.call("AdvanceEncrypt", key_id=key, plaintext=DATA)
    second = rpc.ok("CreateKeyVersion", KeyId=key)["KeyVersion"]["KeyVersionId"]
    assert kms.call("Encrypt", key_id=key, plaintext=DATA).version == first.version != second
    assert kms.call("GenerateDataKey", key_id=key, number_of_bytes=16).version == first.version
    made = kms.call("AdvanceEncrypt", key_id=key, plaintext=DATA)
    assert made.key_version_id == second
    for blob in (first, made):
        opened = kms.call("AdvanceDecrypt", ciphertext_blob=blob.ciphertext_blob)
        assert (opened.plaintext, opened.key_version_id) == (DATA, blob.key_version_id)


@pytest.mark.parametrize("length", [1, 16, 32, 1024])
def test_generate_data_key(kms, key, length):
    made = kms.call("GenerateDataKey", key_id=key, number_of_bytes=length, aad=AAD)
    assert len(made.plaintext) == length and len(made.iv) == 12
    opened = kms.call("Decrypt", key_id=key, ciphertext_blob=made.ciphertext_blob, iv=made.iv, aad=AAD)
    assert opened.plaintext == made.plaintext


@pytest.mark.parametrize(
    ("spec", "usage", "known"),
    [
        ("RSA_2048", "ENCRYPT/DECRYPT", "RSA_2048"),
        ("RSA_3072", "SIGN/VERIFY", "RSA_3072"),
        ("EC_P256", "SIGN/VERIFY", "ECC_NIST_P256"),
        ("EC_P256K", "SIGN/VERIFY", "ECC_SECG_P256K1"),
    ],
)
def test_get_public_key(kms, rpc, spec, usage, known):
    key = rpc.key(spec, KeyUsage=usage)
    told = kms.call("GetPublicKey", key_id=key)
    assert told.key_id == key and "\r" not in told.public_key
    public = crypto.check_public(serialization.load_pem_public_key(told.public_key.encode()), known)
    if usage == "SIGN/VERIFY":
        return
    # What the public key encrypts outside is decrypted inside, and what is encrypted inside as well.
    outside = public.encrypt(DATA, crypto.oaep("RSAES_OAEP_SHA_256"))
    inside = kms.call("Encrypt", key_id=key, plaintext=DATA, algorithm="RSAES_OAEP_SHA_256").ciphertext_blob
    for blob in (outside, inside):
        fields = {"key_id": key, "ciphertext_blob": blob, "algorithm": "RSAES_OAEP_SHA_256"}
        opened = kms.call("Decrypt", **fields)
        assert (opened.plaintext, opened.algorithm) == (DATA, "RSAES_OAEP_SHA_256")


def test_refusals(kms, rpc, key):
    disabled, signing = rpc.key(), rpc.key("EC_P256", KeyUsage="SIGN/VERIFY")
    made = kms.call("Encrypt", key_id=disabled, plaintext=DATA)
    rpc.ok("DisableKey", KeyId=disabled)
    unknown = "00000000-0000-4000-8000-000000000000"
    for operation in ("Encrypt", "AdvanceEncrypt"):
        kms.refused(404, "Forbidden.KeyNotFound", operation, key_id=unknown, plaintext=DATA)
        kms.refused(404, "Forbidden.KeyNotFound", operation, key_id="alias/nobody-has-it", plaintext=DATA)
        kms.refused(409, "Rejected.Disabled", operation, key_id=disabled, plaintext=DATA)
        kms.refused(400, "UnsupportedOperation", operation, key_id=key, plaintext=DATA, algorithm="SM4_GCM")
        kms.refused(400, "InvalidParameter", operation, key_id=key, plaintext=DATA, algorithm="ROT13")
        kms.refused(400, "MissingParameter", operation, key_id=key)
        kms.refused(400, "InvalidParameter", operation, key_id=key, plaintext=DATA, iv=b"short")
    sealed = {"ciphertext_blob": made.ciphertext_blob, "iv": made.iv}
    kms.refused(409, "Rejected.Disabled", "Decrypt", key_id=disabled, **sealed)
    kms.refused(404, "Forbidden.KeyNotFound", "Decrypt", key_id=unknown, **sealed)
    kms.refused(400, "UnsupportedOperation", "Encrypt", key_id=signing, plaintext=DATA)
    kms.refused(404, "Forbidden.KeyNotFound", "GetPublicKey", key_id=unknown)
    kms.refused(400, "UnsupportedOperation", "GetPublicKey", key_id=key)
    rpc.ok("EnableKey", KeyId=disabled)
    assert kms.call("Decrypt", key_id=disabled, **sealed).plaintext == DATA


def test_only_the_client_key_may_call(env, door, key):
    mine = Instance(config_of(env["alibaba"], door))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    body = "".join(pem.split("\n")[1:-2])
    for key_id, status, code in [
        (mine.client._credential.get_access_key_id(), 401, "SignatureNotMatch"),
        ("KAAP.00000000-0000-4000-8000-000000000000", 404, "Unauthorized"),
    ]:
        config = config_of(env["alibaba"], door)
        config.client_key_file, config.access_key_id, config.private_key = None, key_id, body
        Instance(config).refused(status, code, "Encrypt", key_id=key, plaintext=DATA)
