"""A catalogue in a new folder."""

import pytest

from paribus.store import Catalogue


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "labs" / "mine"


@pytest.fixture
def catalogue(lab):
    with Catalogue.open(lab, create=True) as catalogue:
        yield catalogue
