"""The two ways in: plain HTTP on loopback, and TLS under the generated authority."""

import threading
from dataclasses import dataclass

import requests

TIMEOUT = 60  # seconds; a slow answer is a failure of its own, not a hang of the suite


@dataclass(frozen=True)
class Door:
    name: str
    endpoint: str
    verify: str | bool

    @property
    def scheme(self) -> str:
        return self.endpoint.partition("://")[0]

    @property
    def host(self) -> str:
        """The host and port, as some vendors' clients want their endpoint."""
        return self.endpoint.partition("://")[2]

    def session(self) -> requests.Session:
        """A kept-alive session of this thread."""
        sessions = _local.__dict__.setdefault("sessions", {})
        if self not in sessions:
            session = requests.Session()
            session.trust_env = False
            session.verify = self.verify
            sessions[self] = session
        return sessions[self]


_local = threading.local()


def doors_of(env: dict) -> dict[str, Door]:
    return {
        "plain": Door("plain", env["endpoint"], True),
        "tls": Door("tls", env["endpoint_tls"], env["ca_file"]),
    }
