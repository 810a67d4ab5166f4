#!/usr/bin/env python3
"""How fast a server is ready and how much memory it holds when idle. Standard library only.

    cargo build --release && python3 bench/start.py [ROUNDS]

Prints the median and the worst of ROUNDS (default 10) first starts, which make everything, and second starts on the
same directory: milliseconds from exec to a 200 of /readyz. Then the resident memory ten seconds after a start, in MB,
and the size of the binary."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BINARY = Path(__file__).resolve().parents[1] / "target/release/trent"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(data: str) -> tuple[subprocess.Popen, float]:
    """Starts a server; returns it and the milliseconds until it was ready."""
    port = free_port()
    command = [str(BINARY), "dev", "--data", data, "--listen", f"127.0.0.1:{port}"]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while time.monotonic() - began < 10:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return process, (time.monotonic() - began) * 1000
        except OSError:
            time.sleep(0.001)
        finally:
            connection.close()
    raise SystemExit("the server was not ready within ten seconds")


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def resident(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    first, second = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            data = os.path.join(folder, str(number))
            for times in (first, second):
                process, milliseconds = start(data)
                stop(process)
                times.append(milliseconds)
        process, _ = start(data)
        time.sleep(10)
        memory = resident(process)
        stop(process)
    for name, times in (("first start", first), ("second start", second)):
        print(f"{name}: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms of {rounds}")
    print(f"idle memory: {memory:.1f} MB resident")
    print(f"binary: {BINARY.stat().st_size / 1e6:.1f} MB")


main()
