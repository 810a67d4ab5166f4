"""The format page against the server, both ways: an exportable key's material is taken out through one vendor's API,
and what the other vendor's API seals under that key is opened and made by an independent implementation."""

import base64
import json
import random
import uuid

import pytest
from botocore.exceptions import ClientError

from trentlib import seal1
from trentlib.access import token_of
from trentlib.server import trent
from trentlib.thalassa import Thalassa


@pytest.fixture(scope="session")
def exported(server, doors, env):
    """The tenant, the key's id, and its versions' sealing keys."""
    rest = Thalassa(doors["plain"], token_of(env))
    key = rest.create("formats", "aes256-gcm96", exportAllowed=True)["identity"]
    rest.keys("POST", f"/{key}/rotate")
    tenants = json.loads(trent("access", "tenant", "list", "--data", str(server.data), "--json"))
    [tenant] = [one["tenant"] for one in tenants if one["thalassa_organisation"] == rest.token.organisation]
    material = {version: rest.export(key, keyVersion=str(version)) for version in (1, 2)}
    keys = {version: seal1.expanded(raw, "AES_256") for version, raw in material.items()}
    return tenant, key_id(key), keys


def key_id(identity: str) -> str:
    """The UUID behind a Thalassa identity: 26 characters of base32."""
    text = identity.removeprefix("kms-").upper()
    return str(uuid.UUID(bytes=base64.b32decode(text + "=" * (-len(text) % 8))))


def cases():
    chance = random.Random(20)
    for _ in range(25):
        context = {
            "".join(chance.choices("aZ09=&é ", k=chance.randint(1, 8))): "v" * chance.randint(0, 9)
            for _ in range(chance.randint(0, 4))
        }
        yield chance.randbytes(chance.choice([1, 16, 32, 1000, 4096])), context


def test_what_the_server_seals_opens_here(at, exported):
    tenant, key, keys = exported
    for plaintext, context in cases():
        blob = at.kms.encrypt(KeyId=key, Plaintext=plaintext, EncryptionContext=context)["CiphertextBlob"]
        assert len(blob) == len(plaintext) + 100
        assert seal1.open_blob(keys[2], tenant, blob, context) == plaintext


def test_what_is_sealed_here_opens_at_the_server(at, exported):
    tenant, key, keys = exported
    for plaintext, context in cases():
        for version in (1, 2):
            blob = seal1.seal_blob(keys[version], tenant, key, version, plaintext, context)
            answer = at.kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
            assert answer["Plaintext"] == plaintext


def test_a_blob_of_another_version_context_or_bit_is_refused(at, exported):
    tenant, key, keys = exported
    context = {"purpose": "test"}
    good = seal1.seal_blob(keys[1], tenant, key, 1, b"x", context)
    wrong = [
        (seal1.seal_blob(keys[1], tenant, key, 2, b"x", context), context),
        (good, {"purpose": "Test"}),
        (good, {}),
        (good + b"\x00", context),
    ]
    wrong += [(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], context) for at in (0, 2, 3, 23, 41, 73, 90, 100)]
    for blob, given in wrong:
        with pytest.raises(ClientError) as refused:
            at.kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionContext=given)
        assert refused.value.response["Error"]["Code"] == "InvalidCiphertextException"
