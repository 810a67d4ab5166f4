"""Starts, watches and stops one server on a data directory of its own."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

REPOSITORY = Path(__file__).resolve().parents[4]
BINARY = os.environ.get("TRENT_BIN") or str(REPOSITORY / "target/release/trent")
READY_WITHIN = 20.0  # seconds
STOPPED_WITHIN = 15.0  # seconds; the server drains for ten at most


def attempt(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess:
    """Runs the command line to its end, whatever that is."""
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
    )


def trent(*arguments: str, timeout: float = 60) -> str:
    """Runs the command line to its end and returns what it printed. Fails when it fails."""
    done = attempt(*arguments, timeout=timeout)
    assert done.returncode == 0, f"trent {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server process. `folder` holds its data directory and its output."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.data = self.folder / "dev"
        self.log = self.folder / "server.log"
        self.port = 0
        self.process: subprocess.Popen | None = None

    def spawn(self) -> subprocess.Popen:
        """Starts the process and does not wait for it to be ready."""
        self.port = free_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "dev", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def start(self) -> "Server":
        """Starts the process and waits until it answers that it is ready."""
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended by itself:\n{self.tail()}"
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.01)
        raise AssertionError(f"not ready within {READY_WITHIN} s:\n{self.tail()}")

    def env(self) -> dict:
        """What `trent env` tells clients."""
        told = json.loads(trent("env", "--data", str(self.data), "--format", "json"))
        assert told["endpoint"] == f"http://127.0.0.1:{self.port}", told["endpoint"]
        assert told["endpoint_tls"] == f"https://localhost:{self.port}", told["endpoint_tls"]
        return told

    def stop(self) -> None:
        """Asks the server to end, as a service manager does; it must end with status zero."""
        process, self.process = self.process, None
        if process is None:
            return
        assert process.poll() is None, f"the server had ended by itself with {process.returncode}:\n{self.tail()}"
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"still running {STOPPED_WITHIN} s after SIGTERM:\n{self.tail()}") from None
        assert status == 0, f"ended with {status}:\n{self.tail()}"
        assert "panicked at" not in self.tail(None), self.tail()

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()

    def tail(self, lines: int | None = 40) -> str:
        """The end of what the server printed."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return text if lines is None else "\n".join(text.splitlines()[-lines:])

    def audit_lines(self) -> list[str]:
        """Every line of the audit log."""
        found: list[str] = []
        for path in sorted((self.data / "audit").rglob("*.jsonl")):
            found += path.read_text().splitlines()
        return found

    def metric(self, name: str) -> float:
        """The sum of all samples of one metric, zero when it has none."""
        text = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5).text
        total = 0.0
        for line in text.splitlines():
            if line.startswith((name + " ", name + "{")):
                total += float(line.rsplit(" ", 1)[1])
        return total
