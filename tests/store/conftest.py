"""A catalogue in a new folder; a shared lab on a PostgreSQL server of the tests' own."""

import pytest

from paribus.store import Catalogue
from store.server import binaries, serving


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "labs" / "mine"


@pytest.fixture(scope="session")
def server():
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL server on this machine (initdb): install postgresql")
    with serving(programs) as server:
        yield server


@pytest.fixture
def shared_lab(server):
    return server.database()


@pytest.fixture(params=["folder", "shared"])
def any_lab(request):
    """A lab of each kind, in turn."""
    return request.getfixturevalue("lab" if request.param == "folder" else "shared_lab")


@pytest.fixture
def catalogue(any_lab):
    with Catalogue.open(any_lab, create=True) as catalogue:
        yield catalogue
