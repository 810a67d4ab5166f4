"""Thalassa: keys of every type, created, found, listed, disabled, enabled and rotated."""

import datetime
import re

import pytest

from trentlib.thalassa import KEY_TYPES, b64, check_status

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_create_every_type(th, name, key_type):
    called = name(key_type)
    more = {
        "description": "made by a test",
        "labels": {"team": "blue"},
        "annotations": {"note": "naïve ✓"},
        "keyRotationEnabled": True,
        "rotationPeriodInDays": 90,
    }
    made = th.create(called, key_type, **more)
    assert made["identity"].startswith("kms-")
    assert made["slug"] == called
    assert (made["name"], made["keyType"], made["status"]) == (called, key_type, "active")
    assert {member: made[member] for member in more} == more
    assert made["exportAllowed"] is False
    assert made.get("imported", False) is False
    assert made["latestVersion"] == 1
    assert made["minDecryptionVersion"] == 1
    assert made["objectVersion"] == 1
    assert [version["version"] for version in made["versions"]] == [1]
    for moment in (made["createdAt"], made["updatedAt"], made["versions"][0]["createdAt"]):
        assert RFC3339.fullmatch(moment), moment
        then = datetime.datetime.fromisoformat(moment)
        assert abs((datetime.datetime.now(datetime.UTC) - then).total_seconds()) < 60
    for path in (made["identity"], made["slug"]):
        assert th.keys("GET", f"/{path}") == made


def test_defaults(th, name):
    called = name("Name With. Dots ")
    made = th.create(called.strip())
    assert made["keyType"] == "aes256-gcm96"
    assert (made["exportAllowed"], made["keyRotationEnabled"]) == (False, False)
    assert re.fullmatch(r"name-with-dots-\d+", made["slug"])
    assert not {"description", "labels", "annotations", "projectId", "deletionScheduledAt"} & set(made)


def test_a_name_is_taken_once(th, name):
    called = name("taken")
    th.create(called, "ed25519")
    body = {"name": called, "keyType": "aes256-gcm96"}
    check_status(th.raw("POST", f"/{th.token.region}/keys", body), 409)
    th.create(name("free"))


def test_list_and_filters(th, name):
    label = name("label")
    first = th.create(name("listed"), "aes128-gcm96", labels={"set": label, "n": "1"})
    second = th.create(name("listed"), "ed25519", labels={"set": label, "n": "2"})
    th.keys("POST", f"/{second['identity']}/disable")
    listed = {key["identity"]: key for key in th.keys("GET")}
    assert listed[first["identity"]] == first
    assert listed[second["identity"]]["status"] == "disabled"
    for query, expected in [
        (f"identity={first['identity']}", [first]),
        (f"name={first['name']}", [first]),
        (f"slug={second['slug']}", [second]),
        (f"matchLabels[set]={label}", [first, second]),
        (f"matchLabels%5Bset%5D={label}&matchLabels%5Bn%5D=2", [second]),
        (f"matchLabels[set]={label}&status=active", [first]),
        (f"matchLabels[set]={label}&status=disabled", [second]),
        (f"name={first['name']}&identity={second['identity']}", []),
        (f"name={first['name']}&unknown=ignored", [first]),
        (f"name={first['name'][:-1]}", []),
        ("name=nobody", []),
    ]:
        found = [key["identity"] for key in th.keys("GET", f"?{query}")]
        assert sorted(found) == sorted(key["identity"] for key in expected), query
    empty = th.raw("GET", f"/{th.token.region}/keys?name=nobody")
    assert empty.json() == [] and empty.text.strip() == "[]"


def test_a_region_is_its_own(th, name):
    made = th.create(name("here"))
    elsewhere = "ab-77"
    check_status(th.raw("GET", f"/{elsewhere}/keys/{made['identity']}"), 404)
    answer = th.raw("GET", f"/{elsewhere}/keys")
    assert answer.status_code in (200, 404), answer.text
    assert answer.status_code == 404 or answer.json() == []


def test_disable_and_enable(th, name):
    made = th.create(name("switched"))
    path = f"/{made['identity']}"
    sealed = th.encrypt(made["identity"], b"x")
    for _ in range(2):
        assert th.keys("POST", f"{path}/disable")["status"] == "disabled"
    assert th.keys("GET", path)["status"] == "disabled"
    th.keys("POST", f"{path}/encrypt", {"plaintext": b64(b"x")}, expect=400)
    th.keys("POST", f"{path}/decrypt", {"ciphertext": sealed}, expect=400)
    th.keys("POST", f"{path}/rotate", expect=400)
    for _ in range(2):
        assert th.keys("POST", f"{path}/enable")["status"] == "active"
    assert th.decrypt(made["identity"], sealed) == b"x"
    assert th.keys("GET", path)["objectVersion"] > made["objectVersion"]


@pytest.mark.parametrize("key_type", [name for name in KEY_TYPES if name not in ("rsa-3072", "rsa-4096")])
def test_rotate(th, name, key_type):
    made = th.create(name("turned"), key_type)
    for expected in (2, 3):
        turned = th.keys("POST", f"/{made['identity']}/rotate")
        assert turned["latestVersion"] == expected
        assert sorted(version["version"] for version in turned["versions"]) == list(range(1, expected + 1))
    assert th.keys("GET", f"/{made['slug']}") == turned
    assert turned["objectVersion"] > made["objectVersion"]


def test_a_request_without_a_body_has_no_content_type(th, name):
    """With a length of zero, and chunked with no chunk, which is how the vendor's Go client sends it."""
    made = th.create(name("bare"))
    path = f"/{th.token.region}/keys/{made['identity']}/rotate"
    for data, header in ((None, "Content-Length"), (iter(()), "Transfer-Encoding")):
        answer = th.raw("POST", path, data=data, headers={"Content-Type": None})
        assert "Content-Type" not in answer.request.headers
        assert header in answer.request.headers
        check_status(answer, 200)
    assert answer.json()["latestVersion"] == 3
