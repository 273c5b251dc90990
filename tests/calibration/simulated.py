"""Simulated studies in which the truth is known, as evidence that claims are judged by.

A world draws, for each study, one value per condition and replicate. No condition differs from
another on average; replicates share a part of their value, as paired runs do.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.claims.evidence import Course, Ends, Values
from paribus.claims.selection import Condition

LABELS = ("a", "b", "c", "d")
CONDITIONS: tuple[Condition, ...] = tuple({"activation": label} for label in LABELS)
EXAMPLES = 10_000
CHANCE = 0.1
LEARNED = 0.9
Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """How values come about: `draw` takes a generator and (studies, conditions, replicates).

    `deviation` is that of the paired difference a - b, where it has a use. `resolution` is the
    step in which values count; `stalls` says that those at chance are of runs that learned
    nothing.
    """

    name: str
    told: str
    draw: Callable[[np.random.Generator, tuple[int, int, int]], Array]
    deviation: float | None = None
    resolution: float | None = None
    stalls: bool = False


@dataclass(frozen=True)
class Simulated:
    """The evidence of one study: values by condition and replicate, all of them finished runs."""

    table: Array
    world: World

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return CONDITIONS[: len(self.table)]

    def _row(self, condition: Condition) -> Array:
        return self.table[LABELS.index(condition["activation"])]

    def values(
        self, condition: Condition, metric: str, layer: str | None, epoch_rule: str
    ) -> Values:
        return Values(dict(enumerate(self._row(condition).tolist())))

    def learned(self, condition: Condition) -> Mapping[int, bool] | None:
        if not self.world.stalls:
            return None
        return dict(enumerate((self._row(condition) != CHANCE).tolist()))

    def resolution(self, metric: str) -> float | None:
        return self.world.resolution

    def identical(
        self, first: Condition, second: Condition, metric: str | None
    ) -> dict[int, bool]:
        return {}

    def leads_by_example(self, first: Condition, second: Condition) -> NDArray[np.float64] | None:
        return None

    def courses(
        self, condition: Condition, metric: str, layer: str | None
    ) -> tuple[Values, Mapping[int, Course]]:
        return Values(absent="no course is simulated"), {}

    def layers(self, condition: Condition, metric: str) -> tuple[str, ...]:
        return ()

    def guessing(self, condition: Condition) -> float | None:
        return None

    def barriers(self, first: Condition, second: Condition, metric: str) -> Values:
        return Values(absent="no barrier is simulated")

    def ends(self, condition: Condition, epochs: int) -> Ends | str:
        return "no paths are simulated"


def _shared(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    """What the runs of a replicate have in common: the same split and initial weights."""
    studies, _, n = shape
    return LEARNED + 0.01 * random.normal(size=(studies, 1, n))


def _normal(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    return _shared(random, shape) + 0.005 * random.normal(size=shape)


def _unequal(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    deviations = 0.02 * np.array([1.0, 0.1, 0.5, 0.02])[: shape[1], None]
    return _shared(random, shape) + deviations * random.normal(size=shape)


def _lognormal(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    """Of mean 0 and deviation 1, with a skewness of 6.2."""
    return (random.lognormal(0, 1, shape) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)


def _skewed(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    return _shared(random, shape) - 0.005 * _lognormal(random, shape)


def _one_skewed(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    values = _shared(random, shape) + 0.0005 * random.normal(size=shape)
    values[:, 0] -= 0.005 * _lognormal(random, shape)[:, 0]
    return values


def _ceiling(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    """Few wrong examples of 10,000, often none: counts about a mean that replicates share."""
    studies, _, n = shape
    mean = 1.5 * random.gamma(4, 1 / 4, (studies, 1, n))
    return 1 - random.poisson(np.broadcast_to(mean, shape)) / EXAMPLES


def _stalling(share: float) -> Callable[[np.random.Generator, tuple[int, int, int]], Array]:
    def draw(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
        return np.where(random.random(shape) < share, CHANCE, _normal(random, shape))

    return draw


STEP = 1 / EXAMPLES
WORLDS = (
    World("normal", "normal values of one deviation", _normal, 0.005 * math.sqrt(2)),
    World(
        "unequal",
        "normal values whose deviations are as 1 to 0.1 to 0.5 to 0.02",
        _unequal,
        0.02 * math.sqrt(1.01),
    ),
    World(
        "skewed",
        "lognormal losses of accuracy, alike in all conditions",
        _skewed,
        0.005 * math.sqrt(2),
    ),
    World(
        "one skewed",
        "lognormal losses in one condition, hardly any spread in the others",
        _one_skewed,
        0.005 * math.sqrt(1.01),
    ),
    World(
        "ceiling",
        "accuracies near 1, in steps of 1/10,000: 1.5 wrong examples on average",
        _ceiling,
        math.sqrt(2 * 1.5) / EXAMPLES,
        STEP,
    ),
    World(
        "stall 1 in 5", "each run stalls with a chance of 0.2", _stalling(0.2), None, STEP, True
    ),
    World(
        "stall 1 in 2", "each run stalls with a chance of 0.5", _stalling(0.5), None, STEP, True
    ),
)
"""What is simulated, from the kind that the t-test is made for on."""
