"""Probes asked for after a run was trained: the same numbers as if they had been there."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from paribus import Factor, GradientNormPhase, WarmStart, data, models, probes
from paribus.data.base import Source
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.training import EarlyStopping
from study.example_study import tiny_recipe, tiny_study

END = probes.AtEnd()
WILD = [Factor("optimizer.learning_rate", {"low": 0.01, "wild": 1e30})]
AT_THE_END = (
    probes.GradientNorm(when=END),
    probes.WeightNorm(when=END),
    probes.WeightChange(when=END),
    probes.HiddenUnits(when=END),
    probes.Sensitivity(),
    probes.LargestEigenvalues(iterations=3, examples=100),
    probes.HessianTrace(samples=3, examples=100),
)
ON_THE_WAY = (probes.UpdateRatio(), probes.WeightNorm(when=probes.Every(epochs=2)))
WEIGHTS = "weights.safetensors"
RECIPES = {
    "stopped early, on random labels": {
        "data": data.Digits(validation=100, random_labels=0.5),
        "model": models.MLP(hidden=(8,), dropout=0.2),
        "epochs": 5,
        "early_stopping": EarlyStopping(patience=2, change=10.0),
    },
    "warm start in double precision": {
        "precision": "float64",
        "warm_start": WarmStart(batch_size=500),
    },
}
CURVE = {
    "data": data.Function(name="sinc", examples=40),
    "model": models.MLP(hidden=(3,), activation="tanh"),
    "loss": "mean_squared_error",
    "batch_size": 40,
    "precision": "float64",
    "second_phase": GradientNormPhase(),
}


@pytest.fixture
def train(tmp_path):
    """Runs the tiny study with these probes in a lab of this test."""

    def run(asked=(), lab="lab", **fields):
        plan = make_plan(tiny_study(probes=asked, **fields).at(), Source())
        return run_plan(plan, RunOptions(lab=tmp_path / lab))

    return run


@pytest.fixture
def held(tmp_path):
    """All that a lab holds of the runs of an outcome, by key."""

    def read(outcome, lab="lab"):
        keys = [run.key for run in outcome.plan.runs]
        with Catalogue.open(tmp_path / lab, create=False) as catalogue:
            been = catalogue.probed(keys)
            return {
                key: replace(catalogue.run(key), probes=tuple(sorted(been.get(key, ()))))
                for key in keys
            }

    return read


def assert_the_same(found, expected):
    """That two labs hold the same of the same runs, bit for bit."""
    assert list(found) == list(expected)
    for key, run in found.items():
        other = expected[key]
        assert run.artifacts == other.artifacts
        assert run.probes == other.probes
        theirs = {one.name: one for one in other.measurements}
        assert sorted(one.name for one in run.measurements) == sorted(theirs)
        for one in run.measurements:
            assert (one.dims, one.probe) == (theirs[one.name].dims, theirs[one.name].probe)
            np.testing.assert_array_equal(one.values, theirs[one.name].values)
            for axis, coordinates in theirs[one.name].coords.items():
                np.testing.assert_array_equal(one.coords[axis], coordinates)


@pytest.mark.parametrize("fields", RECIPES.values(), ids=RECIPES)
def test_of_stored_weights_the_same_is_measured_as_in_training(train, held, fields):
    recipe = tiny_recipe(**fields)
    train(recipe=recipe, factors=(), replicates=1)
    later = train(AT_THE_END, recipe=recipe, factors=(), replicates=1)
    assert (later.trained, later.reused, later.probed, later.failures) == (0, 1, 1, {})
    at_once = train(AT_THE_END, "other", recipe=recipe, factors=(), replicates=1)
    assert (at_once.trained, at_once.probed) == (1, 0)
    assert_the_same(held(later), held(at_once, "other"))


@pytest.mark.parametrize("fields", RECIPES.values(), ids=RECIPES)
def test_what_lies_on_the_way_is_measured_by_training_again(train, held, fields):
    recipe = tiny_recipe(**fields)
    train(recipe=recipe, factors=(), replicates=1)
    later = train(ON_THE_WAY, recipe=recipe, factors=(), replicates=1)
    assert (later.trained, later.probed, later.failures) == (0, 1, {})
    train(ON_THE_WAY, "other", recipe=recipe, factors=(), replicates=1)
    assert_the_same(held(later), held(later, "other"))


def test_after_a_second_phase_too(train, held):
    recipe = tiny_recipe(**CURVE)
    asked = (*AT_THE_END, probes.Outputs(), probes.HessianSpectrum())
    train(recipe=recipe, factors=(), replicates=1)
    later = train(asked, recipe=recipe, factors=(), replicates=1)
    assert (later.probed, later.failures) == (1, {})
    train(asked, "other", recipe=recipe, factors=(), replicates=1)
    assert_the_same(held(later), held(later, "other"))


def test_a_third_run_measures_nothing(train):
    train()
    assert train(ON_THE_WAY).probed == 4
    assert train(ON_THE_WAY).probed == 0
    assert train((*ON_THE_WAY, *AT_THE_END[:1])).probed == 4
    assert train(AT_THE_END[:1]).probed == 0
    assert train(ON_THE_WAY).probed == 0


def test_another_schedule_is_another_measurement(train, held):
    train((probes.WeightNorm(when=END),))
    later = train((probes.WeightNorm(),))
    assert later.probed == 4
    shown = later.dataset()["weight/norm"]
    assert np.isfinite(shown).all()
    assert shown.sizes["epoch"] == 3


def test_new_replicates_are_trained_and_stored_ones_catch_up(train, held):
    train(replicates=1)
    later = train(ON_THE_WAY, replicates=2)
    assert (later.trained, later.reused, later.probed) == (2, 2, 2)
    train(ON_THE_WAY, "other", replicates=2)
    assert_the_same(held(later), held(later, "other"))


def test_a_run_that_diverged_has_no_end_to_be_measured_at(train):
    train(factors=WILD)
    later = train(AT_THE_END[:1], factors=WILD)
    assert (later.probed, later.failures) == (2, {})
    assert train(AT_THE_END[:1], factors=WILD).probed == 0


def test_the_way_of_a_run_that_diverged_is_measured_until_there(train, held):
    train(factors=WILD)
    later = train(ON_THE_WAY[1:], factors=WILD)
    assert (later.probed, later.failures) == (4, {})
    assert train(ON_THE_WAY[1:], factors=WILD).probed == 0
    train(ON_THE_WAY[1:], "other", factors=WILD)
    assert_the_same(held(later), held(later, "other"))


def test_a_run_that_comes_out_different_fails_and_the_others_go_on(train, held, tmp_path):
    first = train(lab="honest")
    wrong, *right = held(first, "honest").values()
    weights = safetensors.numpy.load(wrong.artifacts[WEIGHTS])
    weights["1.bias"] = weights["1.bias"] + 1e-6
    changed = wrong.artifacts | {WEIGHTS: safetensors.numpy.save(weights)}
    with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
        for run in (replace(wrong, artifacts=changed), *right):
            catalogue.add_run(run)

    later = train(ON_THE_WAY)
    assert (later.trained, later.probed) == (0, 3)
    assert later.failures == {
        wrong.key: "ChangedWeightsError: trained again for a probe, the run came out with other "
        "weights than are stored: it was trained with other versions, on another processor, or "
        "beside other runs. To train all of the study anew, remove it first with `paribus clean`"
    }
    found = held(later)
    assert found[wrong.key].artifacts == changed
    assert found[wrong.key].probes == ()
    assert all(len(found[run.key].probes) == 2 for run in right)
