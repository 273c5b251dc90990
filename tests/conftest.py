"""What tests of several parts ask for: a PostgreSQL server of their own, a place for Ray."""

from tempfile import TemporaryDirectory

import pytest

from store.server import binaries, serving


@pytest.fixture(scope="session")
def server():
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server on this machine (initdb): install postgresql")
    with serving(programs) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def own_ray():
    """A folder of this process's own, so that Ray joins no cluster that another one ends."""
    # A short name, for those of sockets in it.
    made = TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    with made as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        yield
