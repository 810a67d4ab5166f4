"""Requests that are not signed as they should be, in both account styles."""

import http.client
import json
import ssl
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.credentials import Credentials

from trentlib import aws

SIGNATURE = "InvalidSignatureException"


@pytest.fixture
def check(at):
    """Sends what a case made; looks for the style's error; then a good request must be served."""

    def run(answer, *codes):
        if at.verenc:
            codes = ("NotAuthorizedException",)
        aws.check_error(answer, codes)
        assert at.call("ListKeys").status == 200

    return run


def signed(at, operation="ListKeys", body=None, headers=None, query="", shift=0.0, **bent):
    made = aws.request(at.door, operation, body, headers, query)
    aws.Signer(at.account, **bent).sign_at(made, shift)
    return made


def send(at, made, headers=None, body=None):
    return aws.send(at.door, made, headers, body)


def test_a_good_request(at):
    for made in (
        signed(at),
        signed(at, shift=-240),
        signed(at, shift=240),
        signed(at, query="?b=2&a=1&a=%20x&empty="),
        signed(at, headers={"X-Amz-Meta": "two   spaces"}),
    ):
        answer = send(at, made)
        assert answer.status == 200, answer.body


def test_wrong_secret(at, check):
    check(send(at, signed(at, secret="x" * 40)), SIGNATURE)


def test_altered_body(at, check):
    made = signed(at, body={"Limit": 1})
    check(send(at, made, body=b'{"Limit": 2}'), SIGNATURE)
    check(send(at, made, body=b""), SIGNATURE)


def test_altered_headers(at, check):
    made = signed(at, headers={"X-Amz-Extra": "one"})
    for headers in (
        {"X-Amz-Target": "TrentService.CreateKey"},
        {"X-Amz-Extra": "two"},
        {"X-Amz-Extra": None},
        {"X-Amz-Date": "20300101T000000Z"},
        {"Content-Type": "application/json"},
    ):
        check(send(at, made, headers), SIGNATURE, "IncompleteSignatureException")


def test_altered_query(at, check):
    made = signed(at, query="?async=1")
    made.url = made.url.replace("async=1", "async=2")
    check(send(at, made), SIGNATURE)


def test_clock(at, check):
    for shift, words in ((-600, "Signature expired"), (600, "Signature not yet current"), (-90_000, "")):
        answer = send(at, signed(at, shift=shift))
        check(answer, SIGNATURE)
        assert at.verenc or words in answer.json["message"]


def test_unknown_credential(at):
    """Nothing tells the style of a key id that nobody has: either style's code will do."""
    either = ("UnrecognizedClientException", "NotAuthorizedException")
    for access_key in ("AKIANOBODYHASTHISKEY", "x", at.account.access_key[:-1] + "_"):
        aws.check_error(send(at, signed(at, access_key=access_key)), either)
    if not at.verenc:
        answer = send(at, signed(at, access_key="AKIANOBODYHASTHISKEY"))
        assert answer.code == "UnrecognizedClientException"
    assert at.call("ListKeys").status == 200


def test_a_session_token_nobody_issued(at, check):
    check(send(at, signed(at, token="no-such-session")), "UnrecognizedClientException")


def test_wrong_service_in_the_scope(at, check):
    check(send(at, signed(at, service="s3")), SIGNATURE)


def test_unsigned_headers_that_matter(at, check):
    for name in ("x-amz-target", "x-amz-date", "host"):
        made = signed(at, unsigned=[name])
        check(send(at, made), SIGNATURE, "IncompleteSignatureException")
    made = signed(at)
    check(send(at, made, {"X-Amz-Extra": "added later"}), SIGNATURE, "IncompleteSignatureException")


def test_a_payload_that_is_not_signed(at, check):
    for hashed in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64):
        made = signed(at, headers={"X-Amz-Content-SHA256": hashed})
        check(send(at, made), SIGNATURE)


def test_presigned_query(at):
    """A signature in the query is refused, whatever the account."""
    made = aws.request(at.door, "ListKeys")
    made.data = b""
    SigV4QueryAuth(Credentials(at.account.access_key, at.account.secret), "kms", at.account.region).add_auth(made)
    codes = ("MissingAuthenticationTokenException", "IncompleteSignatureException", SIGNATURE, "NotAuthorizedException")
    aws.check_error(send(at, made), codes)
    assert at.call("ListKeys").status == 200


def test_no_or_half_an_authorization(at):
    """No account is named, so the answer is of either style."""
    made = signed(at)
    whole = made.headers["Authorization"]
    missing = ("MissingAuthenticationTokenException", "NotAuthorizedException", "IncompleteSignatureException")
    for value in (None, "", "Basic eDp5", "Token abc"):
        aws.check_error(send(at, made, {"Authorization": value}), missing)
    incomplete = ("IncompleteSignatureException", "NotAuthorizedException", SIGNATURE)
    for value in (
        whole.split(", Signature=")[0],
        whole.replace("SignedHeaders=", "Signed="),
        whole.replace("aws4_request", "aws5_request"),
        whole[:-1],
        whole + "00",
        whole[:-64] + whole[-64:].upper().replace("A", "g"),
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
    ):
        aws.check_error(send(at, made, {"Authorization": value}), incomplete)
    assert send(at, made).status == 200


def twice(at, made, extra):
    """Sends a request with one header more, even if it is there already."""
    url = urlsplit(at.door.endpoint)
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=at.door.verify)
        connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    connection.putrequest("POST", "/")
    for name, value in [*made.headers.items(), ("Content-Length", str(len(made.data))), extra]:
        connection.putheader(name, value)
    connection.endheaders(made.data)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def test_a_header_twice(at):
    made = signed(at)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Target"):
        status, text = twice(at, made, (name, made.headers[name]))
        assert status == 400, (name, status, text)
    assert at.call("ListKeys").status == 200


def test_two_dialects_in_one_request(at):
    """A request that bears the marks of two vendors is for neither."""
    for headers in (
        {"X-TC-Action": "ListKeys", "X-TC-Version": "2019-01-18"},
        {"x-kms-apiname": "ListKeys"},
        {"x-acs-action": "ListKeys", "Authorization": "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b"},
    ):
        answer = send(at, signed(at), headers)
        assert answer.status == 400, (headers, answer)
        assert b'"Keys"' not in answer.body
    json.loads(at.call("ListKeys").body)
