"""Every wrong way to declare a trainer, and to yield from one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paribus import (
    Factor,
    Measured,
    Recipe,
    Scan,
    Spec,
    Study,
    analyses,
    models,
    optimizers,
    probes,
)
from paribus.data import Digits, Normalize
from paribus.errors import DeclarationError, TrainerError
from paribus.functions import as_function
from paribus.study.foreign import takes_data
from paribus.trainers import shell
from paribus.trainers.measured import Course


class Arm(Spec):
    level: float = 0.5
    epochs: int = 3


class Held(Spec):
    arm: Arm = Arm()


class Leg(Arm):
    length: int = 2


class Foot(Spec):
    level: float = 0.5


class Either(Spec):
    arm: Arm | Foot = Foot()


class Loose(Spec):
    held: Any = None


class OnDigits(Spec):
    data: Digits = Digits()


def train(recipe, replicate):
    yield 1, {"test/accuracy": recipe.level}


def refused(**fields):
    declared = {
        "name": "arms",
        "question": "Which arm?",
        "recipe": Arm(),
        "trainer": train,
        "factors": [Factor("level", [0.25, 0.75])],
        "replicates": 2,
    }
    with pytest.raises(DeclarationError) as caught:
        Study(**declared | fields)
    return str(caught.value)


RECIPE = {
    "data": Digits(validation=50),
    "model": models.MLP(hidden=(4,)),
    "optimizer": optimizers.SGD(learning_rate=0.1),
    "batch_size": 32,
    "epochs": 1,
}


def one(recipe):
    yield 1, {"test/accuracy": 0.5}


def three(recipe, replicate, dataset):
    yield 1, {"test/accuracy": 0.5}


def four(recipe, replicate, dataset, more):
    yield 1, {"test/accuracy": 0.5}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"trainer": None}, "recipe: got a Arm; without a trainer it is a Recipe"),
        ({"trainer": 3}, "trainer: got 3; should be a function"),
        ({"trainer": "train"}, "trainer: got 'train'; should be a function"),
        ({"trainer": one}, "cannot be called so; it is called with a recipe and a replicate"),
        ({"trainer": four}, "cannot be called so"),
        ({"trainer": three}, "Arm has no field `data` of a data set of ours"),
        ({"recipe": Arm}, "recipe: got <class"),
        ({"recipe": 3}, "recipe: got 3; should be a Recipe, or for a trainer of your own"),
        ({"recipe": {"level": 2}}, "recipe.level: unknown field 'level'"),
        ({"factors": [Factor("levle", [1.0])]}, "unknown field 'levle'; did you mean 'level'?"),
        ({"factors": [Factor("level", ["a"])]}, "should be a valid number"),
        ({"probes": [probes.GradientNorm()]}, "probes: GradientNorm: these look into our engine"),
        ({"analyses": [analyses.EpochTime()]}, "analyses: EpochTime: these look into our"),
        ({"design": Scan(factor="level")}, "design: a scan asks what our engine measures"),
        (
            {"recipe": Held(arm=Leg()), "factors": []},
            "arm.length: unknown field 'length'",
        ),
        ({"recipe": Either(), "factors": []}, "recipe.arm: Arm or Foot: nothing tells them apart"),
        ({"recipe": Loose(held=object()), "factors": []}, "Loose cannot be written as JSON"),
        ({"recipe": Loose(held=float("nan")), "factors": []}, "Loose cannot be written as JSON"),
        (
            {"recipe": Recipe(**RECIPE, early_stopping={"patience": 2}), "factors": []},
            "recipe.early_stopping: is done by our engine",
        ),
        (
            {"recipe": Recipe(**RECIPE), "factors": [Factor("loss_threshold", [None, 0.1])]},
            "recipe.loss_threshold: is done by our engine; a trainer of your own does it itself",
        ),
        (
            {"recipe": Recipe(**RECIPE), "trainer": three, "factors": []},
            "recipe.data.validation: got 50; a trainer gets the data as they are stored: leave it "
            "out, or give the recipe a field of its own and do it in the trainer",
        ),
        (
            {
                "recipe": OnDigits(),
                "trainer": three,
                "factors": [Factor("data.random_labels", [0.0, 0.5])],
            },
            "recipe.data.random_labels: got 0.5; a trainer gets the data as they are stored",
        ),
        (
            {
                "recipe": OnDigits(data=Digits(normalization=Normalize(mean=(0.5,)))),
                "trainer": three,
                "factors": [],
            },
            "recipe.data.normalization: got {'mean': [0.5], 'std': [1.0]}; a trainer gets",
        ),
        (
            {"trainer": shell(["train", "{epoks}", "{level}"])},
            "trainer: {epoks} names no field of the recipe; known: replicate, level, epochs",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(fields, said):
    assert said in refused(**fields)


def test_all_faults_are_told_together():
    said = refused(probes=[probes.GradientNorm()], trainer=one)
    assert "probes: GradientNorm" in said
    assert "cannot be called so" in said


def test_what_is_wrong_in_several_conditions_is_told_once():
    threshold = {"recipe": Recipe(**RECIPE, loss_threshold=0.1), "trainer": three}
    said = refused(**threshold, factors=[Factor("epochs", [1, 2, 3])])
    assert said.count("recipe.loss_threshold: ") == 1
    assert said.count("recipe.data.validation: ") == 1
    assert refused(trainer=shell(["train", "{a}", "{b}"])).count("names no field") == 2


def test_data_that_a_trainer_loads_itself_may_be_declared_in_any_way():
    recipe = OnDigits(data=Digits(validation=50, random_labels=0.5))
    assert Study(name="a", question="?", recipe=recipe, trainer=train).plan().runs


def test_a_third_parameter_with_a_default_is_the_users_own():
    def with_default(recipe, replicate, fast=False):
        yield 1, {"test/accuracy": 0.5}

    assert not takes_data(as_function(with_default))
    assert takes_data(as_function(three))


@pytest.mark.parametrize(
    ("yielded", "said"),
    [
        (None, "yielded None; a trainer yields Measured("),
        ({"test/loss": 1.0}, "a trainer yields Measured("),
        ((1, {"test/loss": 1.0}, 2), "a trainer yields Measured("),
        (("1", {"test/loss": 1.0}), "yielded epoch '1'; it should be a whole number"),
        ((-1, {"test/loss": 1.0}), "yielded epoch -1; it should be a whole number"),
        ((1.5, {"test/loss": 1.0}), "yielded epoch 1.5"),
        ((True, {"test/loss": 1.0}), "yielded epoch True"),
        ((2**31, {"test/loss": 1.0}), "yielded epoch 2147483648"),
        ((1, {}), "yielded {} at epoch 1; it should be numbers by name"),
        ((1, 0.5), "yielded 0.5 at epoch 1"),
        ((1, {"loss": 1.0}), "a value named 'loss'; a name is split/quantity"),
        ((1, {"Test/Loss": 1.0}), "a value named 'Test/Loss'"),
        ((1, {3: 1.0}), "a value named 3"),
        ((1, {"a/" + "b" * 100: 1.0}), "a name is split/quantity"),
        ((1, {"test/confusion": 1.0}), "which Paribus makes itself"),
        ((1, {"test/loss": "1.0"}), "yielded '1.0' as 'test/loss'; should be a number"),
        ((1, {"test/loss": None}), "yielded None as 'test/loss'"),
        ((1, {"test/loss": True}), "yielded True as 'test/loss'"),
        ((1, {"test/loss": np.ones(2)}), "as 'test/loss'; should be a number"),
        ((1, {"test/loss": 1j}), "yielded 1j as 'test/loss'"),
        ((1, {"weight/norm": {}}), "yielded {} as 'weight/norm'"),
        ((1, {"weight/norm": {1: 2.0}}), "or numbers by layer"),
        ((1, {"test/accuracy": 97.0}), "should be a share from 0 to 1: 0.97, not 97"),
        ((1, {"test/accuracy": float("nan")}), "should be a share from 0 to 1"),
        ((0, {"test/loss": 1.0}), "epoch 0 was yielded after epoch 0; epochs should increase"),
        ((1, {"layer/norm": 1.0}), "has one number at epoch 1, and had the layers a at epoch 0"),
    ],
)
def test_what_cannot_be_kept_is_refused(yielded, said):
    course = Course()
    course.add(Measured(0, {"layer/norm": {"a": 1.0}}))
    with pytest.raises(TrainerError) as caught:
        course.add(yielded)
    assert said in str(caught.value)


def test_whatever_is_a_number_is_kept():
    course = Course()
    course.add((np.int64(3), {"test/loss": np.float32(0.5), "tree/leaves": 7}))
    loss, leaves = course.measurements()
    assert (loss.values.tolist(), leaves.values.tolist()) == ([0.5], [7.0])
    assert course.epoch == 3


def test_a_diverged_epoch_may_have_any_accuracy():
    course = Course()
    course.add((1, {"train/loss": float("nan"), "train/accuracy": float("nan")}))
    assert course.diverged_epoch == 1


def test_a_study_says_what_is_trained_where_nothing_is_known(tmp_path):
    plan = Study(name="a", question="?", recipe=Arm(), trainer=train).plan(data=Path(tmp_path))
    (run, *_) = plan.runs
    assert (run.parameters, run.steps, run.epochs, run.data) == (None, None, 3, None)
    assert plan.locations == {}
