"""Checks by the `cryptography` package, which shares no code with the server."""

import base64
import shutil
import subprocess

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

# What a key of each AWS spec must turn out to be: the class of its public key, and its size or curve.
ASYMMETRIC = {
    "RSA_2048": (rsa.RSAPublicKey, 2048),
    "RSA_3072": (rsa.RSAPublicKey, 3072),
    "RSA_4096": (rsa.RSAPublicKey, 4096),
    "ECC_NIST_P256": (ec.EllipticCurvePublicKey, "secp256r1"),
    "ECC_NIST_P384": (ec.EllipticCurvePublicKey, "secp384r1"),
    "ECC_NIST_P521": (ec.EllipticCurvePublicKey, "secp521r1"),
    "ECC_SECG_P256K1": (ec.EllipticCurvePublicKey, "secp256k1"),
    "ECC_NIST_EDWARDS25519": (ed25519.Ed25519PublicKey, None),
}

# The same for Thalassa's asymmetric key types.
THALASSA_SPECS = {
    "rsa-2048": "RSA_2048",
    "rsa-3072": "RSA_3072",
    "rsa-4096": "RSA_4096",
    "ecdsa-p256": "ECC_NIST_P256",
    "ecdsa-p384": "ECC_NIST_P384",
    "ecdsa-p521": "ECC_NIST_P521",
    "ed25519": "ECC_NIST_EDWARDS25519",
}

MESSAGE = b"a message that nobody else signs"


def check_public(key, spec: str):
    """The public key is of the spec. Returns the key."""
    kind, detail = ASYMMETRIC[spec]
    assert isinstance(key, kind), f"{spec}: {type(key)}"
    if kind is rsa.RSAPublicKey:
        assert key.key_size == detail and key.public_numbers().e == 65537
    elif kind is ec.EllipticCurvePublicKey:
        assert key.curve.name == detail
    return key


def public_from_der(der: bytes, spec: str):
    """Loads a SubjectPublicKeyInfo, which must be the encoding that this library would write."""
    key = check_public(serialization.load_der_public_key(der), spec)
    assert spki(key) == der, f"{spec}: not the canonical encoding"
    return key


def spki(public) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_from_der(der: bytes):
    """Loads a PKCS#8 private key; the library checks its numbers."""
    return serialization.load_der_private_key(der, password=None)


def check_pair(private_der: bytes, public, spec: str) -> None:
    """The private key is of the spec, belongs to the public key, and what it signs verifies there."""
    private = private_from_der(private_der)
    check_public(private.public_key(), spec)
    assert spki(private.public_key()) == spki(public), f"{spec}: the halves do not belong together"
    arguments = _signing(private)
    signature = private.sign(MESSAGE, *arguments)
    public.verify(signature, MESSAGE, *arguments)
    try:
        public.verify(signature, MESSAGE + b"!", *arguments)
    except InvalidSignature:
        return
    raise AssertionError("a signature of another message verified")


def _signing(private) -> tuple:
    if isinstance(private, rsa.RSAPrivateKey):
        return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH), hashes.SHA256()
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return (ec.ECDSA(hashes.SHA256()),)
    return ()


def oaep(name: str) -> padding.OAEP:
    """OAEP with one hash for label and mask, as RSAES_OAEP_SHA_1 and …_256 mean it."""
    digest = {"RSAES_OAEP_SHA_1": hashes.SHA1, "RSAES_OAEP_SHA_256": hashes.SHA256}[name]()
    return padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)


def thalassa_parts(ciphertext: str) -> tuple[int, bytes]:
    """The version and the payload of `thalassa:v{N}:{base64}`."""
    prefix, version, payload = ciphertext.split(":")
    assert prefix == "thalassa" and version[0] == "v", ciphertext
    return int(version[1:]), base64.b64decode(payload, validate=True)


def open_plain_aead(key_type: str, material: bytes, ciphertext: str) -> bytes:
    """Opens a ciphertext of an exportable key with the exported material alone."""
    cipher = {"chacha20-poly1305": ChaCha20Poly1305}.get(key_type, AESGCM)(material)
    _, payload = thalassa_parts(ciphertext)
    return cipher.decrypt(payload[:12], payload[12:], None)


def openssl(*arguments: str, data: bytes = b"") -> bytes | None:
    """Runs the OpenSSL command; None where it is not installed."""
    program = shutil.which("openssl")
    if program is None:
        return None
    done = subprocess.run([program, *arguments], input=data, capture_output=True, timeout=30)
    assert done.returncode == 0, f"openssl {arguments}: {done.stderr.decode(errors='replace')}"
    return done.stdout
