"""Q-KMS and AWS: ListKeys, page by page."""

import pytest

from trentlib import aws


@pytest.fixture(scope="module")
def made(plain):
    return {plain["aws"].key() for _ in range(7)}


def pages(kms, limit):
    """Walks the list by hand and returns the pages."""
    found, more = [], {}
    while True:
        page = kms.list_keys(Limit=limit, **more)
        assert len(page["Keys"]) <= limit
        found.append(page["Keys"])
        if not page["Truncated"]:
            assert "NextMarker" not in page
            return found
        more = {"Marker": page["NextMarker"]}
        assert len(found) < 10_000, "the list does not end"


def test_pages(at, made):
    everything = [entry for page in at.kms.get_paginator("list_keys").paginate() for entry in page["Keys"]]
    by_id = {entry["KeyId"]: entry["KeyArn"] for entry in everything}
    assert len(by_id) == len(everything), "an entry twice"
    assert made <= set(by_id)
    assert all(by_id[key] == at.account.arn(key) for key in by_id)
    for limit in (3, 1000):
        listed = [entry["KeyId"] for page in pages(at.kms, limit) for entry in page]
        assert listed == [entry["KeyId"] for entry in everything], limit


def test_a_marker_is_bound_and_sealed(at, plain, guests, made):
    first = at.ok("ListKeys", {"Limit": 1})
    assert first["Truncated"] is True
    marker = first["NextMarker"]
    bent = ("A" if marker[5] != "A" else "B").join([marker[:5], marker[6:]])
    for wrong in ("nonsense", marker + "AAAA", marker[:-4], bent):
        aws.check_error(at.call("ListKeys", {"Marker": wrong}), "InvalidMarkerException")
    foreign = aws.call(getattr(guests.admin, "qkms" if at.verenc else "aws"), at.door, "ListKeys", {"Marker": marker})
    aws.check_error(foreign, "InvalidMarkerException")
    assert at.ok("ListKeys", {"Marker": marker, "Limit": 1})["Keys"] != first["Keys"]


def test_nothing_of_another_tenant(at, guests, made):
    other = getattr(guests.admin, "qkms" if at.verenc else "aws")
    theirs = aws.ok(other, at.door, "CreateKey")["KeyMetadata"]["KeyId"]
    ours = {entry["KeyId"] for page in pages(at.kms, 1000) for entry in page}
    listed = {entry["KeyId"] for entry in aws.ok(other, at.door, "ListKeys", {"Limit": 1000})["Keys"]}
    assert theirs in listed and theirs not in ours
    assert not listed & ours
