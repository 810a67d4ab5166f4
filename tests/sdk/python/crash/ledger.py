"""What clients were told had happened. After a crash all of it must still be so."""

import random
import threading
from dataclasses import dataclass, field

import requests

from trentlib import aws
from trentlib.access import accounts_of, token_of
from trentlib.doors import doors_of
from trentlib.thalassa import Thalassa, b64, check_status

GONE = (requests.RequestException, OSError)  # the server was killed under the request: nothing was acknowledged
PAIR = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}


@dataclass
class Key:
    """An acknowledged key, with all that was acknowledged of it since."""

    door: str  # "aws" or "thalassa"
    name: str
    usable: str  # "encrypt" or "public"
    sealed: list = field(default_factory=list)  # (plaintext, ciphertext)
    public: str | None = None
    off: bool = False
    unsure: bool = False  # a switch was under way when the server died: either state is right


class Clients:
    """The clients of one run of the server."""

    def __init__(self, server):
        env = server.env()
        self.account = accounts_of(env)["aws"]
        self.plain = doors_of(env)["plain"]
        self.th = Thalassa(self.plain, token_of(env))

    def call(self, operation, body=None):
        answer = aws.call(self.account, self.plain, operation, body)
        assert answer.status == 200, f"{operation}: {answer.status} {answer.body!r}"
        return answer.json


class Ledger:
    def __init__(self):
        self.keys: list[Key] = []
        self.lock = threading.Lock()
        self.serial = 0

    def next_name(self) -> str:
        with self.lock:
            self.serial += 1
            return f"crash-{self.serial}"

    def work(self, clients: Clients, seed: int, stop: threading.Event) -> None:
        """One client: makes keys and uses them until the server is gone. Any other end is an error."""
        dice = random.Random(seed)
        try:
            while not stop.is_set():
                key = self.create(clients, dice)
                with self.lock:
                    self.keys.append(key)
                for _ in range(dice.randrange(3)):
                    self.use(clients, key, dice)
        except GONE:
            return

    def create(self, clients: Clients, dice: random.Random) -> Key:
        if dice.random() < 0.5:
            usable = dice.choice(["encrypt", "encrypt", "public"])
            made = clients.call("CreateKey", PAIR if usable == "public" else {})
            return Key("aws", made["KeyMetadata"]["KeyId"], usable)
        usable = dice.choice(["encrypt", "encrypt", "public"])
        body = {"name": self.next_name(), "keyType": "ed25519" if usable == "public" else "aes256-gcm96"}
        body["exportAllowed"] = dice.random() < 0.3
        answer = clients.th.raw("POST", f"/{clients.th.token.region}/keys", body)
        check_status(answer, 201)
        return Key("thalassa", answer.json()["identity"], usable)

    def use(self, clients: Clients, key: Key, dice: random.Random) -> None:
        """One more fact about the key; recorded only when it was acknowledged."""
        if key.off:
            return
        chosen = dice.random()
        if chosen < 0.15:
            key.unsure = True
            self.switch(clients, key, on=False)
            key.off, key.unsure = True, False
        elif key.usable == "public":
            key.public = self.public(clients, key)
        else:
            if chosen < 0.35:
                self.rotate(clients, key)
            plaintext = f"{key.name} {dice.random()}".encode()
            key.sealed.append((plaintext, self.encrypt(clients, key, plaintext)))

    def switch(self, clients: Clients, key: Key, on: bool) -> None:
        if key.door == "aws":
            clients.call("EnableKey" if on else "DisableKey", {"KeyId": key.name})
        else:
            clients.th.keys("POST", f"/{key.name}/{'enable' if on else 'disable'}")

    def rotate(self, clients: Clients, key: Key) -> None:
        if key.door == "aws":
            clients.call("RotateKeyOnDemand", {"KeyId": key.name})
        else:
            clients.th.keys("POST", f"/{key.name}/rotate")

    def public(self, clients: Clients, key: Key) -> str:
        if key.door == "aws":
            return clients.call("GetPublicKey", {"KeyId": key.name})["PublicKey"]
        return clients.th.public_keys(key.name)["1"]

    def encrypt(self, clients: Clients, key: Key, plaintext: bytes) -> str:
        if key.door == "aws":
            return clients.call("Encrypt", {"KeyId": key.name, "Plaintext": plaintext})["CiphertextBlob"]
        return clients.th.encrypt(key.name, plaintext)

    def decrypt(self, clients: Clients, key: Key, ciphertext: str) -> str:
        if key.door == "aws":
            return clients.call("Decrypt", {"CiphertextBlob": ciphertext})["Plaintext"]
        return b64(clients.th.decrypt(key.name, ciphertext))

    def is_on(self, clients: Clients, key: Key) -> bool:
        if key.door == "aws":
            return clients.call("DescribeKey", {"KeyId": key.name})["KeyMetadata"]["Enabled"]
        return clients.th.keys("GET", f"/{key.name}")["status"] == "active"

    def verify(self, clients: Clients, keys: list[Key]) -> None:
        """Every acknowledged fact about the keys still holds, and each key still works."""
        for key in keys:
            on = self.is_on(clients, key)
            assert key.unsure or on is not key.off, f"{key.name}: acknowledged as {'off' if key.off else 'on'}"
            key.off, key.unsure = not on, False
            if not on:
                self.switch(clients, key, on=True)
            for plaintext, ciphertext in key.sealed:
                assert self.decrypt(clients, key, ciphertext) == b64(plaintext), key.name
            if key.usable == "public":
                told = self.public(clients, key)
                assert key.public in (None, told), f"{key.name}: another public key"
                key.public = told
            else:
                fresh = self.encrypt(clients, key, b"after")
                assert self.decrypt(clients, key, fresh) == b64(b"after"), key.name
            if not on:
                self.switch(clients, key, on=False)
