"""What a client sees when the data below is damaged or locked, each on a server of its own."""

import contextlib
import sqlite3
import time

import pytest

from trentlib import aws
from trentlib.access import accounts_of, token_of
from trentlib.doors import doors_of
from trentlib.server import Server
from trentlib.thalassa import Thalassa, b64

SERVER_ERRORS = (500, 503)
DEADLINE = 25.0  # seconds: the server's own deadline for a write, and room for a slow machine


@pytest.fixture
def alone(tmp_path):
    running = Server(tmp_path).start()
    yield running
    running.kill()


def dialects(running):
    env = running.env()
    door = doors_of(env)["plain"]
    return accounts_of(env), door, Thalassa(door, token_of(env))


def bodies(running) -> set[bytes]:
    """The records of all key versions, as they lie on the disk."""
    with contextlib.closing(sqlite3.connect(running.data / "store.db", timeout=10)) as store:
        return {bytes(row[0]) for row in store.execute("SELECT body FROM key_versions")}


def damage(running, body: bytes, place: int) -> None:
    """Turns one bit of one record."""
    bent = bytearray(body)
    bent[place] ^= 1
    with contextlib.closing(sqlite3.connect(running.data / "store.db", timeout=10)) as store, store:
        changed = store.execute("UPDATE key_versions SET body = ? WHERE body = ?", (bytes(bent), body))
        assert changed.rowcount == 1


def test_a_damaged_key_is_unavailable_and_no_other(alone):
    accounts, door, th = dialects(alone)
    account = accounts["aws"]
    made = []
    known = bodies(alone)
    for request in [{}, {}, {}, {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, {}]:
        key = aws.ok(account, door, "CreateKey", request)["KeyMetadata"]["KeyId"]
        new = bodies(alone) - known
        assert len(new) == 1, "one key, one record"
        known |= new
        made.append((key, new.pop()))
    blobs = {
        key: aws.ok(account, door, "Encrypt", {"KeyId": key, "Plaintext": b"x"})["CiphertextBlob"]
        for key, _ in (*made[:3], made[4])
    }
    hurt_there = th.create("damaged", "ed25519")
    record = (bodies(alone) - known).pop()
    alone.stop()
    for number, (_, body) in enumerate(made[:4]):
        damage(alone, body, (0, len(body) // 2, -1, len(body) // 3)[number])
    damage(alone, record, len(record) // 2)
    alone.start()
    accounts, door, th = dialects(alone)
    for style in ("aws", "qkms"):
        account = accounts[style]
        for key, _ in made[:3]:
            for operation, body in [
                ("Encrypt", {"KeyId": key, "Plaintext": b"x"}),
                ("Decrypt", {"CiphertextBlob": blobs[key]}),
                ("GenerateDataKeyPair", {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
            ]:
                aws.check_error(aws.call(account, door, operation, body), "KeyUnavailableException", 500)
        answer = aws.call(account, door, "GetPublicKey", {"KeyId": made[3][0]})
        aws.check_error(answer, "KeyUnavailableException", 500)
        good = made[4][0]
        aws.ok(account, door, "Encrypt", {"KeyId": good, "Plaintext": b"x"})
        aws.ok(account, door, "Decrypt", {"CiphertextBlob": blobs[good]})
        assert aws.ok(account, door, "ListKeys")["Keys"]
        aws.ok(account, door, "CreateKey")
    answer = th.raw("GET", f"/{th.token.region}/keys/{hurt_there['identity']}/public-key")
    assert answer.status_code in SERVER_ERRORS, answer.text
    th.create("whole", "ed25519")
    assert alone.metric("trent_quarantined_objects") >= 1
    alone.stop()


def test_a_locked_store_times_out_and_recovers(alone):
    accounts, door, th = dialects(alone)
    account = accounts["aws"]
    key = aws.ok(account, door, "CreateKey")["KeyMetadata"]["KeyId"]
    pair = aws.ok(account, door, "CreateKey", {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})
    pair = pair["KeyMetadata"]["KeyId"]
    lock = sqlite3.connect(alone.data / "store.db", timeout=10, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        for style in ("aws", "qkms"):
            start = time.monotonic()
            answer = aws.call(accounts[style], door, "CreateKey")
            assert time.monotonic() - start < DEADLINE
            aws.check_error(answer, "DependencyTimeoutException", SERVER_ERRORS)
        # What only reads goes on.
        aws.ok(account, door, "DescribeKey", {"KeyId": key})
        aws.ok(account, door, "GetPublicKey", {"KeyId": pair})
        start = time.monotonic()
        answer = th.raw("POST", f"/{th.token.region}/keys", {"name": "late"})
        assert time.monotonic() - start < DEADLINE
        assert answer.status_code in (500, 503, 504), answer.text
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    made = aws.ok(account, door, "CreateKey")["KeyMetadata"]["KeyId"]
    sealed = aws.ok(account, door, "Encrypt", {"KeyId": made, "Plaintext": b"after"})["CiphertextBlob"]
    assert aws.ok(account, door, "Decrypt", {"CiphertextBlob": sealed})["Plaintext"] == b64(b"after")
    th.create("after", "aes256-gcm96")
    alone.stop()
