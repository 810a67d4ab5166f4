"""A private key that Q-KMS seals is opened through the APIs that know nothing of key pairs."""

import pytest

from trentlib import aws, crypto
from trentlib.access import accounts_of
from trentlib.thalassa import unb64


@pytest.mark.parametrize("context", [None, {"Purpose": "Test", "b": "ü"}])
@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"])
@pytest.mark.parametrize("operation", ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"])
def test_a_sealed_private_key_opens_through_every_door(ways, env, doors, door, operation, spec, context):
    through = ways[door.name]
    key = through["qkms"].create("SYMMETRIC_DEFAULT")
    body = {"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": context or {}}
    made = aws.ok(accounts_of(env)["qkms"], door, operation, body)
    sealed = unb64(made["PrivateKeyCiphertextBlob"])
    openers = {name: way for name, way in through.items() if context is None or way.contexts}
    assert set(openers) >= {"aws", "qkms", "tencent", "alibaba"}
    opened = {name: way.decrypt(key, sealed, context) for name, way in openers.items()}
    [private] = set(opened.values())
    crypto.check_pair(private, crypto.public_from_der(unb64(made["PublicKey"]), spec), spec)
    for name, way in through.items():
        if context is not None or way.contexts:
            other = {**(context or {}), "more": "x"} if way.contexts else None
            way.refused("unopened", way.decrypt, key, sealed, other)
