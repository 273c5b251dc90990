"""A lab in a new folder; a shared lab on the PostgreSQL server of the tests' own."""

import pytest

from paribus.store import Catalogue


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "labs" / "mine"


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
