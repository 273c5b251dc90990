"""Loss and accuracy along the straight line between two trained networks.

Goodfellow, Vinyals and Saxe, Qualitatively characterizing neural network optimization problems,
https://arxiv.org/abs/1412.6544.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict, model_validator

from paribus.analyses.base import AnalysedRun, Analysis, Name, Weights, Workbench, label_of
from paribus.analyses.pairs import Pairs, faults_of_pairs, links_among, names_of, repeated
from paribus.design.factor import Factor
from paribus.errors import DeclarationError, Fault, NothingStoredError
from paribus.snapshot import Observer
from paribus.spec import Number
from paribus.store.records import Measurement

QUANTITIES = ("train/loss", "test/loss", "train/accuracy", "test/accuracy")


class Line(Analysis):
    """Metrics of the networks (1 - a) w_1 + a w_2 between the final weights of two runs.

    `pairs` are conditions, said as in claims: by a label, or by labels of several factors. Runs
    of one replicate, all else the same, are paired; they started from one network. `points`
    values of a run from `low` to `high`; the networks are made in float64 and evaluated in the
    precision, on the examples and with the loss of the first run.

    - `line/train_loss`, `line/test_loss`, `line/train_accuracy`, `line/test_accuracy` (pair,
      replicate, position): not a number where one of the two runs has not finished; accuracies
      only where the data has classes
    - `line/train_barrier`, `line/test_barrier` (pair, replicate): how far the highest loss at a
      position between 0 and 1 lies above the straight line between the losses of the two runs;
      below 0 where none does, not a number where no position is between them
    """

    kind: Literal["line"] = "line"
    name: Name = "line"
    pairs: Pairs
    low: Number = -1.0
    high: Number = 2.0
    points: Annotated[int, Strict(), Field(ge=2)] = 61

    @model_validator(mode="after")
    def _two_ends(self) -> "Line":
        faults = repeated(self.pairs)
        if self.low >= self.high:
            problem = f"got {self.high}; should be greater than low, which is {self.low}"
            faults.append(Fault("high", problem))
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        return self

    @property
    def positions(self) -> NDArray[np.float64]:
        """The values of a."""
        # Rounded, so that 0 and 1 are exactly that where they are among them.
        return np.round(np.linspace(self.low, self.high, self.points), 12)

    def faults(self, factors: Sequence[Factor], probes: Sequence[Observer]) -> list[Fault]:  # noqa: ARG002 - a role
        return faults_of_pairs(self.pairs, factors)

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        links = links_among(self.pairs, workbench.runs)
        replicates = sorted({run.replicate for run in workbench.runs})
        by_place = {(label_of(run.condition), run.replicate): run for run in workbench.runs}
        along: dict[str, NDArray[np.float64]] = {}
        for row, link in enumerate(links):
            for column, replicate in enumerate(replicates):
                ends = [by_place.get((label_of(one), replicate)) for one in link]
                found = self._along(workbench, ends[0], ends[1])
                for name, values in found.items():
                    shape = len(links), len(replicates), *values.shape
                    along.setdefault(name, np.full(shape, np.nan))[row, column] = values
        if not along:
            raise NothingStoredError(
                f"analysis {self.name!r}: no two runs of a pair have finished"
            )
        coords = {"pair": names_of(links), "replicate": np.asarray(replicates)}
        return tuple(self._measured(name, values, coords) for name, values in along.items())

    def _along(
        self, workbench: Workbench, first: AnalysedRun | None, second: AnalysedRun | None
    ) -> dict[str, NDArray[np.float64]]:
        if first is None or second is None:
            return {}
        # The ends themselves as well: they may not be among the positions.
        places = np.concatenate([self.positions, [0.0, 1.0]])
        ends = workbench.weights(first.key), workbench.weights(second.key)
        self._refuse_misfits(*ends)
        found = workbench.evaluate(first.key, networks_between(*ends, places))
        along = {name.replace("/", "_"): found[name][:-2] for name in QUANTITIES if name in found}
        for split in ("train", "test"):
            losses = found[f"{split}/loss"]
            along[f"{split}_barrier"] = barrier(self.positions, losses[:-2], losses[-2:])
        return along

    def _refuse_misfits(self, first: Weights, second: Weights) -> None:
        shapes = [{name: array.shape for name, array in ends.items()} for ends in (first, second)]
        if shapes[0] != shapes[1]:
            problem = "there is no line between networks whose layers differ in number or size"
            raise DeclarationError(f"Analysis {self.name!r}", [Fault("pairs", problem)])

    def _measured(
        self, quantity: str, values: NDArray[Any], coords: Mapping[str, NDArray[Any]]
    ) -> Measurement:
        own = dict(coords)
        if values.ndim == 3:
            own["position"] = self.positions
        return Measurement(f"{self.name}/{quantity}", values, tuple(own), own)


def networks_between(
    first: Weights, second: Weights, places: NDArray[np.float64]
) -> Iterator[Weights]:
    """The networks (1 - a) w_1 + a w_2, each when it is asked for."""
    for place in places:
        with np.errstate(over="ignore"):  # infinite weights give a loss that is not finite
            yield {
                name: ((1 - place) * array.astype(float) + place * second[name]).astype(
                    array.dtype
                )
                for name, array in first.items()
            }


def barrier(
    positions: NDArray[np.float64], losses: NDArray[np.float64], ends: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far the highest of the losses between 0 and 1 is above the line between the ends'."""
    inside = (positions > 0) & (positions < 1)
    straight = (1 - positions) * ends[0] + positions * ends[1]
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        above = (losses - straight)[inside]
    return np.asarray(above.max() if len(above) else np.nan)
