"""Runs of a trainer of the user's own: what is stored, what fails, what makes another run."""

import json
from dataclasses import replace

import numpy as np
import pytest

import paribus
from paribus import Factor, Measured, Recipe, Spec, Study, claims, models, optimizers
from paribus.claims.findings import findings
from paribus.data import Digits
from paribus.errors import DeclarationError, TrainerError
from paribus.executors.base import Place
from paribus.functions import Function
from paribus.store import Catalogue
from paribus.study.foreign_training import ForeignTraining
from paribus.study.repair import check_lab
from paribus.study.tasks import EpochDone

ENDED = []


class Arm(Spec):
    level: float = 0.5
    does: str = "train"
    epochs: int = 3


@paribus.version("1")  # what it refers to, `ENDED`, changes
def train(recipe, replicate):
    """Trains nothing, and measures what is easy to know."""
    try:
        for epoch in range(recipe.epochs + 1):
            if epoch == 2 and recipe.does == "raise":
                raise KeyError("no such layer")
            if epoch == 2 and recipe.does == "exit":
                raise SystemExit(3)
            infinite = epoch == 2 and recipe.does == "diverge"
            loss = float("inf") if infinite else recipe.level / (epoch + 1)
            share = np.float32(min(1.0, recipe.level + 0.01 * replicate))
            norms = {"first": epoch + replicate, "last": 2.0}
            yield Measured(
                epoch, {"test/loss": loss, "test/accuracy": share, "weight/norm": norms}
            )
    finally:
        ENDED.append(recipe.does)


def study(**fields):
    declared = {
        "name": "arms",
        "question": "Which arm?",
        "recipe": Arm(),
        "trainer": train,
        "factors": [Factor("level", {"low": 0.25, "high": 0.75})],
        "replicates": 3,
    }
    return Study(**declared | fields)


def stored(outcome):
    with Catalogue.open(outcome.lab, create=False) as catalogue:
        keys = {run.key for run in outcome.plan.runs}
        return [catalogue.run(key) for key in sorted(catalogue.finished(keys))]


def found(outcome):
    return findings(outcome.results())


def test_what_is_yielded_is_stored_as_it_was(train_study):
    outcome = train_study(study(replicates=1))
    run = next(one for one in stored(outcome) if one.recipe["level"] == 0.75)
    values = {one.name: one for one in run.measurements}
    assert values["test/loss"].values.tolist() == [0.75, 0.375, 0.25, 0.1875]
    assert values["test/loss"].coords["epoch"].tolist() == [0, 1, 2, 3]
    assert values["weight/norm"].dims == ("epoch", "layer")
    assert values["weight/norm"].coords["layer"].tolist() == ["first", "last"]
    assert values["weight/norm"].values[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert run.recipe == {"level": 0.75, "does": "train", "epochs": 3}
    assert run.provenance["made_by"]["recipe"] == "Arm"
    assert "numerics" not in run.provenance


@pytest.mark.parametrize("on", ["inline", "threads"])
def test_what_is_stored_is_not_trained_again(train_study, on):
    assert train_study(study(), on=on).trained == 6
    again = train_study(study(), on=on)
    assert (again.trained, again.reused, again.total) == (0, 6, 6)
    assert train_study(study(recipe=Arm(epochs=2)), on=on).trained == 6


def test_claims_are_registered_and_tested(train_study):
    claimed = [
        claims.Better("test/accuracy", "high", "low"),
        claims.Better("weight/norm", "high", "low", layer="first"),
        claims.Better("tree/leaves", "high", "low"),
    ]
    outcome = train_study(study(claims=claimed))
    better, alike, unknown = found(outcome)
    assert (better.verdict, better.registered) == ("supported", True)
    assert better.estimate == pytest.approx(0.5)
    assert alike.n == 3
    assert unknown.verdict == "not testable"
    assert "test/accuracy" in unknown.why
    assert "test/loss" in unknown.why


def test_a_raise_fails_its_run_alone_and_says_where(train_study):
    outcome = train_study(study(factors=[Factor("does", ["train", "raise", "exit"])]))
    assert (outcome.trained, len(outcome.failures)) == (3, 6)
    messages = set(outcome.failures.values())
    assert any(
        one.startswith("KeyError: 'no such layer' (test_trainer.py, line ") for one in messages
    )
    assert any(one.startswith("SystemExit: 3 (test_trainer.py, line ") for one in messages)


def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(train_study):
    ENDED.clear()
    outcome = train_study(study(recipe=Arm(does="diverge"), replicates=1))
    assert (outcome.trained, outcome.diverged) == (2, 2)
    assert ENDED == ["diverge"] * 2
    for run in stored(outcome):
        assert (run.status, run.diverged_epoch) == ("diverged", 2)
        assert len(run.measurements[0].values) == 3


def test_a_stop_closes_the_trainer_and_stores_nothing(train_study):
    ENDED.clear()

    class Stopping:
        def __getattr__(self, name):
            def hear(*_):
                if name == "epoch_done":
                    raise KeyboardInterrupt

            return hear

    with pytest.raises(KeyboardInterrupt):
        train_study(study(recipe=Arm(epochs=10_000)), on="threads", watch=Stopping())
    assert len(ENDED) == 1


class Stopped:
    """A trainer that is told to stop, and raises for it, in its epoch or as it is closed."""

    def __init__(self, late):
        self.told, self.late = False, late

    def train(self, recipe, replicate):
        if self.late:
            try:
                yield 1, {"test/accuracy": 0.5}
            finally:
                raise RuntimeError("given up")
        self.told = True
        raise RuntimeError("given up")
        yield 1, {"test/accuracy": 0.5}

    def hear(self, said):
        self.told |= isinstance(said, EpochDone)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_run_that_was_told_to_stop_says_nothing_of_what_it_raises(late, cancelled):
    (run,) = study(factors=[], replicates=1).plan().runs
    stopped = Stopped(late)
    place = Place(0, None, {}, stopped.hear, lambda: stopped.told and cancelled)
    task = ForeignTraining(run, Function("train", "0" * 64, stopped.train), {}, None, {})
    if cancelled:
        assert task(place) is None
    else:
        with pytest.raises(TrainerError, match="RuntimeError: given up"):
            task(place)


def test_what_is_said_beforehand_is_true_wherever_it_runs():
    (notice,) = study().plan().notices()
    assert notice.endswith(
        "test_trainer:train: on threads, the default, one run at a time; `--on processes` trains "
        "several at once"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"on": "threads", "cores": 4},
            "cores: got 4 with on='threads'; there a trainer of your own trains one run at a "
            "time: leave it out, or say `--on processes`",
        ),
        ({"on": "inline", "cores": 2}, "cores: got 2 with on='inline'"),
        (
            {"on": "processes", "side_by_side": 2},
            "side_by_side: got 2; runs of a trainer of your own share no program: leave it out",
        ),
    ],
)
def test_what_is_asked_for_and_will_not_happen_is_refused(train_study, lab, options, said):
    with pytest.raises(DeclarationError) as caught:
        train_study(study(), **options)
    assert said in str(caught.value)
    assert not lab.exists()  # so that no claim is registered either


