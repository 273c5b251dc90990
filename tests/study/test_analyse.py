"""The analyses of a study: which are computed, and what becomes of those that fail."""

import sqlite3
from typing import Literal

import numpy as np
import pytest

from paribus import Factor
from paribus.analyses import Line
from paribus.analyses.base import Analysis
from paribus.data.base import Source
from paribus.errors import NothingStoredError
from paribus.store import Catalogue
from paribus.store.records import Measurement
from paribus.study.analyse import analyse
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.workbench import StudyBench
from paribus.training.lane import Lane
from paribus.training.platform import device
from study.example_study import tiny_study

COMPUTED = []


class Counting(Analysis):
    """How many runs there are; notes that it was asked."""

    kind: Literal["counting"] = "counting"
    name: str = "count"

    def compute(self, workbench):
        COMPUTED.append(self.name)
        return (Measurement(f"{self.name}/runs", np.array([len(workbench.runs)]), ("all",)),)


class Failing(Analysis):
    """Raises."""

    kind: Literal["failing"] = "failing"
    name: str = "failing"

    def compute(self, workbench):
        raise NothingStoredError("there is nothing to see")


@pytest.fixture
def analysed(tmp_path):
    """Trains a study in the test's lab and analyses it; its failures, what is stored, and how
    often `Counting` was computed."""

    def run(*, analyses, **fields):
        COMPUTED.clear()
        options = RunOptions(lab=tmp_path / "lab", cores=1)
        run_plan(make_plan(tiny_study(**fields).at(), Source()), options)
        plan = make_plan(tiny_study(analyses=analyses, **fields).at(), Source())
        with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
            bench = StudyBench(
                plan,
                catalogue,
                dataset=lambda run: run.recipe.data.load(Source()),
                lane=lambda: Lane(device(0)),
            )
            failures, _ = analyse(plan, catalogue, bench)
            stored = {one.name: one.values for _, one in catalogue.analyses("tiny", "full")}
        return failures, stored, list(COMPUTED)

    return run


def test_each_is_computed_once_and_again_when_the_runs_are_others(analysed):
    failures, stored, computed = analysed(analyses=[Counting(), Counting(name="second")])
    assert failures == {}
    assert {name: values.tolist() for name, values in stored.items()} == {
        "count/runs": [4],
        "second/runs": [4],
    }
    assert computed == ["count", "second"]
    assert analysed(analyses=[Counting(), Counting(name="third")])[2] == ["third"]
    _, stored, computed = analysed(analyses=[Counting()], replicates=3)
    assert computed == ["count"]
    assert stored["count/runs"].tolist() == [6]


def test_one_that_fails_leaves_the_others_and_is_tried_again(analysed):
    fields = {"analyses": [Failing(), Counting()]}
    failures, stored, _ = analysed(**fields)
    assert failures == {"failing": "NothingStoredError: there is nothing to see"}
    assert list(stored) == ["count/runs"]
    failures, _, computed = analysed(**fields)
    assert list(failures) == ["failing"]
    assert computed == []


def test_without_a_finished_run_nothing_is_analysed(analysed):
    wild = [Factor("optimizer.learning_rate", {"wild": 1e30})]
    assert analysed(factors=wild, analyses=[Counting(), Failing()]) == ({}, {}, [])


def test_a_damaged_one_is_computed_anew(analysed, tmp_path):
    analysed(analyses=[Counting()])
    with sqlite3.connect(tmp_path / "lab" / "paribus.sqlite") as connection:
        connection.execute("UPDATE analyses SET crc32 = crc32 + 1")
    connection.close()
    _, stored, computed = analysed(analyses=[Counting()])
    assert computed == ["count"]
    assert stored["count/runs"].tolist() == [4]


def test_a_line_between_trained_networks_is_stored(analysed):
    failures, stored, _ = analysed(analyses=[Line(pairs=(("low", "high"),), points=4)])
    assert failures == {}
    assert stored["line/test_loss"].shape == (1, 2, 4)
    assert np.isfinite(stored["line/test_loss"]).all()
