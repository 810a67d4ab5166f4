"""One fresh server for the whole session, and clients for each door and account style."""

import os

import pytest

from trentlib import aws
from trentlib.access import Tenant, accounts_of, fresh, token_of
from trentlib.doors import doors_of
from trentlib.server import Server
from trentlib.thalassa import Thalassa

# A proxy of the machine must not stand between the suites and a server on loopback.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    panics = running.metric("trent_panics_total")
    running.stop()
    assert panics == 0


@pytest.fixture(scope="session")
def env(server):
    return server.env()


@pytest.fixture(scope="session")
def doors(env):
    return doors_of(env)


@pytest.fixture(scope="session", params=["plain", "tls"])
def door(request, doors):
    return doors[request.param]


@pytest.fixture(scope="session")
def accounts(env):
    return accounts_of(env)


@pytest.fixture(scope="session", params=["aws", "qkms"])
def account(request, accounts):
    return accounts[request.param]


class Aws:
    """One account through one door."""

    def __init__(self, account, door):
        self.account, self.door = account, door
        self.kms = aws.client(account, door)

    @property
    def verenc(self) -> bool:
        return self.account.style == "verenc"

    def call(self, operation, body=None, **more):
        return aws.call(self.account, self.door, operation, body, **more)

    def ok(self, operation, body=None):
        return aws.ok(self.account, self.door, operation, body)

    def key(self, spec="SYMMETRIC_DEFAULT", usage=None) -> str:
        """Makes a key and returns its id."""
        more = {} if spec == "SYMMETRIC_DEFAULT" else {"KeyUsage": usage or "SIGN_VERIFY"}
        return self.kms.create_key(KeySpec=spec, **more)["KeyMetadata"]["KeyId"]


@pytest.fixture(scope="session")
def at(account, door):
    """Each account style through each door."""
    return Aws(account, door)


@pytest.fixture(scope="session")
def plain(accounts, doors):
    """Each account style through the plain door, by name, for tests that need both at once."""
    return {name: Aws(account, doors["plain"]) for name, account in accounts.items()}


@pytest.fixture(scope="session")
def th(env, door):
    """The Thalassa API through each door."""
    return Thalassa(door, token_of(env))


@pytest.fixture
def name():
    """Makes names for Thalassa keys that no other test uses."""
    return fresh


class Guests:
    """A second tenant: nothing of it may be reached with the first one's credentials, or the reverse."""

    def __init__(self, server, env):
        self.tenant = Tenant(server.data, env)
        self.admin = self.tenant.principal("administrator")
        self.reader = self.tenant.principal("reader")
        self.nobody = self.tenant.principal("none")


@pytest.fixture(scope="session")
def guests(server, env):
    return Guests(server, env)