def test_what_is_asked_for_and_happens_anyway_is_taken(train_study):
    assert train_study(study(), on="threads", cores=1, side_by_side=1).trained == 6


def other(recipe, replicate):
    yield 1, {"test/accuracy": 0.5}


def with_data(recipe, replicate, dataset):
    yield 1, {"train/accuracy": len(dataset.train) / 10_000, "seed/is": replicate}


class OnDigits(Spec):
    data: Digits = Digits()


def test_a_third_argument_is_the_data_of_the_recipe(train_study):
    outcome = train_study(study(trainer=with_data, recipe=OnDigits(), factors=[], replicates=1))
    (run,) = stored(outcome)
    examples = Digits().facts().train
    assert run.measurements[0].values.tolist() == [examples / 10_000]
    assert run.fingerprint
    assert run.provenance["data"]["name"] == "Digits"


class Leg(Arm):
    pass


def keys(**fields):
    return {run.key for run in study(**fields).plan().runs}


def test_keys_are_of_the_recipe_its_class_and_the_trainer():
    assert keys() == keys(claims=[claims.Better("test/accuracy", "high", "low")])
    assert not keys() & keys(trainer=other)
    assert not keys() & keys(recipe=Leg())
    assert not keys() & keys(recipe=Arm(epochs=4))


def test_salted_replicates_are_seeds_that_other_libraries_take(train_study):
    plan = study(trainer=with_data, recipe=OnDigits(), factors=[]).plan().salted(2**51 + 2**33 + 7)
    outcome = train_study(plan=plan)
    seeds = sorted(run.measurements[1].values[0] for run in stored(outcome))
    assert seeds == [7.0, 8.0, 9.0]


def test_our_own_recipe_may_be_trained_by_another(train_study):
    recipe = Recipe(
        data=Digits(),
        model=models.MLP(hidden=(4,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=32,
        epochs=1,
    )
    own = study(trainer=other, recipe=recipe, factors=[Factor("model.hidden", [(4,), (8,)])])
    assert train_study(own).trained == 6
    assert {run.parameters for run in own.plan().runs} == {None}


def test_a_checked_lab_finds_the_runs_sound_and_a_forged_one_not(train_study, tmp_path):
    outcome = train_study(study(replicates=1))
    assert check_lab(outcome.lab).damages == ()
    forged = replace(stored(outcome)[0], key="0" * 64)
    lab = tmp_path / "forged"
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.add_run(forged)
    (damage,) = check_lab(lab).damages
    assert "its key is not that of its recipe" in damage.what


def test_the_first_metric_of_a_report_is_one_that_was_measured(train_study):
    def read(one):
        return train_study(one).results().document["primary"]

    assert read(study(replicates=1)) == "test/accuracy"
    leaves = study(name="leaves", trainer=leafy, replicates=1)
    assert leaves.at().primary == "test/accuracy"
    assert read(leaves) == "tree/leaves"


def leafy(recipe, replicate):
    yield 1, {"tree/leaves": 3 + replicate}


def test_it_is_told_that_a_trainer_trains(train_study):
    outcome = train_study(study(replicates=1))
    assert outcome.results().document["trainer"]["told"].endswith("test_trainer:train")
    assert json.dumps(outcome.plan.as_json())


def test_outside_a_study_nothing_is_stopping():
    assert paribus.trainers.stopping() is False
    assert issubclass(TrainerError, paribus.errors.ParibusError)
