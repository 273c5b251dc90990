import pytest

from paribus.data import Digits, Function
from paribus.errors import DeclarationError
from paribus.models import MLP
from paribus.optimizers import SGD, Adam
from paribus.spec import split_traced
from paribus.training import EarlyStopping, Recipe

BASE = Recipe(
    data=Digits(),
    model=MLP(hidden=(8,)),
    optimizer=SGD(learning_rate=0.1),
    batch_size=32,
    epochs=5,
)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        (
            {"data": Function(name="sinc")},
            ["loss: got 'cross_entropy'; Function has no classes: mean_squared_error fits it"],
        ),
        (
            {"data": Function(name="sinc"), "loss": "kl_divergence"},
            ["loss: got 'kl_divergence'; Function has no classes: mean_squared_error fits it"],
        ),
        (
            {"early_stopping": EarlyStopping()},
            [
                "early_stopping: needs a validation split: set data.validation to a number of "
                "examples"
            ],
        ),
        (
            {
                "data": Function(name="sinc", validation=10),
                "loss": "mean_squared_error",
                "early_stopping": EarlyStopping(metric="validation/accuracy"),
            },
            [
                "early_stopping.metric: got 'validation/accuracy'; without classes only losses "
                "are measured"
            ],
        ),
        (
            {
                "data": Function(name="sinc"),
                "early_stopping": EarlyStopping(metric="validation/accuracy"),
            },
            ["loss: got", "early_stopping: needs", "early_stopping.metric: got"],
        ),
        (
            {"data.validation": 100, "evaluate": "end", "early_stopping": EarlyStopping()},
            [
                "early_stopping: never stops anything with evaluate='end'; evaluate every so "
                "many epochs"
            ],
        ),
        ({"data.validation": 1437}, ["data.validation: got 1437; there are 1437 training"]),
        ({"batch_size": 0}, ["batch_size: got 0; should be greater than 0"]),
        (
            {"early_stopping": {"relative_change": 1.0}, "data.validation": 100},
            ["early_stopping.relative_change: got 1.0; should be less than 1"],
        ),
        (
            {"early_stopping": {"metric": "test/loss"}, "data.validation": 100},
            ["early_stopping.metric: got 'test/loss'"],
        ),
        (
            {"warm_start": {"batch_size": 0}},
            ["warm_start.batch_size: got 0; should be greater than 0"],
        ),
        (
            {"second_phase": {"method": "newton", "tolerance": 0.0}, "precision": "float64"},
            [
                "second_phase.method: got 'newton'",
                "second_phase.tolerance: got 0.0; should be greater than 0",
            ],
        ),
        ({"epochs": 1.5}, ["epochs: got 1.5; should be a valid integer"]),
        ({"evaluate_train": 0}, ["evaluate_train: got 0; should be greater than 0"]),
        ({"loss": "crossentropy"}, ["loss: got 'crossentropy'; did you mean 'cross_entropy'?"]),
        ({"precision": "float16"}, ["precision: got 'float16'"]),
        ({"optimizer.beta": 0.1, "epoch": 3}, ["optimizer.beta: unknown field", "epoch: unknown"]),
    ],
)
def test_all_faults_are_reported_together(changes, faults):
    with pytest.raises(DeclarationError) as caught:
        BASE.with_fields(changes)
    subject, *lines = str(caught.value).splitlines()
    assert subject == f"Recipe: {len(faults)} fault{'s' if len(faults) > 1 else ''}"
    assert len(lines) == len(faults)
    for line, fault in zip(lines, faults, strict=True):
        assert line.startswith(f"  {fault}")


@pytest.mark.parametrize(
    ("evaluate", "due"),
    [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 2, 4, 5]), (5, [0, 5]), (9, [0, 5]), ("end", [5])],
)
def test_when_the_splits_are_measured(evaluate, due):
    recipe = BASE.with_fields({"evaluate": evaluate})
    assert [epoch for epoch in range(6) if recipe.evaluation_due(epoch)] == due


@pytest.mark.parametrize(
    ("batch_size", "validation", "batch", "steps"),
    [
        (32, 0, 32, 45),
        (1437, 0, 1437, 1),
        (5000, 0, 1437, 1),
        (5000, 37, 1400, 1),
        (1, 437, 1, 1000),
    ],
)
def test_steps_of_an_epoch(batch_size, validation, batch, steps):
    recipe = BASE.with_fields({"batch_size": batch_size, "data.validation": validation})
    assert (recipe.batch, recipe.steps_per_epoch) == (batch, steps)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"optimizer.learning_rate": 0.2}, True),
        ({"optimizer.momentum": 0.5}, False),  # a term more
        ({"optimizer": Adam(learning_rate=0.1)}, False),
        ({"model.dropout": 0.1}, False),
        ({"batch_size": 33}, False),
        ({"epochs": 6}, False),
    ],
)
def test_what_shares_a_program(changes, same):
    static, _ = split_traced(BASE)
    assert (split_traced(BASE.with_fields(changes))[0] == static) is same


def test_a_recipe_survives_json():
    recipe = BASE.with_fields(
        {"data.validation": 100, "early_stopping": EarlyStopping(), "evaluate": 3}
    )
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_the_training_loss_stops_without_a_validation_split():
    recipe = BASE.with_fields({"early_stopping": EarlyStopping(metric="train/loss")})
    assert recipe.data.validation == 0
