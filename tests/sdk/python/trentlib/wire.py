"""Bare sockets, for what no client library would do."""

import select
import socket
import ssl
import time
from urllib.parse import urlsplit

from .doors import Door


def connect(door: Door, timeout: float = 30.0) -> socket.socket:
    """A connection through the door, with TLS where the door has it."""
    url = urlsplit(door.endpoint)
    bare = connect_bare(door, timeout)
    if url.scheme == "http":
        return bare
    return ssl.create_default_context(cafile=door.verify).wrap_socket(bare, server_hostname=url.hostname)


def connect_bare(door: Door, timeout: float = 30.0) -> socket.socket:
    """A TCP connection to the door, without TLS."""
    made = socket.create_connection(("127.0.0.1", urlsplit(door.endpoint).port), timeout=timeout)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def until_closed(connection: socket.socket, limit: float, drip: bytes = b"", every: float = 1.0):
    """Waits until the server ends the connection and returns (seconds, what it said); sends one byte
    of `drip` at each interval meanwhile. (None, …) when it is still open after `limit` seconds."""
    start, said, sent = time.monotonic(), b"", 0
    while (passed := time.monotonic() - start) < limit:
        readable, _, _ = select.select([connection], [], [], every)
        try:
            if readable:
                got = connection.recv(65_536)
                if not got:
                    return time.monotonic() - start, said
                said += got
            elif sent < len(drip):
                connection.sendall(drip[sent : sent + 1])
                sent += 1
        except ssl.SSLWantReadError:
            continue
        except OSError:
            return time.monotonic() - start, said
        del passed
    return None, said


def ended(connection: socket.socket, data: bytes, limit: float):
    """Sends what the server takes and waits until it ends the connection, as `until_closed` does."""
    try:
        connection.sendall(data)
    except OSError:
        pass  # the server closed while we were sending; what it said may still be there
    return until_closed(connection, limit)


def push(connection: socket.socket, data: bytes) -> bytes:
    """Sends what the server takes and returns all that it says until it closes or falls silent."""
    said = b""
    try:
        connection.sendall(data)
    except OSError:
        pass  # the server closed while we were sending; what it said may still be there
    connection.settimeout(15)
    try:
        while got := connection.recv(65_536):
            said += got
    except OSError:
        pass
    return said


def status_of(said: bytes) -> int:
    """The status of the first answer in `said`, 0 when there is none."""
    parts = said.split(b" ", 2)
    return int(parts[1]) if said.startswith(b"HTTP/1.1 ") and len(parts) > 2 else 0
