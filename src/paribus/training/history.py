"""What is measured of a run while it trains, and whether it has stopped improving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset
from paribus.objectives.metrics import Predictions, confusion_matrix, metrics
from paribus.snapshot import Observer
from paribus.store.records import Measurement
from paribus.training.recipe import EarlyStopping, Recipe
from paribus.training.second_phase import Descent


@dataclass
class _Series:
    """Values of one quantity, with the epochs at which they were measured."""

    epochs: list[int] = field(default_factory=list)
    values: list[NDArray[np.generic]] = field(default_factory=list)

    def add(self, epoch: int, value: NDArray[np.generic] | np.generic) -> None:
        self.epochs.append(epoch)
        self.values.append(np.asarray(value))


class History:
    """Measurements of one run, epoch by epoch, on the host.

    `evaluated` gives the positions of the examples measured, by split; `positions` is all of
    them, one split after the other: the order in which `add_evaluation` takes results.
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        evaluated: Mapping[str, NDArray[np.int32]],
        observers: Sequence[Observer] = (),
    ) -> None:
        self._stopping = recipe.early_stopping
        self._dataset = dataset
        self._evaluated = evaluated
        self._series: dict[str, _Series] = {}
        self._observers = {name: one for one in observers for name in one.axes}
        self.positions = np.concatenate(list(evaluated.values()))
        self.correct: NDArray[np.bool_] | None = None

    def add_evaluation(
        self, epoch: int, found: tuple[NDArray[np.floating], NDArray[np.int32]]
    ) -> None:
        """Keeps the metrics of every split from each example's loss and predicted class."""
        first = 0
        for split, positions in self._evaluated.items():
            here = slice(first, first + len(positions))
            first += len(positions)
            self._add_split(epoch, split, positions, (found[0][here], found[1][here]))

    def _add_split(
        self,
        epoch: int,
        split: str,
        positions: NDArray[np.int32],
        found: tuple[NDArray[np.floating], NDArray[np.int32]],
    ) -> None:
        losses, predicted = found
        classes = len(self._dataset.classes)
        if not classes:
            self._add(epoch, f"{split}/loss", np.mean(losses, dtype=np.float64))
            return
        true = self._dataset.targets[positions].astype(np.int32)
        for name, value in metrics(Predictions(losses, predicted, true), classes).items():
            self._add(epoch, f"{split}/{name}", np.float64(value))
        if split == "test":
            self._add(epoch, "test/confusion", confusion_matrix(true, predicted, classes))
            self.correct = true == predicted

    def add_batch_loss(self, epoch: int, loss: float) -> None:
        """Keeps the mean of the objective over the examples of an epoch, as they were trained."""
        self._add(epoch, "batch/loss", np.float64(loss))

    def add_observation(self, epoch: int, observed: Mapping[str, NDArray[np.floating]]) -> None:
        """Keeps what the observers measured."""
        for name, values in observed.items():
            self._add(epoch, name, values)

    def add_descent(self, epoch: int, descent: Descent) -> None:
        """Keeps how a second phase went: loss and gradient norm by iteration, and its end."""
        self._add(epoch, "second_phase/loss", descent.losses)
        self._add(epoch, "second_phase/gradient_norm", descent.gradient_norms)
        self._add(epoch, "second_phase/end_norm", descent.gradient_norms[-1])
        self._add(epoch, "second_phase/converged", np.float64(descent.converged))

    def _add(self, epoch: int, name: str, value: NDArray[np.generic] | np.generic) -> None:
        self._series.setdefault(name, _Series()).add(epoch, value)

    def losses_are_finite(self) -> bool:
        """Whether the loss of every split, and of training, was finite when last measured."""
        return all(
            np.isfinite(series.values[-1]).all()
            for name, series in self._series.items()
            if name.endswith("/loss")
        )

    def stop_early(self) -> bool:
        """Whether the recipe's early stopping says that this run has stopped improving."""
        if self._stopping is None:
            return False
        series = self._series.get(self._stopping.metric, _Series())
        return stalled([float(value) for value in series.values], self._stopping)

    def kept(self) -> dict[str, NDArray[Any]]:
        """Everything kept, as arrays by name, for `restore`."""
        found: dict[str, NDArray[Any]] = {}
        for name, series in self._series.items():
            found[f"epochs/{name}"] = np.asarray(series.epochs, np.int32)
            found[f"values/{name}"] = np.stack(series.values)
        return found if self.correct is None else found | {"correct": self.correct}

    def restore(self, kept: Mapping[str, NDArray[Any]]) -> None:
        """Puts back what `kept` gave, in place of what is here."""
        self.correct = kept.get("correct")
        self._series = {
            name.removeprefix("epochs/"): _Series(
                epochs.tolist(), list(kept["values/" + name.removeprefix("epochs/")])
            )
            for name, epochs in kept.items()
            if name.startswith("epochs/")
        }

    def measurements(self, layers: list[str]) -> tuple[Measurement, ...]:
        """Everything kept, as arrays over epochs; `layers` names the layers of observations."""
        return tuple(
            self._measurement(name, series, layers) for name, series in self._series.items()
        )

    def _measurement(self, name: str, series: _Series, layers: list[str]) -> Measurement:
        coords: dict[str, NDArray[np.generic]] = {"epoch": np.asarray(series.epochs, np.int32)}
        values = np.stack(series.values)
        if name == "test/confusion":
            classes = np.asarray(self._dataset.classes)
            coords |= {"true": classes, "predicted": classes}
            return Measurement(name, values, ("epoch", "true", "predicted"), coords)
        observer = self._observers.get(name)
        if observer is None and values.ndim == 2:
            return Measurement(name, values, ("epoch", "iteration"), coords)
        if observer is None:
            return Measurement(name, values, ("epoch",), coords)
        axes = observer.axes[name]
        for size, axis in zip(values.shape[1:], axes, strict=True):
            if axis == "layer":
                coords[axis] = np.asarray(layers[:size])
            elif axis in observer.coordinates:
                coords[axis] = np.asarray(observer.coordinates[axis])
        return Measurement(name, values, ("epoch", *axes), coords, observer.identity)


def stalled(values: list[float], stopping: EarlyStopping) -> bool:
    """Whether the last `patience` values brought nothing better than those before them."""
    if len(values) <= stopping.patience:
        return False
    sign = -1 if stopping.metric.endswith("accuracy") else 1
    costs = [sign * value for value in values]
    best_before = min(costs[: -stopping.patience])
    least = stopping.change + stopping.relative_change * abs(best_before)
    return min(costs[-stopping.patience :]) >= best_before - least
