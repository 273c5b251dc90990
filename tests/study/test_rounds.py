"""Studies trained in rounds: what adaptive designs train, and what the lab holds of it."""

import json
from collections.abc import Mapping
from typing import Literal

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from paribus import Factor, Scan, Tuned, data
from paribus.data.base import Source
from paribus.design.adaptive import FIRST_TRIAL
from paribus.errors import DeclarationError
from paribus.models.base import layers_of
from paribus.probes.base import Probe
from paribus.snapshot import Snapshot
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"
# At the third level nothing is learnt, at the fourth again.
STEPS = Factor(
    "step",
    {"1": {RATE: 0.1}, "2": {RATE: 0.2}, "3": {RATE: 1e-30}, "4": {RATE: 0.3}},
)
WIDTHS = Factor("width", {"narrow": {"model.hidden": (8,)}, "wide": {"model.hidden": (12,)}})
REMEDY = Factor("remedy", {"none": {}, "long": {"epochs": 3}, "full": {"batch_size": 100}})
RATES = Factor(RATE, {"low": 0.01, "high": 0.3, "wild": 1e30}, name="rate")
HELD_OUT = tiny_recipe(data=data.Digits(validation=200))


def scan(**fields):
    given = {"factors": [STEPS], "design": Scan(factor="step")}
    return tiny_study(**(given | fields))


def tuned(**fields):
    given = {
        "recipe": HELD_OUT,
        "factors": [WIDTHS, RATES],
        "design": Tuned(factor="rate", replicates=2),
    }
    return tiny_study(**(given | fields))


class OneHiddenLayer(Probe):
    """Measures networks of one hidden layer, and cannot measure deeper ones."""

    QUANTITIES = {"probe/bias": ("layer",)}  # noqa: RUF012 - as in its base

    kind: Literal["one_hidden_layer"] = "one_hidden_layer"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        (_, first), (_, last) = layers_of(snapshot.network)
        return {"probe/bias": jnp.stack([first.bias[0], last.bias[0]])}


class Counting:
    """Counts rounds and stored runs, and breaks off after so many of the latter."""

    def __init__(self, breaks_after=None):
        self.rounds, self.done, self.breaks_after = [], 0, breaks_after

    def planned(self, plan, to_train):
        self.rounds.append(len(to_train))

    def run_started(self, run, where, epoch=0):
        pass

    def epoch_done(self, run, epoch):
        pass

    def run_done(self, run, status):
        self.done += 1
        if self.done == self.breaks_after:
            raise KeyboardInterrupt


def place(one):
    return (*one.condition.values(), one.replicate)


@pytest.fixture
def train(tmp_path):
    """Runs a study in a lab of this test."""

    def run(study, lab="lab", **options):
        plan = make_plan(study.at(), Source())
        return run_plan(plan, RunOptions(lab=tmp_path / lab, **options))

    return run


@pytest.fixture
def held(tmp_path):
    """What a lab holds of the study: its places, its document, and the bytes of their weights."""

    def read(lab="lab"):
        with Catalogue.open(tmp_path / lab, create=False) as catalogue:
            entry = catalogue.study("tiny", "full")
            stored = {run.key for run in catalogue.summaries(one.key for one in entry.members)}
            weights = {
                place(one): catalogue.artifact(one.key, "weights.safetensors")
                for one in entry.members
                if one.key in stored
            }
        registration = entry.document["registration"] | {"at": "at some time"}
        document = dict(entry.document) | {"registration": registration}
        return {place(one) for one in entry.members}, document, weights

    return read


class TestScan:
    def test_the_lab_holds_the_levels_up_to_the_one_that_stalls(self, train, held):
        watching = Counting()
        outcome = train(scan(), watch=watching)
        places, document, weights = held()
        assert places == {(step, replicate) for step in "123" for replicate in (0, 1)}
        assert set(weights) == places
        assert (outcome.total, outcome.trained, outcome.reused) == (6, 6, 0)
        assert watching.rounds == [2, 2, 2]
        assert document["design"] == {"kind": "scan", "factor": "step", "remedies": ""}
        assert set(outcome.results().runs["step"]) == {"1", "2", "3"}

    def test_again_nothing_is_trained(self, train):
        train(scan())
        outcome = train(scan())
        assert (outcome.total, outcome.trained, outcome.reused) == (6, 0, 6)

    def test_remedies_are_trained_where_it_stalls(self, train, held):
        study = scan(factors=[STEPS, REMEDY], design=Scan(factor="step", remedies="remedy"))
        train(study)
        places, _, weights = held()
        stalled = {("3", remedy) for remedy in ("none", "long", "full")}
        assert {one[:2] for one in places} == {("1", "none"), ("2", "none")} | stalled
        assert set(weights) == places

    def test_a_run_that_diverges_ends_its_scan(self, train, held):
        wild = Factor("step", {"1": {RATE: 0.1}, "2": {RATE: 1e30}, "3": {RATE: 0.2}})
        outcome = train(scan(factors=[wild]))
        assert outcome.diverged == 2
        assert {one[0] for one in held()[0]} == {"1", "2"}

    def test_what_an_earlier_study_trained_beyond_the_stall_is_no_part_of_it(self, train, held):
        train(scan(design="factorial"))
        outcome = train(scan())
        assert (outcome.trained, outcome.reused) == (0, 6)
        assert {one[0] for one in held()[0]} == {"1", "2", "3"}

    def test_broken_off_and_taken_up_again_it_comes_to_the_same(self, train, held):
        train(scan(factors=[WIDTHS, STEPS]), lab="whole")
        for runs in (1, 3, 4):
            with pytest.raises(KeyboardInterrupt):
                train(scan(factors=[WIDTHS, STEPS]), watch=Counting(runs))
        train(scan(factors=[WIDTHS, STEPS]))
        assert held() == held("whole")
        assert len(held()[0]) == 12

    def test_a_run_that_fails_ends_its_scan_and_the_others_go_on(self, train, held):
        deeper = Factor("step", {"1": {"model.hidden": (8,)}, "2": {"model.hidden": (8, 8)}})
        more = Factor("step", {**deeper.levels, "3": {"model.hidden": (7,)}})
        watching = Counting()
        study = scan(factors=[more], probes=(OneHiddenLayer(),))
        outcome = train(study, watch=watching)
        assert watching.rounds == [2, 2]
        assert (outcome.trained, len(outcome.failures)) == (2, 2)
        assert {one[0] for one in held()[2]} == {"1"}
        # Without the probe it goes on.
        assert train(scan(factors=[more])).trained == 4

    def test_it_can_be_planned_and_written_down(self):
        plan = scan().plan()
        assert len(plan.runs) == 8
        assert plan.notices() == [
            "a scan over step: at most 8 runs, fewer where training stalls",
        ]
        assert json.loads(json.dumps(plan.as_json(), allow_nan=False)) == plan.as_json()

    def test_what_cannot_be_scanned_is_refused_with_the_study(self):
        with pytest.raises(DeclarationError, match=r"design\.factor: no factor 'stp'"):
            scan(design=Scan(factor="stp"))
        function = tiny_recipe(data=data.Function(name="sinc"), loss="mean_squared_error")
        with pytest.raises(DeclarationError, match="the loss of guessing, which only classes"):
            scan(recipe=function)


