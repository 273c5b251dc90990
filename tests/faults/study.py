"""The study that is disturbed: real digits in files of its own, twelve runs in two cohorts."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

RUNS = 12
CHECKPOINT_SECONDS = 0.05
_IMAGES = 600
_TRAIN = 480

_FILE = """\
from pathlib import Path

from paribus import Factor, Recipe, Study, data, models, optimizers

STUDY = Study(
    name="disturbed",
    question="Which network, which rate?",
    recipe=Recipe(
        data=data.ImageFolder(folder=Path(__file__).with_name("digits"), mode="grayscale"),
        model=models.MLP(hidden=(8,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=16,
        epochs={epochs},
    ),
    factors=[
        Factor("model.hidden", {{"narrow": (8,), "deep": (8, 8)}}),
        Factor("optimizer.learning_rate", {{"low": 0.03, "high": 0.3}}),
    ],
    replicates=3,
)
"""


def write_study(folder: Path, epochs: int) -> Path:
    """The study's file, beside its images; some 2 ms an epoch on a core of 2020."""
    digits = load_digits()
    pictures = (digits.images[:_IMAGES] * 15).astype(np.uint8)
    for number, (picture, label) in enumerate(zip(pictures, digits.target, strict=False)):
        split = "train" if number < _TRAIN else "test"
        place = folder / "digits" / split / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{number:04}.png")
    path = folder / "disturbed.py"
    path.write_text(_FILE.format(epochs=epochs))
    return path


def images(study: Path) -> list[Path]:
    """The files that the study reads."""
    return sorted((study.parent / "digits").rglob("*.png"))
