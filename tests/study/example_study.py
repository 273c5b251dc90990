"""A study that trains in a moment, as an object and as a file."""

from pathlib import Path
from typing import Any

from paribus import Factor, Recipe, Study, data, models, optimizers

FILE = """\
from paribus import Factor, Recipe, Study, data, models, optimizers

STUDY = Study(
    name="tiny",
    question="Which rate?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(8,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=32,
        epochs={epochs},
    ),
    factors=[Factor("optimizer.learning_rate", {{"low": 0.01, "mid": 0.1, "high": 0.3}})],
    replicates={replicates},
)
"""


def tiny_recipe(**fields: Any) -> Recipe:
    """One hidden layer of eight on the digits: one program, 45 steps an epoch."""
    given = {
        "data": data.Digits(),
        "model": models.MLP(hidden=(8,)),
        "optimizer": optimizers.SGD(learning_rate=0.1),
        "batch_size": 32,
        "epochs": 2,
    }
    return Recipe(**(given | fields))


def tiny_study(**fields: Any) -> Study:
    """Two rates in two replicates."""
    given = {
        "name": "tiny",
        "question": "Which rate?",
        "recipe": tiny_recipe(),
        "factors": [Factor("optimizer.learning_rate", {"low": 0.01, "high": 0.3})],
        "replicates": 2,
    }
    return Study(**(given | fields))


def tiny_file(folder: Path, *, epochs: int = 2, replicates: int = 2) -> Path:
    """A study file of three rates."""
    path = folder / "tiny.py"
    path.write_text(FILE.format(epochs=epochs, replicates=replicates))
    return path
