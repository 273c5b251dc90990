"""Studies that a user's own trainer trains: what nobody but the trainer knows is not made up."""

import html
import re

import pytest

from paribus import Factor, Measured, Spec, Study
from paribus.store.catalogue import Catalogue
from paribus.store.counts import StudyCounts
from paribus.ui import make_app
from paribus.ui.moments import Progress
from paribus.ui.pages import status_html

STUDY = "/studies/forest/full"


class Forest(Spec):
    """A model that has no epochs."""

    trees: int = 10


def train(recipe, replicate):
    yield Measured(1, {"test/accuracy": 0.8 + recipe.trees / 1000 + replicate / 100})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    lab = tmp_path_factory.mktemp("foreign") / "lab"
    Study(
        name="forest",
        question="How many trees?",
        recipe=Forest(),
        trainer=train,
        factors=[Factor("trees", [10, 50])],
        replicates=2,
    ).run(lab=lab)
    return lab


@pytest.fixture(scope="module")
def client(trained):
    from starlette.testclient import TestClient  # noqa: PLC0415

    return TestClient(make_app(trained), base_url="http://localhost")


def text_of(answer):
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_worker_without_epochs_has_no_end_of_them():
    said = {"where": "worker 1", "condition": {"trees": "10"}, "replicate": 0, "epoch": 3}
    counts = StudyCounts("forest", "full", 4, 0, 0, 0)
    known, unknown = (
        status_html(Progress(counts, 1, None, (said | {"epochs": epochs},)))
        for epochs in (1200, None)
    )
    assert "epoch 3 of 1,200<" in known
    assert known.count("<progress") == 2
    assert "epoch 3<" in unknown
    assert unknown.count("<progress") == 1  # that of the study
    assert "None" not in unknown


def test_its_page_has_what_was_measured_and_who_trained(client):
    told = text_of(client.get(STUDY))
    assert "complete 4 of 4 runs" in told
    assert "test_foreign:train" in told


def test_what_was_measured_once_is_drawn_as_values(client):
    charts = client.get(f"{STUDY}/charts.json?compare=10&compare=50").json()
    assert {"chosen-final-test-accuracy", "compared-final-test-accuracy"} <= charts.keys()
    assert not any("curve" in name for name in charts)


def test_conditions_are_compared_without_numbers_of_parameters(client):
    told = text_of(client.get(f"{STUDY}?compare=10&compare=50"))
    # The first is a link to the heading; the title of the first figure is the next heading.
    side = told.rpartition("Side by side")[2].partition("Test accuracy (%) by condition")[0]
    assert re.search(r" trees 10 50 ", side)
    assert re.search(r" runs stored 2 2 ", side)
    assert "parameters" not in side


def test_a_run_says_who_trained_it_and_no_number_of_parameters(client, trained):
    with Catalogue.open(trained, create=False) as catalogue:
        key = catalogue.study("forest", "full").members[0].key
    told = text_of(client.get(f"{STUDY}/runs/{key}"))
    assert re.search(r"Trained by \S*test_foreign:train \(code [0-9a-f]{12}\)", told)
    assert "Trained numbers" not in told
    assert "Data fingerprint" not in told
    assert "0 is before training" not in told
    record = client.get(f"{STUDY}/runs/{key}/record.json").json()
    assert record["recipe"] == {"trees": 10}


def test_a_run_of_the_engine_says_its_number_of_parameters(lab):
    from starlette.testclient import TestClient  # noqa: PLC0415

    client = TestClient(make_app(lab), base_url="http://localhost")
    told = text_of(client.get("/studies/second/demo/runs/second-relu-2"))
    assert "Trained numbers 118,282" in told
    assert "Trained by" not in told
    assert "0 is before training" in told
