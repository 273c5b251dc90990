"""What a trainer measures at the end of an epoch, checked, and kept as a run's measurements.

A trainer is the user's own code: all that it yields is looked at, and what cannot be stored or
would be shown wrongly is refused where it comes from, with what was got and what is allowed.
"""

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from paribus.errors import TrainerError
from paribus.spec import MOST, written
from paribus.store.records import Measurement

SHARES = ("accuracy", "precision", "recall")
"""What is shown in per cent, and is a share of examples from 0 to 1."""
MADE_HERE = ("epochs/trained", "gap/accuracy", "stall/depth", "test/confusion")
"""Names of what Paribus makes itself of what was measured."""
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z0-9][a-z0-9_]*")
_LONGEST_NAME = 100
_ALLOWED = "a trainer yields Measured(epoch, {'train/loss': 0.3, 'test/accuracy': 0.9})"


class Measured(NamedTuple):
    """What was measured after so many epochs: a number by name, or several, one for each layer.

    Names are those of built-in runs, `split/quantity` ("train/loss", "test/accuracy"), or of the
    same form ("tree/leaves"): small letters, digits and underscores around one slash. Accuracy,
    precision and recall are shares from 0 to 1. Epochs increase from one to the next, and 0 is
    before training; what has no epochs is measured once, after epoch 1. A name need not be there
    each time. The same as a pair `(epoch, values)`.
    """

    epoch: int
    values: Mapping[str, float | Mapping[str, float]]


@dataclass
class _Series:
    layers: tuple[str, ...] | None
    epochs: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)


@dataclass
class Course:
    """What a trainer has yielded of one run so far.

    `diverged_epoch` is the first epoch with a loss that is not finite.
    """

    diverged_epoch: int | None = None
    _epoch: int | None = None
    _series: dict[str, _Series] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """The last epoch measured; 0 before any."""
        return self._epoch or 0

    @property
    def empty(self) -> bool:
        """Whether nothing has been yielded."""
        return self._epoch is None

    def add(self, yielded: Any) -> None:
        """Keeps one thing that was yielded; raises `TrainerError` where it cannot be."""
        epoch, values = _pair(yielded)
        if self._epoch is not None and epoch <= self._epoch:
            raise TrainerError(
                f"epoch {epoch} was yielded after epoch {self._epoch}; epochs should increase"
            )
        found = {_name(name): _numbers(name, value) for name, value in values.items()}
        losses = [value for name, value in found.items() if name.endswith("/loss")]
        if not all(map(_finite, losses)):
            self.diverged_epoch = epoch
        for name, value in found.items():
            if self.diverged_epoch is None:
                _check_share(name, value)
            self._add(epoch, name, value)
        self._epoch = epoch

    def _add(self, epoch: int, name: str, value: float | dict[str, float]) -> None:
        layers = tuple(value) if isinstance(value, dict) else None
        series = self._series.setdefault(name, _Series(layers))
        if series.layers != layers:
            raise TrainerError(
                f"{name!r} has {_told(layers)} at epoch {epoch}, and had {_told(series.layers)} "
                f"at epoch {series.epochs[0]}; a run measures the same layers each time"
            )
        series.epochs.append(epoch)
        series.values.append(list(value.values()) if isinstance(value, dict) else value)

    def measurements(self) -> tuple[Measurement, ...]:
        """All of it as arrays over epochs, and layers where it was measured of each."""
        return tuple(_measurement(name, one) for name, one in self._series.items())


def _measurement(name: str, series: _Series) -> Measurement:
    coords: dict[str, Any] = {"epoch": np.asarray(series.epochs, np.int32)}
    values = np.asarray(series.values, np.float64)
    if series.layers is None:
        return Measurement(name, values, ("epoch",), coords)
    coords["layer"] = np.asarray(series.layers)
    return Measurement(name, values, ("epoch", "layer"), coords)


def _pair(yielded: Any) -> tuple[int, Mapping[Any, Any]]:
    if not isinstance(yielded, tuple) or len(yielded) != 2:
        raise TrainerError(f"the trainer yielded {written(yielded)}; {_ALLOWED}")
    epoch, values = yielded
    try:
        number = None if isinstance(epoch, bool) else operator.index(epoch)
    except TypeError:
        number = None
    if number is None or not 0 <= number <= MOST:
        problem = f"the trainer yielded epoch {written(epoch)}"
        raise TrainerError(f"{problem}; it should be a whole number, 0 or more: {_ALLOWED}")
    if not isinstance(values, Mapping) or not values:
        problem = f"the trainer yielded {written(values)} at epoch {number}"
        raise TrainerError(f"{problem}; it should be numbers by name: {_ALLOWED}")
    return number, values


def _name(name: Any) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise TrainerError(
            f"the trainer yielded a value named {written(name)}; a name is split/quantity or "
            "of that form, in small letters: 'train/loss', 'test/accuracy', 'tree/leaves'"
        )
    if name in MADE_HERE:
        raise TrainerError(
            f"the trainer yielded {name!r}, which Paribus makes itself of what was measured: "
            "leave it out, or give it another name"
        )
    return name


def _numbers(name: str, value: Any) -> float | dict[str, float]:
    if not isinstance(value, Mapping):
        return _number(name, value)
    if not value or not all(isinstance(layer, str) and layer.strip() for layer in value):
        raise TrainerError(
            f"the trainer yielded {written(value)} as {name!r}; should be a number, or numbers by "
            "layer: {'hidden': 0.1, 'output': 0.2}"
        )
    return {layer: _number(name, one) for layer, one in value.items()}


def _number(name: str, value: Any) -> float:
    if not isinstance(value, bool | np.bool_ | str | bytes):
        try:
            return float(value)  # a scalar of NumPy, PyTorch or Keras too
        except Exception:  # whatever their conversions raise
            pass
    problem = f"the trainer yielded {written(value)} as {name!r}"
    raise TrainerError(f"{problem}; should be a number, or numbers by layer")


def _finite(value: float | dict[str, float]) -> bool:
    return all(map(math.isfinite, value.values() if isinstance(value, dict) else (value,)))


def _check_share(name: str, value: float | dict[str, float]) -> None:
    if name.partition("/")[2] not in SHARES:
        return
    for one in value.values() if isinstance(value, dict) else (value,):
        if not 0 <= one <= 1:
            raise TrainerError(
                f"the trainer yielded {one!r} as {name!r}; should be a share from 0 to 1: "
                "0.97, not 97"
            )


def _told(layers: tuple[str, ...] | None) -> str:
    return "one number" if layers is None else f"the layers {', '.join(layers)}"
