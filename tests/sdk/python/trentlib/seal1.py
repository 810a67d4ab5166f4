"""SEAL-1 written again from docs/formats.md, over the `cryptography` package: what the server seals must open here,
and what is sealed here must open there."""

import hashlib
import hmac
import os
import struct
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = bytes.fromhex("c74b0101")  # a message, format 1, suite 1: AES-256-GCM
HEADER, COMMITMENT, IV = 40, 32, 12


def with_length(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def context_bytes(context: dict) -> bytes:
    """The authenticated form of an encryption context."""
    if not context:
        return b"\x00"
    pairs = sorted((name.encode(), value.encode()) for name, value in context.items())
    body = b"".join(with_length(name) + with_length(value) for name, value in pairs)
    return b"\x01" + struct.pack(">I", len(pairs)) + body


def expanded(material: bytes, spec: str) -> bytes:
    """The sealing key of an exportable key of this spec."""
    message = b"trent/1/expand\x00" + with_length(spec.encode())
    return hmac.new(material, message, hashlib.sha512).digest()[:32]


def _derive(key: bytes, tenant: str, header: bytes) -> tuple[bytes, bytes]:
    derivation = header[3:4] + uuid.UUID(tenant).bytes + header[4:]
    message = struct.pack(">I", 1) + b"trent/1/message\x00" + derivation + struct.pack(">I", 512)
    out = hmac.new(key, message, hashlib.sha512).digest()
    return out[:32], out[32:]


def open_blob(key: bytes, tenant: str, blob: bytes, context: dict) -> bytes:
    header, rest = blob[:HEADER], blob[HEADER:]
    commitment, iv, sealed = rest[:COMMITMENT], rest[COMMITMENT : COMMITMENT + IV], rest[COMMITMENT + IV :]
    assert header[:4] == MAGIC, header[:4].hex()
    message_key, expected = _derive(key, tenant, header)
    assert commitment == expected
    return AESGCM(message_key).decrypt(iv, sealed, header + commitment + context_bytes(context))


def seal_blob(key: bytes, tenant: str, key_id: str, version: int, plaintext: bytes, context: dict) -> bytes:
    header = MAGIC + uuid.UUID(key_id).bytes + struct.pack(">I", version) + os.urandom(16)
    message_key, commitment = _derive(key, tenant, header)
    iv = os.urandom(IV)
    sealed = AESGCM(message_key).encrypt(iv, plaintext, header + commitment + context_bytes(context))
    return header + commitment + iv + sealed
