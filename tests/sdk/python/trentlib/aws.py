"""The AWS protocol twice: through boto3, and as raw signed requests for what boto3 would not send
or would drop from the answer. Signatures are always made by botocore's own signer."""

import base64
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass

import boto3
import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from requests import Request

from .access import Account
from .doors import TIMEOUT, Door

CONTENT_TYPE = "application/x-amz-json-1.1"


def client(account: Account, door: Door):
    """A boto3 client that never retries, so that every answer is seen."""
    return boto3.client(
        "kms",
        endpoint_url=door.endpoint,
        verify=door.verify,
        region_name=account.region,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=TIMEOUT,
            proxies={},
        ),
    )


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping

    @property
    def json(self) -> dict:
        return json.loads(self.body) if self.body else {}

    @property
    def code(self) -> str:
        """The vendor's name of the error, or "" for a success."""
        return "" if self.status == 200 else str(self.json.get("__type", "")).rsplit("#", 1)[-1]


def encode(body) -> bytes:
    """A request body: bytes stay as they are, anything else becomes JSON with base64 for bytes."""
    if isinstance(body, bytes):
        return body
    return json.dumps(body, default=lambda value: base64.b64encode(value).decode()).encode()


class Signer(SigV4Auth):
    """botocore's signer with what a test may want to bend: the clock and what is left unsigned."""

    def __init__(self, account: Account, *, secret=None, access_key=None, token=None, service="kms", unsigned=()):
        credentials = Credentials(access_key or account.access_key, secret or account.secret, token)
        super().__init__(credentials, service, account.region)
        self._unsigned = {name.lower() for name in unsigned}

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name in self._unsigned:
            del headers[name]
        return headers

    def sign_at(self, request: AWSRequest, shift: float) -> None:
        """Signs as a client does whose clock is `shift` seconds ahead."""
        real = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *arguments: real(*arguments) + datetime.timedelta(seconds=shift)
        try:
            self.add_auth(request)
        finally:
            botocore.auth.get_current_datetime = real


def request(door: Door, operation: str, body=None, headers=None, query: str = "") -> AWSRequest:
    """An unsigned request for one operation."""
    final = {
        "X-Amz-Target": operation if "." in operation else f"TrentService.{operation}",
        "Content-Type": CONTENT_TYPE,
        **(headers or {}),
    }
    data = encode({} if body is None else body)
    made = AWSRequest("POST", f"{door.endpoint}/{query}", headers=final, data=data)
    return made


def send(door: Door, made: AWSRequest, headers=None, body: bytes | None = None) -> Answer:
    """Sends a request; `headers` and `body` replace what was signed. A header of None is left out."""
    final = dict(made.headers.items())
    for name, value in (headers or {}).items():
        for known in [known for known in final if known.lower() == name.lower()]:
            del final[known]
        if value is not None:
            final[name] = value
    session = door.session()
    prepared = session.prepare_request(
        Request(made.method, made.url, headers=final, data=made.data if body is None else body)
    )
    got = session.send(prepared, timeout=TIMEOUT, allow_redirects=False)
    return Answer(got.status_code, got.content, got.headers)


def call(account: Account, door: Door, operation: str, body=None, headers=None, query: str = "") -> Answer:
    """One correctly signed request."""
    made = request(door, operation, body, headers, query)
    Signer(account).add_auth(made)
    return send(door, made)


def ok(account: Account, door: Door, operation: str, body=None) -> dict:
    """One correctly signed request that must succeed."""
    answer = call(account, door, operation, body)
    assert answer.status == 200, f"{operation}: {answer.status} {answer.body!r}"
    assert answer.headers["Content-Type"] == CONTENT_TYPE, answer.headers
    return answer.json


def check_error(answer: Answer, codes: str | tuple[str, ...], status: int | tuple[int, ...] = 400) -> None:
    """The answer is the vendor's error `codes` in the vendor's form."""
    codes = (codes,) if isinstance(codes, str) else codes
    statuses = (status,) if isinstance(status, int) else status
    assert answer.status in statuses, f"{answer.status} {answer.body!r}, wanted {codes}"
    assert answer.code in codes, f"{answer.code} {answer.body!r}, wanted {codes}"
    assert answer.headers["Content-Type"].startswith(CONTENT_TYPE), answer.headers
    assert answer.headers.get("x-amzn-RequestId"), answer.headers
