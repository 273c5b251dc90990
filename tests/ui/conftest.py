import pytest

from paribus.store.catalogue import Catalogue
from ui.example_lab import fill_all

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    lab = tmp_path_factory.mktemp("ui") / "lab"
    with Catalogue.open(lab, create=True) as catalogue:
        fill_all(catalogue)
    return lab


@pytest.fixture(scope="session")
def client(lab):
    from starlette.testclient import TestClient  # noqa: PLC0415

    from paribus.ui import make_app  # noqa: PLC0415

    return TestClient(make_app(lab), base_url="http://localhost:8642")
