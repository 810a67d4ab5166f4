"""Connections that misbehave end alone; all others go on being served."""

import concurrent.futures
import http.client
import json
import threading
import time

import pytest

from trentlib import aws, wire
from trentlib.access import fresh
from trentlib.thalassa import Thalassa, b64

MEBIBYTE = 1 << 20
REFUSALS = (400, 408, 411, 413, 417, 431, 501)


class Healthy:
    """A client of both dialects that works all the time and keeps the worst waiting time."""

    def __init__(self, account, token, door):
        self.account, self.th, self.door = account, Thalassa(door, token), door
        self.began, self.stopped = threading.Event(), threading.Event()
        self.worst, self.served, self.problem = 0.0, 0, None
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        self.began.wait(60)
        return self

    def __exit__(self, kind, *_):
        served, limit = self.served, time.monotonic() + 10
        while kind is None and self.served <= served + 1 and not self.problem and time.monotonic() < limit:
            time.sleep(0.01)  # also after all that was sent, the server must serve
        self.stopped.set()
        self.thread.join()
        if kind is not None:
            return
        assert self.problem is None, self.problem
        assert self.served > served + 1, "the server serves no more"
        assert self.worst < 3.0, f"a healthy client waited {self.worst:.1f} s"

    def _run(self):
        try:
            key = aws.ok(self.account, self.door, "CreateKey")["KeyMetadata"]["KeyId"]
            while not self.stopped.is_set():
                start = time.monotonic()
                blob = aws.ok(self.account, self.door, "Encrypt", {"KeyId": key, "Plaintext": b"x"})["CiphertextBlob"]
                assert aws.ok(self.account, self.door, "Decrypt", {"CiphertextBlob": blob})["Plaintext"] == b64(b"x")
                self.th.keys("GET", "?name=nobody")
                self.worst = max(self.worst, time.monotonic() - start)
                self.served += 1
                self.began.set()
                self.stopped.wait(0.02)
        except Exception as problem:
            self.problem = problem
            self.began.set()


@pytest.fixture
def healthy(accounts, th, door):
    return Healthy(accounts["aws"], th.token, door)


def head(path, *lines) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


AWS_HEAD = ["Content-Type: application/x-amz-json-1.1", "X-Amz-Target: TrentService.ListKeys"]


