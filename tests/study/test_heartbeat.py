"""The heartbeat: what the lab is told of a driver, and that a lab which is away stops nothing."""

import os
import time

import pytest

from paribus.data.base import Source
from paribus.store import Catalogue
from paribus.study.heartbeat import beating
from paribus.study.plan import make_plan
from paribus.study.progress import Progress
from study.example_study import tiny_study

PATIENCE_SECONDS = 60


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def beats(lab):
    """How many times a driver has beaten; 0 where the lab does not know it."""

    def count(driver="me"):
        with Catalogue.open(lab, create=False) as catalogue:
            return sum(one.beats for one in catalogue.drivers() if one.id == driver)

    return count


@pytest.fixture
def progress():
    plan = make_plan(tiny_study().at(), Source())
    made = Progress()
    made.planned(plan, list(plan.runs))
    made.run_started(plan.runs[0], "core 0")
    return made


def test_the_lab_is_told_what_the_driver_does(lab, beats, progress):
    Catalogue.open(lab, create=True).close()
    with beating(lab, "me", progress, "processes"):
        wait_until(beats)
    with Catalogue.open(lab, create=False) as catalogue:
        (driver,) = catalogue.drivers()
    document = dict(driver.document)
    assert (document.pop("pid"), document.pop("on")) == (os.getpid(), "processes")
    assert document.pop("host")
    assert document == progress.document()
    assert document["workers"][0]["where"] == "core 0"


def test_it_beats_again_and_afterwards_no_more(lab, beats, progress):
    Catalogue.open(lab, create=True).close()
    with beating(lab, "me", progress):
        wait_until(lambda: beats() > 1)
    told = beats()
    time.sleep(1.2)
    assert beats() == told


def test_a_lab_that_comes_later_is_told_then(lab, beats, progress, caplog):
    with caplog.at_level("INFO", "paribus"), beating(lab, "me", progress):
        wait_until(lambda: "lab is away" in caplog.messages)
        Catalogue.open(lab, create=True).close()
        wait_until(beats)
        wait_until(lambda: "lab is back" in caplog.messages)
    assert caplog.messages.count("lab is away") == 1


def test_an_error_inside_goes_on_to_the_caller(lab, progress):
    with pytest.raises(KeyboardInterrupt), beating(lab, "me", progress):
        raise KeyboardInterrupt
