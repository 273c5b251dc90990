"""What claims ask of stored runs, so that they can be tested without knowing where runs are kept.

Everything is by *unit*: the number of a replicate, by which runs of two conditions are paired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paribus.claims.selection import Condition


@dataclass(frozen=True)
class Values:
    """One number for each finished run of a condition, by unit.

    `diverged` and `missing` are the replicates whose runs have none: their loss did not stay
    finite, or they are not stored. `unit` says in the singular what is counted. `absent` says why
    there is no number at all, where that is not for want of finished runs; `notes` are sentences
    without a full stop, on how the numbers are to be read.
    """

    by_unit: Mapping[int, float] = field(default_factory=dict)
    diverged: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    unit: str = "replicate"
    absent: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """A metric of one run along training: at these epochs, in their order, one value each."""

    epochs: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True)
class Ends:
    """How far apart the ends of a condition's runs are, for each two; how far each moved last."""

    apart: Sequence[float]
    moved: Sequence[float]


class Evidence(Protocol):
    """The stored runs of a study, as claims read them. Only finished runs have values."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that claims speak of.

        Of a design that chooses levels of a factor, such as the depths of a scan, they are without
        that factor: their runs are those at the level that was chosen, replicate by replicate.
        """
        ...

    def values(
        self, condition: Condition, metric: str, layer: str | None, epoch_rule: str
    ) -> Values:
        """The number that speaks for each run, of a metric as claims write it.

        Raises nothing: a metric that is not there is `absent`.
        """
        ...

    def courses(
        self, condition: Condition, metric: str, layer: str | None
    ) -> tuple[Values, Mapping[int, Course]]:
        """The whole course of a metric by replicate, and its last values with what is absent."""
        ...

    def layers(self, condition: Condition, metric: str) -> tuple[str, ...]:
        """The names of the layers that a metric is measured of, from the input on; () for none."""
        ...

    def resolution(self, metric: str) -> float | None:
        """The step in which a metric counts: one example, for shares of examples; else None."""
        ...

    def identical(
        self, first: Condition, second: Condition, metric: str | None
    ) -> dict[int, bool]:
        """By replicate of both: whether all measurements (or one's) and the weights are the same.

        Bit for bit; of a metric at every epoch, without the weights.
        """
        ...

    def learned(self, condition: Condition) -> Mapping[int, bool] | None:
        """By replicate of finished runs whether training ended better than guessing.

        None where the loss is no cross-entropy of classes, so that guessing has no known loss.
        """
        ...

    def guessing(self, condition: Condition) -> float | None:
        """The loss of guessing, ln(classes); None as for `learned`."""
        ...

    def barriers(self, first: Condition, second: Condition, metric: str) -> Values:
        """By replicate the barrier between two trained networks, in the metric."""
        ...

    def ends(self, condition: Condition, epochs: int) -> Ends | str:
        """Where the runs of a condition ended, by the analysis of paths; or why none knows."""
        ...

    def leads_by_example(self, first: Condition, second: Condition) -> NDArray[np.float64] | None:
        """By test example, the mean over paired replicates of right (1 or 0) in first - second.

        None where it is not kept which examples the final models get right.
        """
        ...
