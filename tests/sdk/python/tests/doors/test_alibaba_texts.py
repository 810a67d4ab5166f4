"""Alibaba's RPC API seals a text. The other doors, whose data are bytes, take it for base64 once, if it is canonical."""

import pytest

from trentlib.thalassa import b64

TEXTS = {
    "eHl6": b"xyz",
    b64(b64(b"x").encode()): b64(b"x").encode(),
    "plain text": b"plain text",
    "ü": "ü".encode(),
    "eA": b"eA",  # no padding
    "eB==": b"eB==",  # bits behind the last byte
    "eHl6\n": b"eHl6\n",
    "-_8=": b"-_8=",  # another alphabet
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_through_every_door(ways, door, text):
    through = ways[door.name]
    rpc = through["alibaba"]
    key = rpc.create("SYMMETRIC_DEFAULT")
    sealed = rpc.kms.encrypt(key, text)
    assert rpc.kms.decrypt(sealed) == text
    for name in set(through) - {"alibaba"}:
        assert through[name].decrypt(key, sealed, None) == TEXTS[text], name


def test_a_text_that_another_door_sealed_is_shown_in_base64(ways, door):
    through = ways[door.name]
    for name in set(through) - {"alibaba"}:
        key = through[name].create("SYMMETRIC_DEFAULT")
        for data in (b"eHl6", b"\xff\x00"):
            assert through["alibaba"].decrypt(key, through[name].encrypt(key, data, None), None) == data, name