class TestTuned:
    def test_the_lab_holds_the_judged_replicates_of_the_chosen_level(self, train, held):
        watching = Counting()
        outcome = train(tuned(), watch=watching)
        places, _, weights = held()
        assert places == {
            (width, "high", replicate) for width in ("narrow", "wide") for replicate in (0, 1)
        }
        assert set(weights) == places
        assert (outcome.total, outcome.trained) == (3 * 2 * 2 + 2 * 2, 16)
        assert watching.rounds == [12, 4]
        assert sorted(outcome.results().runs["replicate"]) == [0, 0, 1, 1]

    def test_what_the_choice_rests_on_is_kept(self, train, tmp_path):
        outcome = train(tuned())
        rows = outcome.results().document["tuning"]
        assert [(row["condition"], row["level"], row["n"]) for row in rows] == [
            ({"width": width}, rate, 2)
            for width in ("narrow", "wide")
            for rate in ("low", "high", "wild")
        ]
        by_level = {
            row["level"]: row["mean"] for row in rows if row["condition"]["width"] == "wide"
        }
        assert by_level["wild"] is None  # it diverged
        assert by_level["high"] > by_level["low"]
        with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
            trials = [
                run.key
                for run in outcome.plan.runs
                if run.replicate >= FIRST_TRIAL
                and (run.condition["width"], run.condition["rate"]) == ("wide", "low")
            ]
            last = [
                one.values[-1]
                for _, one in catalogue.measurements(trials, ["validation/accuracy"])
            ]
        assert len(last) == 2
        assert by_level["low"] == pytest.approx(np.mean(last))

    def test_again_nothing_is_trained(self, train):
        train(tuned())
        outcome = train(tuned())
        assert (outcome.total, outcome.trained, outcome.reused) == (16, 0, 16)

    def test_broken_off_and_taken_up_again_it_comes_to_the_same(self, train, held):
        train(tuned(), lab="whole")
        for runs in (3, 2):  # lanes are ahead of the store, by all trials at most
            with pytest.raises(KeyboardInterrupt):
                train(tuned(), watch=Counting(runs))
        train(tuned())
        assert held() == held("whole")

    def test_broken_off_after_its_last_run_the_data_is_still_looked_at(self, train, held):
        train(tuned(), lab="whole")
        with pytest.raises(KeyboardInterrupt):
            train(tuned(), watch=Counting(16))
        outcome = train(tuned())
        assert outcome.trained == 0
        assert len(outcome.leaks) == 1
        assert held() == held("whole")

    def test_a_condition_whose_trial_fails_is_not_judged_and_the_others_are(self, train, held):
        deep = Factor(
            "width", {"narrow": {"model.hidden": (8,)}, "deep": {"model.hidden": (8, 8)}}
        )
        outcome = train(tuned(factors=[deep, RATES], probes=(OneHiddenLayer(),)))
        assert len(outcome.failures) == 6
        assert held()[0] == {("narrow", "high", 0), ("narrow", "high", 1)}

    def test_it_can_be_planned_and_written_down(self):
        plan = tuned().plan()
        assert {run.replicate for run in plan.runs} == {0, 1, FIRST_TRIAL, FIRST_TRIAL + 1}
        assert plan.notices() == [
            "rate is tuned: one of its levels is chosen for each condition on 2 replicates of its "
            "own, and only that one trained further",
        ]
        assert json.loads(json.dumps(plan.as_json(), allow_nan=False)) == plan.as_json()

    def test_what_cannot_be_tuned_is_refused_with_the_study(self):
        with pytest.raises(DeclarationError, match=r"set data\.validation") as refused:
            tuned(recipe=tiny_recipe(), design=Tuned(factor="rat"))
        assert [fault.path for fault in refused.value.faults] == ["design.factor", "design"]
