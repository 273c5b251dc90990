"""Running plans: what is trained, what is reused, what fails, what comes back."""

from collections.abc import Mapping
from typing import Literal

import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from jaxtyping import Array, Float
from PIL import Image

from paribus import Factor, probes
from paribus.data import ImageFolder
from paribus.data.base import Source
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import layers_of
from paribus.probes.base import Probe
from paribus.results.table import table
from paribus.snapshot import Snapshot
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"


class OneHiddenLayer(Probe):
    """Measures networks of one hidden layer, and cannot measure deeper ones."""

    QUANTITIES = {"probe/bias": ("layer",)}  # noqa: RUF012 - as in its base

    kind: Literal["one_hidden_layer"] = "one_hidden_layer"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        (_, first), (_, last) = layers_of(snapshot.network)
        return {"probe/bias": jnp.stack([first.bias[0], last.bias[0]])}


class Watching:
    """Keeps what it is told."""

    def __init__(self):
        self.to_train, self.epochs, self.statuses = 0, 0, []

    def planned(self, plan, to_train):
        self.to_train = len(to_train)

    def run_started(self, run, where, epoch=0):
        pass

    def epoch_done(self, run, epoch):
        self.epochs += 1

    def run_done(self, run, status):
        self.statuses.append(status)


@pytest.fixture
def train(tmp_path):
    """Runs a study in the test's lab."""

    def run(study, **options):
        plan = make_plan(study.at(), Source())
        return run_plan(plan, RunOptions(lab=tmp_path / "lab", **options))

    return run


def counts(outcome):
    return outcome.trained, outcome.reused


def stored(lab, keys):
    with Catalogue.open(lab, create=False) as catalogue:
        return [catalogue.run(key) for key in keys]


def test_only_what_is_new_is_trained(train, tmp_path):
    first = train(tiny_study())
    assert counts(first) == (4, 0)
    keys = [run.key for run in first.plan.runs]
    before = stored(tmp_path / "lab", keys)

    assert counts(train(tiny_study())) == (0, 4)
    assert counts(train(tiny_study(replicates=3))) == (2, 4)
    grown = [Factor(RATE, {"low": 0.01, "mid": 0.1, "high": 0.3})]
    assert counts(train(tiny_study(factors=grown, replicates=3))) == (3, 6)
    assert counts(train(tiny_study(name="another", factors=grown))) == (0, 6)

    for old, new in zip(before, stored(tmp_path / "lab", keys), strict=True):
        assert old.provenance == new.provenance
        assert old.artifacts == new.artifacts


def test_another_number_of_epochs_is_another_training(train):
    assert counts(train(tiny_study())) == (4, 0)
    assert counts(train(tiny_study(recipe=tiny_recipe(epochs=3)))) == (4, 0)
    assert counts(train(tiny_study())) == (0, 4)


def test_fewer_levels_and_replicates_take_nothing_away(train):
    train(tiny_study())
    assert counts(train(tiny_study(replicates=1))) == (0, 2)
    assert counts(train(tiny_study())) == (0, 4)


SAME = [Factor(RATE, {"a": 0.1, "b": 0.1})]


def test_two_labels_for_one_recipe_are_trained_once_and_both_shown(train):
    outcome = train(tiny_study(factors=SAME))
    assert counts(outcome) == (2, 0)
    rows = table(outcome.results(), ["test/accuracy", "test/loss"])
    assert [row["condition"]["learning_rate"] for row in rows] == ["a", "b", "a", "b"]
    assert [row["n"] for row in rows] == [2, 2, 2, 2]
    assert [row["mean"] for row in rows[::2]] == [row["mean"] for row in rows[1::2]]


def test_two_labels_for_one_recipe_are_both_in_the_dataset(train):
    accuracy = train(tiny_study(factors=SAME)).dataset()["test/accuracy"]
    assert np.isfinite(accuracy).all()
    assert (accuracy.sel(learning_rate="a") == accuracy.sel(learning_rate="b")).all()


def test_the_outcome_counts_steps_and_seconds(train):
    watching = Watching()
    outcome = train(tiny_study(), watch=watching)
    assert outcome.model_steps == 4 * 2 * 45
    assert watching.to_train == 4
    assert watching.epochs == 4 * 2
    assert watching.statuses == ["finished"] * 4
    assert {"train", "evaluate", "store", "total"} <= {
        phase for phase, seconds in outcome.seconds.items() if seconds > 0
    }


