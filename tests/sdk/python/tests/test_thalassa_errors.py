"""Thalassa: bad input to each operation, in one table, and requests without a right to be answered."""

import pytest

from trentlib.access import Token, fresh
from trentlib.thalassa import Thalassa, b64, check_status


@pytest.fixture(scope="module")
def keys(th, guests):
    """A key of each sort that the rows name."""
    tag = fresh()
    other = Thalassa(th.door, guests.admin.thalassa)
    made = {
        "good": th.create(f"errors-good-{tag}"),
        "off": th.create(f"errors-off-{tag}"),
        "rsa": th.create(f"errors-rsa-{tag}", "rsa-2048"),
        "ed25519": th.create(f"errors-ed-{tag}", "ed25519"),
        "ecdsa": th.create(f"errors-ec-{tag}", "ecdsa-p256"),
        "hmac": th.create(f"errors-hmac-{tag}", "hmac-sha256"),
        "foreign": other.create(f"errors-foreign-{tag}", "ecdsa-p256", exportAllowed=True),
    }
    th.keys("POST", f"/{made['off']['identity']}/disable")
    return {name: key["identity"] for name, key in made.items()}


@pytest.fixture
def check(th, keys):
    """Sends one bad request, looks at the status, and sees that a good request is still served."""

    def run(method, path, body=None, status=400, **more):
        answer = th.raw(method, f"/{th.token.region}/keys{path}", body, **more)
        try:
            check_status(answer, status)
        except AssertionError as problem:
            raise AssertionError(f"{method} {path} {str(body or more)[:200]}: {problem}") from None
        assert th.keys("GET", f"/{keys['good']}")["status"] == "active"

    return run


CREATE = [
    {},
    {"keyType": "ed25519"},
    {"name": None},
    {"name": ""},
    {"name": 5},
    {"name": ["a"]},
    {"name": "n" * 256},
    {"name": "a", "description": "d" * 1025},
    {"name": "a", "description": {}},
    {"name": "a", "keyType": "aes512-gcm"},
    {"name": "a", "keyType": "AES256-GCM96"},
    {"name": "a", "keyType": 256},
    {"name": "a", "labels": "x"},
    {"name": "a", "labels": {"a": 1}},
    {"name": "a", "annotations": ["x"]},
    {"name": "a", "exportAllowed": "yes"},
    {"name": "a", "keyRotationEnabled": 1},
    {"name": "a", "keyRotationEnabled": True},
    {"name": "a", "keyRotationEnabled": True, "rotationPeriodInDays": 0},
    {"name": "a", "keyRotationEnabled": True, "rotationPeriodInDays": 3651},
    {"name": "a", "keyRotationEnabled": True, "rotationPeriodInDays": "90"},
    {"name": "a", "keyRotationEnabled": True, "rotationPeriodInDays": 1.5},
]


@pytest.mark.parametrize("body", CREATE, ids=str)
def test_create(check, body):
    check("POST", "", body)


RAW = [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"{}x", b"[" * 40_000, b'{"name":"a","name":"b"}']


@pytest.mark.parametrize("data", RAW, ids=lambda data: repr(data[:20]))
def test_bodies(check, keys, data):
    for path in ("", f"/{keys['good']}/encrypt", f"/{keys['good']}/decrypt"):
        check("POST", path, data=data)


ENCRYPT = [
    {},
    {"plaintext": None},
    {"plaintext": 5},
    {"plaintext": ["eA=="]},
    {"plaintext": ""},
    {"plaintext": "not base64!"},
    {"plaintext": "eA"},
    {"plaintext": "eA==\n"},
    {"plaintext": "_-_-"},
    {"plaintext": b64(b"x" * 65_536)},
    {"plaintext": "eA==", "keyVersion": 1},
    {"plaintext": "eA==", "keyVersion": "2"},
    {"plaintext": "eA==", "keyVersion": "one"},
]


@pytest.mark.parametrize("body", ENCRYPT, ids=lambda body: str(body)[:60])
def test_encrypt(check, keys, body):
    check("POST", f"/{keys['good']}/encrypt", body)


DECRYPT = [
    {},
    {"ciphertext": None},
    {"ciphertext": 5},
    {"ciphertext": {}},
    {"ciphertext": ""},
    {"ciphertext": "eA=="},
    {"ciphertext": "thalassa"},
    {"ciphertext": "thalassa:v1:"},
    {"ciphertext": "thalassa:v1:***"},
    {"ciphertext": "thalassa:v1:" + b64(b"x" * 200)},
    {"ciphertext": "thalassa:v0:" + b64(b"x" * 200)},
    {"ciphertext": "thalassa:v2:" + b64(b"x" * 200)},
    {"ciphertext": "thalassa:v99999999999:" + b64(b"x" * 200)},
    {"ciphertext": "thalassa:1:" + b64(b"x" * 200)},
    {"ciphertext": "vault:v1:" + b64(b"x" * 200)},
    {"ciphertext": "thalassa:v1:" + b64(b"x" * 150_000)},
]


