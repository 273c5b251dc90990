"""What tests of several parts ask for: a PostgreSQL server of the tests' own."""

import pytest

from store.server import binaries, serving


@pytest.fixture(scope="session")
def server():
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server on this machine (initdb): install postgresql")
    with serving(programs) as server:
        yield server
