"""An instance that makes one key pair at once, as the vendor's do: what comes meanwhile is told to wait."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from dkmslib.instance import Instance, config_of
from dkmslib.rpc import Rpc
from openapi_util.models import RuntimeOptions
from sdk import models
from Tea.exceptions import TeaException, UnretryableException
from trentlib.doors import doors_of
from trentlib.server import BINARY, Server, free_port

AT_ONCE = 8
ROUNDS = 5  # pairs may lie ready, so that one round may be over too soon


class Configured(Server):
    """A server that a configuration tells to make one pair at once, on a directory that `trent dev` made."""

    def spawn(self) -> subprocess.Popen:
        self.port = free_port()
        config = self.folder / "trent.toml"
        config.write_text(
            f'data = "{self.data}"\n[[listener]]\naddress = "127.0.0.1:{self.port}"\n'
            "[alibaba]\nkey_pairs_at_once = 1\n"
        )
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        return self.process


@pytest.fixture
def narrow(tmp_path):
    """The server's `trent env`, with the endpoints of the configured run."""
    first = Server(tmp_path).start()
    told = first.env()
    first.stop()
    running = Configured(tmp_path).start()
    plain, tls = f"http://127.0.0.1:{running.port}", f"https://localhost:{running.port}"
    yield {**told, "endpoint": plain, "endpoint_tls": tls}
    panics = running.metric("trent_panics_total")
    running.stop()
    assert panics == 0


def test_more_at_once_than_the_instance_makes_are_throttled(narrow):
    door = doors_of(narrow)["plain"]
    key = Rpc(narrow["alibaba"], door).key()
    clients = [Instance(config_of(narrow["alibaba"], door)).client for _ in range(AT_ONCE)]
    together = Barrier(AT_ONCE)
    fields = {"key_id": key, "key_pair_spec": "RSA_4096", "key_format": "DER"}
    request = models.AdvanceGenerateDataKeyPairWithoutPlaintextRequest(**fields)

    def call(client):
        together.wait(30)
        try:
            # Without its own retries, so that every refusal is seen.
            options = RuntimeOptions(autoretry=False)
            return client.advance_generate_data_key_pair_without_plaintext_with_options(request, options)
        except UnretryableException as last:
            return last.inner_exception
        except TeaException as refusal:
            return refusal

    made, refused = [], []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(ROUNDS):
            for answer in threads.map(call, clients):
                (refused if isinstance(answer, Exception) else made).append(answer)
            if refused:
                break
    assert made and refused
    for refusal in refused:
        assert isinstance(refusal, TeaException), repr(refusal)
        told = (refusal.data["httpCode"], refusal.code, refusal.message)
        assert told == (429, "Rejected.Throttling", "Concurrency Limit Exceeded.")
    # A refusal is for the moment: alone, the client is served again, and what was made opens.
    made.append(clients[0].advance_generate_data_key_pair_without_plaintext(request))
    for pair in made:
        blob = models.AdvanceDecryptRequest(ciphertext_blob=pair.private_key_ciphertext_blob)
        assert clients[0].advance_decrypt(blob).plaintext
    assert len({pair.public_key for pair in made}) == len(made)