@pytest.mark.parametrize("body", DECRYPT, ids=lambda body: str(body)[:60])
def test_decrypt(check, keys, body):
    check("POST", f"/{keys['good']}/decrypt", body)


ON_A_KEY = [
    ("GET", "", None),
    ("GET", "/public-key", None),
    ("POST", "/encrypt", {"plaintext": "eA=="}),
    ("POST", "/decrypt", {"ciphertext": "thalassa:v1:" + b64(b"x" * 200)}),
    ("POST", "/export", {}),
    ("POST", "/rotate", None),
    ("POST", "/disable", None),
    ("POST", "/enable", None),
]


@pytest.mark.parametrize(("method", "tail", "body"), ON_A_KEY)
def test_a_key_that_is_not_ours(check, keys, method, tail, body):
    """Another tenant's key, an unknown one, and names that no key can have: all the same answer."""
    for key in (keys["foreign"], "kms-aaaaaaaaaaaaaaaaaaaa", "unknown-slug", "k" * 300, "%00", "%2e%2e", "a%2Fb"):
        status = (400, 404) if key.startswith(("%", "a%")) else 404
        check(method, f"/{key}{tail}", body, status)


def test_wrong_usage(check, keys):
    for sort in ("ed25519", "ecdsa", "hmac"):
        check("POST", f"/{keys[sort]}/encrypt", {"plaintext": "eA=="})
        check("POST", f"/{keys[sort]}/decrypt", {"ciphertext": "thalassa:v1:" + b64(b"x" * 200)})
    check("POST", f"/{keys['rsa']}/decrypt", {"ciphertext": "thalassa:v1:" + b64(b"\1" * 256)})


def test_disabled(check, keys):
    for tail, body in [
        ("encrypt", {"plaintext": "eA=="}),
        ("decrypt", {"ciphertext": "thalassa:v1:" + b64(b"x" * 200)}),
        ("rotate", None),
    ]:
        check("POST", f"/{keys['off']}/{tail}", body)


def test_no_such_place(check, th, keys):
    good = keys["good"]
    for method, path in [("GET", f"/{good}/nothing"), ("POST", f"/{good}/nothing"), ("GET", f"/{good}/public-key/x")]:
        check(method, path, status=404)
    for method, path in [("PUT", ""), ("POST", f"/{good}"), ("GET", f"/{good}/encrypt"), ("DELETE", f"/{good}/rotate")]:
        check(method, path, status=(404, 405))
    for path in ("/v1", "/v1/", "/v1/kms", "/v1/other/nl-01/keys"):
        answer = th.door.session().get(
            f"{th.door.endpoint}{path}", headers={"Authorization": f"Token {th.token.token}"}
        )
        assert answer.status_code in (400, 401, 404), (path, answer.status_code)


def test_schemes(th, keys):
    for scheme in ("Token", "Bearer"):
        assert Thalassa(th.door, th.token, scheme).keys("GET", f"/{keys['good']}")["status"] == "active"


def test_not_authenticated(th, keys):
    path = f"/{th.token.region}/keys/{keys['good']}"
    token = th.token.token
    bent = token[:-1] + ("a" if token[-1] != "a" else "b")
    values = [
        None,
        "",
        token,
        "Token",
        "Token ",
        f"Basic {b64(f'x:{token}'.encode())}",
        f"Token {bent}",
        f"Token {token}x",
    ]
    values += [
        f"Bearer {bent}",
        f"Bearer {token[:-1]}",
        "Bearer tc_pat_",
        "Token tc_pat_" + "a" * 60,
        "Token abc",
        f"Digest {token}",
    ]
    for value in values:
        check_status(th.raw("GET", path, headers={"Authorization": value}), 401)
    for query in (f"?token={token}", f"?access_token={token}", f"?Authorization=Token%20{token}"):
        check_status(th.raw("GET", path + query, headers={"Authorization": None}), 401)
    assert th.raw("GET", path).status_code == 200


def test_organisations(th, guests, keys):
    path = f"/{th.token.region}/keys/{keys['good']}"
    theirs = guests.admin.thalassa
    for organisation in ("unknown", theirs.organisation, "x" * 300):
        check_status(th.raw("GET", path, headers={"X-Organisation-Identity": organisation}), 404)
    assert th.raw("GET", path, headers={"X-Organisation-Identity": None}).status_code == 200
    mixed = Thalassa(th.door, Token(theirs.token, th.token.organisation, th.token.region))
    check_status(mixed.raw("GET", path), 404)
    check_status(Thalassa(th.door, theirs).raw("GET", path), 404)
