"""Tenants, principals and credentials, made by the command line as an operator makes them."""

import itertools
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .server import trent

_serial = itertools.count(1)


def fresh(what: str = "") -> str:
    """A name that nothing else of this run has."""
    return f"{what}-{next(_serial)}".lstrip("-")


@dataclass(frozen=True)
class Account:
    """An AWS-style account and a key pair to sign with."""

    style: str  # "aws" or "verenc": the form of its ARNs
    access_key: str
    secret: str
    region: str
    number: str

    def arn(self, key_id: str) -> str:
        if self.style == "verenc":
            return f"arn:verenc:{self.number}:key/{key_id}"
        return f"arn:aws:kms:{self.region}:{self.number}:key/{key_id}"


@dataclass(frozen=True)
class AccessKey:
    """A key pair to sign with as the Chinese vendors' clients do, and the account where it is told."""

    access_key: str
    secret: str
    region: str
    number: str = ""


@dataclass(frozen=True)
class Token:
    """A Thalassa token with its organisation and a region."""

    token: str
    organisation: str
    region: str


def accounts_of(env: dict) -> dict[str, Account]:
    """The two AWS-style accounts that `trent env` tells, by the name of their section."""
    styles = {"aws": "aws", "qkms": "verenc"}
    return {
        name: Account(
            style,
            env[name]["access_key_id"],
            env[name]["secret_access_key"],
            env[name]["region"],
            str(env[name]["account_id"]),
        )
        for name, style in styles.items()
    }


def token_of(env: dict) -> Token:
    """The Thalassa credential that `trent env` tells."""
    section = env["thalassa"]
    return Token(section["token"], section["organisation"], section["region"])


def alibaba_of(env: dict) -> AccessKey:
    """The access key for Alibaba's RPC API that `trent env` tells."""
    told = env["alibaba"]
    return AccessKey(told["access_key_id"], told["access_key_secret"], told["region"], str(told["account_id"]))


def tencent_of(env: dict) -> AccessKey:
    """The secret id for Tencent's API that `trent env` tells."""
    told = env["tencent"]
    return AccessKey(told["secret_id"], told["secret_key"], told["region"])


class Tenant:
    """A tenant of its own, beside the one that a dev directory starts with."""

    def __init__(self, data: Path, env: dict):
        self.data, self.env = data, env
        self.name = fresh("tenant")
        self.facts = self._access("tenant", "create", "--name", self.name)

    def _access(self, *arguments: str) -> dict:
        return json.loads(trent("access", *arguments, "--data", str(self.data), "--json"))

    def switch(self, verb: str) -> None:
        """Enables or disables the tenant."""
        self._access("tenant", verb, "--tenant", self.name)

    def principal(self, preset: str) -> "Principal":
        name = fresh(preset)
        made = self._access("principal", "create", "--tenant", self.name, "--name", name, "--preset", preset)
        return Principal(self, made["principal"])


class Principal:
    """Somebody of a tenant, with one credential for each door, made when first asked for."""

    def __init__(self, tenant: Tenant, uid: str):
        self.tenant, self.uid = tenant, uid

    def switch(self, verb: str) -> None:
        """Enables or disables the principal."""
        self.tenant._access("principal", verb, "--tenant", self.tenant.name, "--principal", self.uid)

    def switch_credentials(self, verb: str) -> int:
        """Enables or disables each of the principal's credentials, and tells how many there are."""
        listed = self.tenant._access("credential", "list", "--tenant", self.tenant.name)
        own = [credential["access_id"] for credential in listed if credential["principal"] == self.uid]
        for uid in own:
            self.tenant._access("credential", verb, "--tenant", self.tenant.name, "--id", uid)
        return len(own)

    def _credential(self, dialect: str) -> dict:
        return self.tenant._access(
            "credential", "create", "--tenant", self.tenant.name, "--principal", self.uid, "--dialect", dialect
        )

    def _account(self, dialect: str, style: str) -> Account:
        made = self._credential(dialect)
        return Account(
            style,
            made["access_key_id"],
            made["secret_access_key"],
            self.tenant.env[dialect]["region"],
            str(made["account_id"]),
        )

    @cached_property
    def aws(self) -> Account:
        return self._account("aws", "aws")

    @cached_property
    def qkms(self) -> Account:
        return self._account("qkms", "verenc")

    @cached_property
    def thalassa(self) -> Token:
        made = self._credential("thalassa")
        return Token(made["token"], made["organisation"], self.tenant.env["thalassa"]["region"])

    @cached_property
    def alibaba(self) -> AccessKey:
        made = self._credential("alibaba")
        region = self.tenant.env["alibaba"]["region"]
        return AccessKey(made["access_key_id"], made["access_key_secret"], region, str(made["account_id"]))

    @cached_property
    def tencent(self) -> AccessKey:
        made = self._credential("tencent")
        return AccessKey(made["secret_id"], made["secret_key"], self.tenant.env["tencent"]["region"])
