"""The server is killed at random moments while clients create and use keys. Whatever it acknowledged
must be there afterwards."""

import os
import random
import threading
import time

import requests
from ledger import Clients, Ledger

from trentlib.server import Server

ROUNDS = 100 if os.environ.get("TRENT_FULL") else 30
WORKERS = 6
# Each round's keys are all looked at after the crash; of earlier rounds' keys so many again.
SAMPLE = 20
FINAL_SAMPLE = 500


def test_acknowledged_work_survives_sigkill(tmp_path):
    seed = int(os.environ.get("TRENT_SEED") or time.time())
    print(f"TRENT_SEED={seed}")
    dice = random.Random(seed)
    server, ledger, seen = Server(tmp_path), Ledger(), 0
    for number in range(ROUNDS):
        if number % 5 == 4:  # die also while starting, perhaps in the middle of recovery
            server.spawn()
            time.sleep(dice.uniform(0.0, 0.06))
            server.kill()
        server.start()
        clients = Clients(server)
        old = dice.sample(ledger.keys[:seen], min(SAMPLE, seen))
        ledger.verify(clients, ledger.keys[seen:] + old)
        seen = len(ledger.keys)
        run_until_killed(server, clients, ledger, dice)
    server.start()
    old = dice.sample(ledger.keys[:seen], min(FINAL_SAMPLE, seen))
    ledger.verify(Clients(server), ledger.keys[seen:] + old)
    assert server.metric("trent_quarantined_objects") == 0
    server.stop()
    assert len(ledger.keys) >= ROUNDS, "too little was acknowledged for the test to mean anything"
    assert sum(len(key.sealed) for key in ledger.keys) >= ROUNDS


def run_until_killed(server, clients, ledger, dice):
    """Lets clients work for a random while, kills the server under them, and waits for them."""
    stop, problems = threading.Event(), []

    def run(seed):
        try:
            ledger.work(clients, seed, stop)
        except Exception as problem:
            problems.append(problem)

    workers = [threading.Thread(target=run, args=(dice.randrange(1 << 32),)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    time.sleep(dice.uniform(0.02, 0.4))
    alive = server.process.poll() is None
    server.kill()
    stop.set()
    for worker in workers:
        worker.join()
    assert alive, f"the server ended by itself:\n{server.tail()}"
    assert not problems, problems[0]


def test_one_server_for_one_directory(tmp_path):
    """A second server on the same data refuses to start, also when told another port, and harms nothing."""
    first = Server(tmp_path).start()
    second = Server(tmp_path)
    second.log = tmp_path / "second.log"
    for _ in range(3):
        status = second.spawn().wait(20)
        assert status not in (0, None) and status > 0, status
        assert "panicked" not in second.tail()
    assert requests.get(f"http://127.0.0.1:{first.port}/readyz", timeout=5).status_code == 200
    clients = Clients(first)
    key = clients.call("CreateKey")["KeyMetadata"]["KeyId"]
    first.kill()
    second.start()  # the lock of a killed server does not outlive it
    assert Clients(second).call("DescribeKey", {"KeyId": key})["KeyMetadata"]["Enabled"] is True
    second.stop()


def test_interrupt_is_a_clean_end_too(tmp_path):
    """Clients that hold connections open do not keep the server from ending in time."""
    server = Server(tmp_path).start()
    clients = Clients(server)
    clients.call("CreateKey")
    process = server.process
    start = time.monotonic()
    process.send_signal(2)
    assert process.wait(15) == 0
    assert time.monotonic() - start < 12
    server.process = None