@pytest.mark.parametrize(
    "model",
    [MLP(hidden=(8,)), CNN(convolutions=(Convolution(channels=4, kernel=3, pool=Pool()),))],
    ids=["mlp", "cnn"],
)
def test_on_any_number_of_cores_a_run_is_the_same(train, tmp_path, model):
    study = tiny_study(recipe=tiny_recipe(model=model))
    outcome = train(study)
    alone = RunOptions(lab=tmp_path / "alone", cores=1)
    run_plan(make_plan(study.at(), Source()), alone)
    keys = [run.key for run in outcome.plan.runs]
    pairs = zip(stored(tmp_path / "lab", keys), stored(tmp_path / "alone", keys), strict=True)
    for one, other in pairs:
        assert one.artifacts == other.artifacts


def test_a_run_that_diverges_is_a_result(train):
    outcome = train(tiny_study(factors=[Factor(RATE, {"sane": 0.1, "wild": 1e30})]))
    assert (outcome.trained, outcome.diverged, outcome.failures) == (4, 2, {})
    found = outcome.dataset()["diverged_epoch"]
    assert np.isnan(found.sel(learning_rate="sane")).all()
    assert (found.sel(learning_rate="wild") == 1).all()
    assert counts(train(tiny_study(factors=[Factor(RATE, {"wild": 1e30})]))) == (0, 2)


def test_a_run_that_fails_leaves_the_others_and_is_tried_again(train, tmp_path):
    depths = tiny_study(
        factors=[Factor("model.hidden", {"flat": (8,), "deep": (8, 8)})],
        probes=(OneHiddenLayer(),),
    )
    watching = Watching()
    outcome = train(depths, watch=watching)
    assert counts(outcome) == (2, 0)
    assert sorted(watching.statuses) == ["failed", "failed", "finished", "finished"]
    failed = {run.key for run in outcome.plan.runs if run.condition["hidden"] == "deep"}
    assert set(outcome.failures) == failed
    assert set(outcome.failures.values()) == {"ValueError: too many values to unpack (expected 2)"}
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        assert catalogue.failures(failed) == outcome.failures

    mended = train(tiny_study(factors=depths.factors))
    assert counts(mended) == (2, 2)
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        assert catalogue.failures(failed) == {}


def test_a_study_gives_a_dataset(tmp_path):
    study = tiny_study(probes=(probes.WeightNorm(),))
    results = study.run(lab=tmp_path / "lab")
    assert isinstance(results, xarray.Dataset)
    assert dict(results.sizes) == {
        "learning_rate": 2,
        "replicate": 2,
        "epoch": 3,
        "layer": 2,
        "true": 10,
        "predicted": 10,
    }
    assert results["test/accuracy"].dims == ("learning_rate", "replicate", "epoch")
    assert results["weight/norm"].dims == ("learning_rate", "replicate", "epoch", "layer")
    assert results["learning_rate"].values.tolist() == ["low", "high"]
    assert results["stored"].all()
    assert (results["parameters"] == 610).all()
    final = results["test/accuracy"].isel(epoch=-1)
    assert (final.sel(learning_rate="high") > final.sel(learning_rate="low")).all()


def test_replicates_differ_and_their_conditions_are_paired(tmp_path):
    start = tiny_study().run(lab=tmp_path / "lab")["test/loss"].sel(epoch=0)
    # Before training the rate has not mattered yet: one replicate, one network.
    assert (start.sel(learning_rate="low") == start.sel(learning_rate="high")).all()
    assert start.sel(replicate=0).values[0] != start.sel(replicate=1).values[0]


def pictures(folder, offset):
    """Four made-up pictures for each of two classes, and one of each to test on."""
    for split, count in (("train", 4), ("val", 1)):
        for label in ("cat", "dog"):
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                array = np.random.default_rng(offset + number).integers(0, 256, (4, 4), np.uint8)
                Image.fromarray(array).save(folder / split / label / f"{number}.png")
    return ImageFolder(folder=folder, mode="grayscale")


def test_two_folders_of_images_in_one_study_are_two_data_sets(train, tmp_path):
    sets = {"first": pictures(tmp_path / "a", 0), "second": pictures(tmp_path / "b", 50)}
    outcome = train(tiny_study(factors=[Factor("data", sets)], replicates=1))
    assert (outcome.trained, outcome.failures) == (2, {})
    found = outcome.plan.locations
    fingerprints = [found[one].fingerprint for one in sets.values()]
    keys = [run.key for run in outcome.plan.runs]
    origins = [run.provenance["data"] for run in stored(tmp_path / "lab", keys)]
    assert [one["fingerprint"] for one in origins] == fingerprints
    assert len(set(fingerprints)) == 2
    assert {one["state"] for one in origins} == {"own files"}
