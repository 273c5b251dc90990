"""The paths of several runs through the space of their weights, in common principal components."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from paribus.analyses.base import AnalysedRun, Analysis, Name, Workbench, label_of
from paribus.analyses.components import distance, principal_components
from paribus.design.factor import Factor
from paribus.errors import DeclarationError, Fault, NothingStoredError
from paribus.snapshot import Observer
from paribus.spec import Count
from paribus.store.records import Measurement

WEIGHTS = "weights/all"


@dataclass(frozen=True)
class _Trail:
    """Where one run was: its weights, (epochs, weights), at some epochs."""

    run: AnalysedRun
    epochs: NDArray[np.int32]
    weights: NDArray[Any]

    def moved_since(self, epochs: int) -> tuple[int, float]:
        """The epoch that is looked back to, and how far the end is from there."""
        before = np.flatnonzero(self.epochs <= self.epochs[-1] - epochs)
        place = before[-1] if len(before) else 0
        return int(self.epochs[place]), distance(self.weights[-1], self.weights[place])


class Path(Analysis):
    """Principal components of the weights along training, of all runs and epochs together.

    Of what the probe `Weights` measured; `weights` says of which part of it: "first layer" is
    its weights and biases. A run is named after its condition and replicate, one of a study of
    one condition after its replicate.

    - `path/coordinates` (run, epoch, axis): places in the first `components` axes; not a number
      at an epoch at which a run was not measured
    - `path/variance` (axis): each axis' share of the variance of all points
    - `path/accuracy`, `path/loss` (run, epoch): of the test examples, as far as measured there
    - `path/end_distance` (pair): Euclidean distances between the ends of all pairs of runs, in
      the order of `itertools.combinations`
    - `path/last_moved` (run): the distance between each run's end and where it was `last_epochs`
      before (where that was not measured, at the last epoch measured before, or else the first);
      `path/last_moved_since` (run): that epoch
    """

    READS: ClassVar[frozenset[str]] = frozenset({WEIGHTS})

    kind: Literal["path"] = "path"
    name: Name = "path"
    weights: Literal["all", "first layer"] = "all"
    components: Count = 2
    last_epochs: Count = 20

    def faults(self, factors: Sequence[Factor], probes: Sequence[Observer]) -> list[Fault]:  # noqa: ARG002 - a role
        advice = "add probes.Weights(when=probes.Every(epochs=3)) to the study"
        found = [probe for probe in probes if WEIGHTS in probe.axes]
        if not found:
            return [Fault("", f"needs {WEIGHTS}, which no probe of the study measures; {advice}")]
        if all(probe.at_end for probe in found):
            problem = f"needs {WEIGHTS} at several epochs, and it is measured at the end alone"
            return [Fault("", f"{problem}; measure it at, say, probes.Every(epochs=3)")]
        return []

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        trails = [self._trail(workbench, run) for run in workbench.runs]
        self._refuse_misfits(trails)
        names = _names(workbench.runs)
        found = principal_components([trail.weights for trail in trails], self.components)
        epochs = np.unique(np.concatenate([trail.epochs for trail in trails]))
        coordinates = np.full((len(trails), len(epochs), self.components), np.nan)
        first = 0
        for row, trail in enumerate(trails):
            last = first + len(trail.epochs)
            coordinates[row, np.isin(epochs, trail.epochs)] = found.coordinates[first:last]
            first = last
        axis = {"axis": np.arange(1, self.components + 1)}
        at = {"run": np.asarray(names), "epoch": epochs}
        return (
            self._measured("coordinates", coordinates, at | axis),
            self._measured("variance", found.shares, axis),
            *(
                self._measured(name, values, at)
                for name in ("accuracy", "loss")
                if (values := _along(workbench, f"test/{name}", epochs)) is not None
            ),
            *self._distances(trails, names),
        )

    def _trail(self, workbench: Workbench, run: AnalysedRun) -> _Trail:
        found = workbench.measurement(run.key, WEIGHTS)
        if found is None:
            raise NothingStoredError(f"run {run.key} holds no {WEIGHTS}; measure it with Weights")
        rows = found.values
        if self.weights == "first layer":
            final = workbench.weights(run.key)
            size = sum(array.size for name, array in final.items() if name.startswith("1."))
            rows = rows[:, :size].copy()  # a copy, so that the rest need not be kept
        return _Trail(run, found.coords["epoch"].astype(np.int32), rows)

    def _refuse_misfits(self, trails: Sequence[_Trail]) -> None:
        sizes = sorted({trail.weights.shape[1] for trail in trails})
        points = sum(len(trail.epochs) for trail in trails)
        faults = []
        if not trails:
            raise NothingStoredError(f"analysis {self.name!r}: no run has finished")
        if len(sizes) > 1:
            problem = f"the networks have {' and '.join(map(str, sizes))} weights"
            faults.append(Fault("", f"{problem}; paths are compared in networks of one size"))
        if self.components >= points:
            problem = f"got {self.components}; {points} points have at most {points - 1}"
            faults.append(Fault("components", problem))
        if faults:
            raise DeclarationError(f"Analysis {self.name!r}", faults)

    def _distances(
        self, trails: Sequence[_Trail], names: Sequence[str]
    ) -> tuple[Measurement, ...]:
        ends = [trail.weights[-1] for trail in trails]
        apart = [distance(one, other) for one, other in combinations(ends, 2)]
        pairs = [f"{one} and {other}" for one, other in combinations(names, 2)]
        moved = [trail.moved_since(self.last_epochs) for trail in trails]
        run = {"run": np.asarray(names)}
        since, far = [epoch for epoch, _ in moved], [length for _, length in moved]
        return (
            self._measured("end_distance", np.asarray(apart), {"pair": np.asarray(pairs, str)}),
            self._measured("last_moved", np.asarray(far), run),
            self._measured("last_moved_since", np.asarray(since, np.int32), run),
        )

    def _measured(
        self, quantity: str, values: NDArray[Any], coords: dict[str, NDArray[Any]]
    ) -> Measurement:
        return Measurement(f"{self.name}/{quantity}", values, tuple(coords), coords)


def _names(runs: Sequence[AnalysedRun]) -> list[str]:
    conditions = {label_of(run.condition) for run in runs}
    of = {label: f"{label} · " if len(conditions) > 1 else "" for label in conditions}
    return [f"{of[label_of(run.condition)]}replicate {run.replicate}" for run in runs]


def _along(
    workbench: Workbench, name: str, epochs: NDArray[np.int32]
) -> NDArray[np.float64] | None:
    """A metric of all runs at these epochs; None where no run has it."""
    found = [workbench.measurement(run.key, name) for run in workbench.runs]
    if all(one is None for one in found):
        return None
    values = np.full((len(found), len(epochs)), np.nan)
    for row, one in zip(values, found, strict=True):
        if one is not None:
            _, here, there = np.intersect1d(epochs, one.coords["epoch"], return_indices=True)
            row[here] = one.values[there]
    return values
