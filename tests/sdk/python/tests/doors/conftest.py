"""Each vendor's API over HTTP and over TLS, for the tests of pairs."""

import pytest

pytest.register_assert_rewrite("trentlib.pairs")


@pytest.fixture(scope="session")
def ways(env, doors):
    from trentlib.pairs import ways_of

    return {name: ways_of(env, door) for name, door in doors.items()}
