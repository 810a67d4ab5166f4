"""The first request a person makes: curl, as the vendor's pages show it."""

import json
import shutil
import subprocess

import pytest


def curl(*arguments: str) -> tuple[int, dict]:
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "30",
            "--write-out",
            "\n%{http_code}",
            *arguments,
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_export_with_curl(th, env, name):
    base = f"{th.door.endpoint}/v1/kms/{th.token.region}/keys"
    common = ["--header", f"Authorization: Bearer {th.token.token}"]
    common += ["--header", f"X-Organisation-Identity: {th.token.organisation}"]
    common += ["--cacert", env["ca_file"]]
    sends = [*common, "--header", "Content-Type: application/json"]
    body = json.dumps({"name": name("curl"), "keyType": "ecdsa-p256", "exportAllowed": True})
    status, made = curl(*sends, "--data", body, base)
    assert status == 201
    key = made["identity"]
    status, told = curl(*common, f"{base}/{key}/public-key")
    assert status == 200 and "BEGIN PUBLIC KEY" in told["keys"]["1"]
    status, told = curl(*sends, "--data", "{}", f"{base}/{key}/export")
    assert status == 200 and told["keyVersion"] == "1" and told["keyMaterial"]
    status, told = curl(*common, "--request", "POST", f"{base}/{key}/rotate")
    assert status == 200 and told["latestVersion"] == 2
    status, told = curl(*common, f"{base}/kms-unknown")
    assert status == 404 and told["message"]
