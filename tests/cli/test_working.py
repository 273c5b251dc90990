"""What `status` says of the drivers of a lab: only of those that live, and of all together."""

import json
import sqlite3

import pytest

from paribus.cli.working import worker_lines
from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from paribus.store.hold import hold
from paribus.store.working import working_in

WORKER = {
    "where": "core 1",
    "condition": {"rate": "low"},
    "replicate": 3,
    "epoch": 2,
    "epochs": 2000,
}
DOCUMENT = {
    "study": "tiny",
    "scale": "full",
    "total": 4,
    "done": 1,
    "running": 1,
    "seconds_left": 12.0,
    "workers": [WORKER],
    "host": "here",
    "pid": 1,
    "on": "threads",
}


@pytest.fixture
def lab(tmp_path):
    Catalogue.open(tmp_path / "lab", create=True).close()
    return tmp_path / "lab"


@pytest.fixture
def told(lab):
    """What is said of a lab whose drivers have said of themselves what is given."""

    def read(*documents):
        with Catalogue.open(lab, create=False) as catalogue:
            for number, document in enumerate(documents):
                catalogue.beat(f"driver {number}", document)
            return working_in(lab, catalogue)

    return read


def test_a_driver_is_told_with_its_workers(lab, told):
    with hold(lab):
        found = told(DOCUMENT)
    worker = {"on": "threads", **WORKER}
    assert found == {("tiny", "full"): {"running": 1, "seconds_left": 12.0, "workers": [worker]}}


def test_one_that_was_killed_is_not(told):
    assert told(DOCUMENT) == {}  # nobody holds the lab


def test_one_that_has_not_been_heard_of_for_long_is_not(lab, told):
    with hold(lab):
        assert told(DOCUMENT)
        connection = sqlite3.connect(lab / FILE)
        with connection:
            connection.execute("UPDATE drivers SET beat_at = beat_at - 100")
        connection.close()
        assert told() == {}


def test_drivers_of_one_study_are_told_together(lab, told):
    with hold(lab):
        found = told(DOCUMENT, DOCUMENT | {"seconds_left": 6.0}, DOCUMENT | {"seconds_left": None})
    together = found["tiny", "full"]
    assert (together["running"], len(together["workers"])) == (3, 3)
    assert together["seconds_left"] == 4.0  # 1/12 and 1/6 of the work in a second


def test_nothing_is_known_of_the_time_at_first(lab, told):
    with hold(lab):
        found = told(DOCUMENT | {"seconds_left": None})
    assert found["tiny", "full"]["seconds_left"] is None


def test_each_worker_has_a_line():
    rows = [{"study": "tiny", "scale": "full", "workers": [WORKER]}]
    assert worker_lines(rows) == [
        "core 1: tiny (full), rate=low, replicate 3, epoch 2 of 2,000",
    ]


def test_what_would_steer_the_terminal_is_shown_instead():
    worker = WORKER | {"condition": {"rate": "\x1b[2J"}}
    (line,) = worker_lines([{"study": "tiny", "scale": "full", "workers": [worker]}])
    assert "\\x1b[2J" in line


def test_json_lists_the_workers(paribus, lab):
    assert json.loads(paribus("status", "--lab", lab, "--json").out) == []
