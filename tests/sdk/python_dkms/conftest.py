"""One fresh server for the whole session, the vendor's client through each door, and the RPC API beside it."""

import os

import pytest
from dkmslib.instance import Instance, config_of
from dkmslib.rpc import Rpc
from trentlib.doors import doors_of
from trentlib.server import Server

# A proxy of the machine must not stand between the suite and a server on loopback.
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
def kms(env, door):
    """The client key through each door."""
    return Instance(config_of(env["alibaba"], door))


@pytest.fixture(scope="session")
def plain(env, doors):
    """The client key through the plain door, for what takes long."""
    return Instance(config_of(env["alibaba"], doors["plain"]))


@pytest.fixture(scope="session")
def rpc(env, doors):
    return Rpc(env["alibaba"], doors["plain"])


@pytest.fixture(scope="session")
def key(rpc):
    """A symmetric key that nobody disables or rotates."""
    return rpc.key()
