"""Metrics of one split from its examples' losses and predictions; NumPy, in float64."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Predictions:
    """What a network said of the examples of one split.

    `losses` (examples,) is the data term of each; `predicted` and `true` are class indices,
    (examples,), both None where the data has no classes.
    """

    losses: NDArray[np.floating]
    predicted: NDArray[np.int32] | None = None
    true: NDArray[np.int32] | None = None


def confusion_matrix(
    true: NDArray[np.int32], predicted: NDArray[np.int32], classes: int
) -> NDArray[np.int32]:
    """Counts of examples, (classes, classes): rows are true classes, columns predicted ones."""
    pairs = np.bincount(true * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int32)


def metrics(predictions: Predictions, classes: int) -> dict[str, float]:
    """Loss (mean over examples) and, with classes, accuracy, macro precision and macro recall.

    A class that is never predicted has precision 0; one that does not occur has recall 0
    (scikit-learn's `zero_division=0`).
    """
    found = {"loss": float(np.mean(predictions.losses, dtype=np.float64))}
    if predictions.true is None or predictions.predicted is None:
        return found
    counts = confusion_matrix(predictions.true, predictions.predicted, classes)
    hits = np.diag(counts).astype(np.float64)
    found["accuracy"] = float(hits.sum() / counts.sum())
    found["precision"] = float(np.mean(hits / np.maximum(counts.sum(axis=0), 1)))
    found["recall"] = float(np.mean(hits / np.maximum(counts.sum(axis=1), 1)))
    return found