def test_stalled_connections_are_cut(door, healthy):
    """A dripping header, a half header, silence, a stalled body, a stalled handshake: each ends, in time."""
    hello = bytes.fromhex("1603010200010001fc0303") + b"\x11" * 40  # the beginning of a TLS ClientHello
    cases = {  # what is sent, what drips after it, the longest that the connection may live
        "dripping header": (wire.connect, b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a" * 100, 12),
        "half a header": (wire.connect, b"POST / HTTP/1.1\r\nHost: lo", b"", 12),
        "silence": (wire.connect_bare, b"", b"", 15),
        "stalled body": (wire.connect, head("/", *AWS_HEAD, "Content-Length: 100") + b"{", b"", 20),
        "dripping body": (wire.connect, head("/", *AWS_HEAD, "Content-Length: 9000") + b"{", b" " * 100, 20),
        "stalled handshake": (wire.connect_bare, hello, b"", 12),
        "dripping handshake": (wire.connect_bare, hello, b"\x11" * 100, 12),
        "one byte of a handshake": (wire.connect_bare, b"\x16", b"", 15),
    }

    def run(case):
        open_it, first, drip, limit = case
        with open_it(door) as connection:
            if first:
                connection.sendall(first)
            return wire.until_closed(connection, limit + 5.0, drip)

    with healthy, concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        ended = dict(zip(cases, pool.map(run, cases.values()), strict=True))
    for name, (seconds, said) in ended.items():
        limit = cases[name][3]
        assert seconds is not None and seconds <= limit, f"{name}: {seconds} s, {said!r}"
        assert not said or wire.status_of(said) in REFUSALS or said[0] == 0x15, f"{name}: {said[:80]!r}"


def test_a_body_over_the_cap(door, healthy, th):
    """Announced or not, one byte over a mebibyte is refused, and that connection only."""
    path = f"/v1/kms/{th.token.region}/keys"
    rest = [f"Authorization: Token {th.token.token}", f"X-Organisation-Identity: {th.token.organisation}"]
    big = b" " * (MEBIBYTE + 1)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with healthy:
        for target, lines in (("/", AWS_HEAD), (path, rest)):
            announced = head(target, *lines, f"Content-Length: {len(big)}")
            chunked = head(target, *lines, "Transfer-Encoding: chunked")
            for data in (
                announced + big,
                head(target, *lines, "Content-Length: 99999999999"),
                chunked + chunk * 17 + b"0\r\n\r\n",
            ):
                with wire.connect(door) as connection:
                    said = wire.push(connection, data)
                # A server may also close at once; then our unsent bytes can drown the answer.
                assert not said or wire.status_of(said) in (400, 413), said[:200]


def test_a_big_body_has_the_dialects_answer(door, healthy, accounts, th):
    """Well-signed and over the cap: an error, never a success, and the next request is served."""
    account = accounts["aws"]
    with healthy:
        for size in (MEBIBYTE - 100, MEBIBYTE + 1):
            body = b'{"Limit":1}' + b" " * (size - 11)
            try:
                answer = aws.call(account, door, "ListKeys", body)
            except OSError:  # closed while we were sending
                assert size > MEBIBYTE
                continue
            assert answer.status in ((200, 400, 413) if size < MEBIBYTE else (400, 413)), answer
        for size in (300_000, MEBIBYTE + 1):
            try:
                answer = th.raw("POST", f"/{th.token.region}/keys", {"name": "x" * size})
            except OSError:
                continue
            assert answer.status_code in (400, 413), answer.status_code


def malformed(path, auth, body) -> dict:
    """Requests that would be answered with 200 but for one fault each: what is sent, and the status."""
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    length = f"Content-Length: {len(body)}"

    def sized(*lines):
        return head(path, *auth, length, *lines) + body

    def coded(*lines):
        return head(path, *auth, *lines) + chunks

    many = [f"X-Many-{number}: x" for number in range(500)]
    cases = {
        "no HTTP": (b"\x00\x01\x02\x03\r\n\r\n", 400),
        "half a request line": (b"GET\r\n\r\n", 400),
        "unknown version": (sized().replace(b"HTTP/1.1", b"HTTP/9.9"), 400),
        "no host": (sized().replace(b"Host: localhost\r\n", b""), 400),
        "two hosts": (sized("Host: elsewhere"), 400),
        "no colon": (sized("X-Header x"), 400),
        "space in a name": (sized("Bad Header: x"), 400),
        "space before a colon": (sized("X-Header : x"), 400),
        "folded line": (sized("X-Header: a", " b"), 400),
        "two lengths": (sized(f"Content-Length: {len(body) + 1}"), 400),
        "negative length": (head(path, *auth, "Content-Length: -1") + body, 400),
        "length of no number": (head(path, *auth, "Content-Length: 0x10") + body, 400),
        "chunk of no size": (head(path, *auth, "Transfer-Encoding: chunked") + b"zz\r\n" + body, 400),
        "chunk without an end": (
            head(path, *auth, "Transfer-Encoding: chunked") + chunks.replace(b"\r\n0", b"xx0"),
            400,
        ),
        "chunks in HTTP/1.0": (coded("Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        "coded twice": (coded("Transfer-Encoding: gzip, chunked"), 501),
        "chunked twice": (coded("Transfer-Encoding: chunked, chunked"), 501),
        "two lines of codings": (coded("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501),
        "too many headers": (sized(*many), 431),
        "too long a header": (sized("X-Long: " + "x" * 400_000), 431),
    }
    # These codings do not end in chunks, so no reader knows where the body ends.
    for coding in ("gzip", "identity", "chunked, gzip", "xchunked"):
        cases[f"coding {coding}"] = (coded(f"Transfer-Encoding: {coding}"), (400, 501))
    # Of two lengths the chunks' counts, if the request is answered at all (RFC 9112, section 6.1).
    for order in ((length, "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", length)):
        for said in ((order[0], order[1]), tuple(line.replace(length, "Content-Length: 0") for line in order)):
            cases[" and ".join(said)] = (coded(*said), (200, 400))
    return cases


def test_malformed_requests_end_their_connection(door, healthy, th):
    """Each is answered with the right status, or not at all, and what stands behind it is no request any more."""
    key = th.create(fresh("framed"))["slug"]
    path, body = f"/v1/kms/{th.token.region}/keys/{key}/encrypt", json.dumps({"plaintext": b64(b"x")}).encode()
    auth = [f"Authorization: Token {th.token.token}", "Content-Type: application/json"]
    good = head(path, *auth, f"Content-Length: {len(body)}") + body
    chunked = head(path, *auth, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    last = head(path, *auth, f"Content-Length: {len(body)}", "Connection: close") + body
    with healthy:
        # Without a fault the same requests are answered, one after the other.
        with wire.connect(door) as connection:
            _, said = wire.ended(connection, good + chunked + last, 10)
        assert said.count(b"HTTP/1.1 200 ") == said.count(b"HTTP/1.1 ") == 3, said
        for name, (data, expected) in malformed(path, auth, body).items():
            with wire.connect(door) as connection:
                seconds, said = wire.ended(connection, data + good, 5)
            assert seconds is not None, f"{name}: the connection stays open after {said[:200]!r}"
            statuses = expected if isinstance(expected, tuple) else (expected,)
            assert wire.status_of(said) in statuses, f"{name}: {said[:200]!r}"
            assert said.count(b"HTTP/1.1 ") == 1, f"{name}: {said!r}"


def test_connections_are_kept_and_pipelined(door, th):
    """Many requests on one connection, each after the other's answer, and several at once, in order."""
    host = "localhost" if door.name == "tls" else "127.0.0.1"
    common = (
        f"Host: {host}\r\nAuthorization: Token {th.token.token}\r\nX-Organisation-Identity: {th.token.organisation}"
    )
    kept = http.client.HTTPConnection("unused")
    with wire.connect(door) as connection:
        kept.sock = connection
        for number in range(50):
            kept.request("GET", f"/v1/kms/{th.token.region}/keys?name=nobody-{number}", headers=pairs(common))
            answer = kept.getresponse()
            assert (answer.status, json.loads(answer.read())) == (200, [])
            assert kept.sock is connection, "the connection was closed"
    names = [th.create(fresh("pipelined"))["slug"] for _ in range(8)]
    requests = "".join(
        f"GET /v1/kms/{th.token.region}/keys/{name} HTTP/1.1\r\n{common}\r\n\r\n" for name in names
    ).encode()
    with wire.connect(door) as connection:
        connection.sendall(requests)
        stream = connection.makefile("rb")
        for name in names:
            status = stream.readline()
            assert status.startswith(b"HTTP/1.1 200 "), status
            length = 0
            while (line := stream.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert json.loads(stream.read(length))["slug"] == name


def pairs(lines: str) -> dict:
    return dict(line.split(": ", 1) for line in lines.split("\r\n"))


def test_health_and_metrics(door, server):
    for path in ("/livez", "/readyz"):
        assert door.session().get(door.endpoint + path, timeout=10).status_code == 200
    text = door.session().get(door.endpoint + "/metrics", timeout=10).text
    for name in ("trent_requests_total", "trent_request_seconds", "trent_in_flight", "trent_panics_total"):
        assert name in text, name
    assert server.metric("trent_requests_total") > 0


def test_tls_only_under_the_generated_authority(doors):
    """The certificate is good for the name and the address, and for no client that does not know the authority."""
    import requests

    door = doors["tls"]
    for endpoint in (door.endpoint, door.endpoint.replace("localhost", "127.0.0.1")):
        assert door.session().get(endpoint + "/readyz", timeout=10).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(door.endpoint + "/readyz", timeout=10)
