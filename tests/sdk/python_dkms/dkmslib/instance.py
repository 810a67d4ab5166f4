"""The vendor's client of the instance API."""

from urllib.parse import urlsplit

import pytest
from openapi.models import Config
from openapi_util.models import RuntimeOptions
from sdk import models
from sdk.client import Client
from Tea.exceptions import TeaException
from trentlib.doors import Door

VERSION = "x-kms-migrationkeyversionid"
READ_WITHIN = 60_000  # milliseconds; an RSA_4096 pair takes its time


def config_of(section: dict, door: Door) -> Config:
    """What the client is told: the client key's file with its password, and the door."""
    url = urlsplit(door.endpoint)
    return Config(
        protocol=url.scheme,
        endpoint=url.netloc,
        client_key_file=section["client_key_file"],
        password=section["client_key_password"],
        ca_file_path=door.verify if url.scheme == "https" else None,
        read_timeout=READ_WITHIN,
        connect_timeout=READ_WITHIN,
    )


class Instance:
    """One client key through one door."""

    def __init__(self, config: Config):
        self.client = Client(config)

    def call(self, operation: str, headers: dict | None = None, **fields):
        """Calls an operation. Its answer's `version` is what the answer's header names."""
        request = getattr(models, f"{operation}Request")(**fields)
        if headers:
            request.request_headers = headers
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[1:]
        method = getattr(self.client, f"{snake}_with_options")
        answer = method(request, RuntimeOptions(response_headers=[VERSION]))
        assert answer.request_id, f"{operation}: no request id"
        answer.version = answer.response_headers.get(VERSION)
        assert answer.version and len(answer.version) == 36, f"{operation}: {answer.response_headers}"
        return answer

    def refused(self, status: int, code: str, operation: str, headers: dict | None = None, **fields) -> str:
        """Calls an operation that must be refused so. Returns the message."""
        with pytest.raises(TeaException) as refusal:
            self.call(operation, headers, **fields)
        told = refusal.value
        assert (told.data["httpCode"], told.code) == (status, code), told.message
        assert told.data["requestId"] and told.message
        return told.message
