"""Ejected scripts, run alone, do again what Paribus did.

The bounds are those of the engine's own agreement with PyTorch (tests/contracts): in float64 all
losses and weights to 1e-9 over 200 steps, in float32 those of the first 20 steps to 1e-4.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from interop.eject_recipes import BASE, CASES, COLOUR, DOUBLE, FEATURES, colour_cases
from interop.ejecting import Ran, alone, apart, eject_all, train
from interop.example_pictures import fill
from paribus.data.base import Source
from paribus.data.dataset import split
from paribus.store import Catalogue
from paribus.study.plan import PlannedRun
from paribus.training.positions import epoch_order
from training.stepwise import initial_weights

pytest.importorskip("torch", reason="runs scripts of PyTorch: needs torch installed")


class Single(NamedTuple):
    """All runs in float32, their lab, and what became of the scripts of the first replicate."""

    runs: list[PlannedRun]
    lab: Path
    ran: dict[str, Ran]

    def spread(self, case):
        """The lowest and the highest final test accuracy of a case's replicates."""
        keys = [run.key for run in self.runs if run.condition["case"] == case]
        with Catalogue.open(self.lab, create=False) as catalogue:
            measured = catalogue.measurements(keys, ["test/accuracy"])
            last = [float(one.values[-1]) for _, one in measured]
        return min(last), max(last)


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """Three replicates of each case; the scripts of the first."""
    lab, folder = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("ejected")
    runs = train(BASE, CASES, 3, lab)
    first = [run for run in runs if run.replicate == 0]
    return Single(runs, lab, eject_all(first, lab, folder))


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    lab, folder = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("ejected")
    cases = CASES | FEATURES | colour_cases(fill(tmp_path_factory.mktemp("pictures")))
    return eject_all(train(BASE.with_fields(DOUBLE), cases, 1, lab), lab, folder)


@pytest.mark.parametrize("case", [*CASES, *FEATURES, *COLOUR])
class TestInDoublePrecision:
    def test_losses_and_weights_are_those_of_the_run(self, double, case):
        ran: Ran = double[case]
        losses = ran.recorded("batch/loss")
        np.testing.assert_allclose(ran.printed("train loss"), losses, rtol=1e-9, atol=1e-12)
        trained, final = ran.weights("trained"), ran.weights("final")
        assert {array.dtype for array in final.values()} == {np.dtype(np.float64)}
        assert apart(trained, final) < 1e-9

    def test_it_measures_what_was_measured(self, double, case):
        ran: Ran = double[case]
        names = [name for name in ("validation", "test") if f"{name} " in ran.told]
        for split_name in names:
            metric = "accuracy" if ran.planned.recipe.data.facts().classification else "loss"
            printed = ran.printed(f"{split_name} {metric}")
            recorded = ran.recorded(f"{split_name}/{metric}")
            if printed:  # not where only the end is measured
                np.testing.assert_allclose(printed, recorded[1:], atol=6e-5)

    def test_it_ends_with_the_comparison(self, double, case):
        ran: Ran = double[case]
        *_, loss, metric, weights = ran.told.splitlines()
        for line in (loss, metric):
            paribus, here = (float(part.split()[-1]) for part in line.split(", here: "))
            assert here == pytest.approx(paribus, rel=1e-9, abs=1e-11), line
        assert float(weights.split()[-2]) < 1e-8


@pytest.mark.parametrize("case", CASES)
class TestInSinglePrecision:
    def test_the_first_losses_are_those_of_the_run(self, single, case):
        ran: Ran = single.ran[case]
        assert ran.printed("train loss")[0] == pytest.approx(
            ran.recorded("batch/loss")[0], rel=1e-4
        )

    def test_the_accuracy_at_the_end_is_within_the_spread_of_replicates(self, single, case):
        ran: Ran = single.ran[case]
        lowest, highest = single.spread(case)
        assert lowest < highest
        assert lowest <= ran.printed("test accuracy")[-1] <= highest

    def test_it_starts_from_the_same_weights(self, single, case):
        ran: Ran = single.ran[case]
        ours, theirs = initial_weights(ran.planned.recipe, 0), ran.weights("initial")
        assert bits_of(ours) == bits_of(theirs)

    def test_it_takes_the_same_batches(self, single, case):
        ran: Ran = single.ran[case]
        recipe = ran.planned.recipe
        dataset = recipe.data.load(Source())
        train_positions = split(dataset, recipe.data.validation, 0).train
        data, order = ran.weights("data"), ran.weights("order")["order"]
        assert data["train_inputs"].dtype == np.uint8
        assert len(order) == recipe.epochs
        for epoch, rows in enumerate(order, start=1):
            positions = epoch_order(recipe, 0, epoch, train_positions).ravel()
            positions = positions[positions >= 0]
            images = data["train_inputs"][rows].reshape(len(rows), 8, 8)
            np.testing.assert_array_equal(images, dataset.inputs[positions])
            np.testing.assert_array_equal(data["train_targets"][rows], dataset.targets[positions])


def bits_of(weights):
    """The arrays bit for bit, whatever they are called."""
    return sorted((array.shape, array.tobytes()) for array in weights.values())


def test_a_script_runs_by_itself_and_says_how_it_went(single, tmp_path):
    folder = single.ran["MLP SGD"].folder
    said = alone([str(folder / "train.py")], tmp_path)
    assert said.splitlines()[0].startswith("epoch   1: train loss 2.")
    assert said.splitlines()[-1].startswith("final weights: at most ")
    assert (folder / "trained.safetensors").exists()
