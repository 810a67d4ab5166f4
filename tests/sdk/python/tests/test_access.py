"""What an operator changes beside the running server counts for the very next request; names that look alike."""

import unicodedata
from functools import partial

import pytest

from trentlib import alibaba, aws, tencent
from trentlib.access import Tenant, fresh
from trentlib.alibaba import Alibaba
from trentlib.server import attempt
from trentlib.tencent import Tencent
from trentlib.thalassa import Thalassa, check_status

REFUSED = {"aws": "UnrecognizedClientException", "qkms": ("NotAuthorizedException", "UnrecognizedClientException")}


def check(who, door, works: bool) -> None:
    """Every credential of the principal works, or none does; in the vendor's form."""
    for style, codes in REFUSED.items():
        account = getattr(who, style)
        if works:
            aws.ok(account, door, "ListKeys")
        else:
            aws.check_error(aws.call(account, door, "ListKeys"), codes)
    for client, refused in (
        (Tencent(who.tencent, door), partial(tencent.check_refused, "AuthFailure.SecretIdNotFound")),
        (Alibaba(who.alibaba, door), partial(alibaba.check_refused, "InvalidAccessKeyId.NotFound", 404)),
    ):
        if works:
            client.call("ListKeys")
        else:
            refused(client.call, "ListKeys")
    client = Thalassa(door, who.thalassa)
    answer = client.raw("GET", f"/{client.token.region}/keys")
    check_status(answer, 200 if works else 401)


@pytest.mark.parametrize("what", ["credential", "principal", "tenant"])
def test_revocation_counts_at_once(server, env, door, what):
    tenant = Tenant(server.data, env)
    who, other = tenant.principal("administrator"), tenant.principal("administrator")

    def switch(verb):
        match what:
            case "credential":
                assert who.switch_credentials(verb) == 5
            case "principal":
                who.switch(verb)
            case "tenant":
                tenant.switch(verb)

    for one in (who, other):
        check(one, door, True)
    for _ in range(2):
        switch("disable")
        check(who, door, False)
        check(other, door, what != "tenant")
        switch("enable")
        for one in (who, other):
            check(one, door, True)


def test_tenants_and_principals_that_differ_in_case_only(server, env):
    data = ("--data", str(server.data), "--json")

    def create(*arguments):
        done = attempt("access", *arguments, *data)
        return done.returncode, done.stderr

    name = fresh("Acme")
    assert create("tenant", "create", "--name", name)[0] == 0
    for twin in (name, name.lower(), name.upper()):
        status, told = create("tenant", "create", "--name", twin)
        assert status == 1 and told, twin
    of = ("principal", "create", "--tenant", name, "--preset", "none", "--name")
    assert create(*of, "Ann")[0] == 0
    for twin in ("Ann", "ann", "ANN"):
        status, told = create(*of, twin)
        assert status == 1 and told, twin
    assert create(*of, "Anna")[0] == 0


def test_keys_whose_names_look_alike(th):
    for name, twins in [
        (fresh("Orders"), [str.lower, str.upper]),
        (fresh("caf\u00e9"), [lambda name: unicodedata.normalize("NFD", name)]),
        (fresh("cafe\u0301s"), [lambda name: unicodedata.normalize("NFC", name), str.title]),
    ]:
        made = th.create(name)
        assert made["name"] == name, "a name is kept as it was given"
        for twin in (name, *(change(name) for change in twins)):
            th.keys("POST", body={"name": twin}, expect=409)
            listed = th.keys("GET", f"?slug={made['slug']}")
            assert [key["identity"] for key in listed] == [made["identity"]], twin
    for hidden in ("\u202e", "\u200b", "\ufeff", "\u00ad", "\u2066"):
        th.keys("POST", body={"name": f"{fresh('or')}{hidden}ders"}, expect=400)
