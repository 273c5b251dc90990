"""Whether two conditions train alike: their first gradient, and their first steps."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from paribus.analyses.base import Analysis, Name, Workbench, label_of
from paribus.analyses.pairs import Pairs, faults_of_pairs, links_among, names_of, repeated
from paribus.design.factor import Factor
from paribus.errors import DeclarationError, Fault, NothingStoredError
from paribus.snapshot import Observer
from paribus.spec import Count
from paribus.store.records import Measurement


class FirstSteps(Analysis):
    """How far two conditions are apart at the start of training, replicate by replicate.

    Runs of a pair start from the same weights and see the same batches where their recipes say
    so; the differences are relative to the larger of the two values compared.

    - `first_steps/loss` (condition, replicate, step): the objective of each of the first `steps`
      batches, as trained
    - `first_steps/loss_difference` (pair, replicate): the largest difference of it at any step
    - `first_steps/gradient_difference` (pair, replicate): the largest difference of an entry of
      the gradient of the first batch, in float64, relative to its largest entry
    """

    kind: Literal["first_steps"] = "first_steps"
    name: Name = "first_steps"
    pairs: Pairs
    steps: Count = 100

    @model_validator(mode="after")
    def _two_conditions(self) -> "FirstSteps":
        if faults := repeated(self.pairs):
            raise DeclarationError(type(self).__name__, faults)
        return self

    def faults(self, factors: Sequence[Factor], probes: Sequence[Observer]) -> list[Fault]:  # noqa: ARG002 - a role
        return faults_of_pairs(self.pairs, factors)

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        links = links_among(self.pairs, workbench.runs)
        if not links:
            raise NothingStoredError(
                f"analysis {self.name!r}: no two runs of a pair have finished"
            )
        labels = list(dict.fromkeys(label_of(run.condition) for run in workbench.runs))
        replicates = sorted({run.replicate for run in workbench.runs})
        losses = np.full((len(labels), len(replicates), self.steps), np.nan)
        gradients: dict[tuple[int, int], NDArray[np.float64]] = {}
        for run in workbench.runs:
            place = labels.index(label_of(run.condition)), replicates.index(run.replicate)
            losses[place] = workbench.step_losses(run.key, self.steps)
            gradients[place] = workbench.first_gradient(run.key)
        shape = len(links), len(replicates)
        apart = {"loss": np.full(shape, np.nan), "gradient": np.full(shape, np.nan)}
        for row, link in enumerate(links):
            ends = [labels.index(label_of(one)) for one in link]
            for column in range(len(replicates)):
                places = [(end, column) for end in ends]
                if all(place in gradients for place in places):
                    steps = _difference(*(losses[place] for place in places))
                    apart["loss"][row, column] = steps.max()
                    first, second = (gradients[place] for place in places)
                    largest = max(np.abs(first).max(), np.abs(second).max())
                    difference = np.abs(first - second).max()
                    apart["gradient"][row, column] = difference / largest if largest else 0.0
        by_pair = {"pair": names_of(links), "replicate": np.asarray(replicates)}
        by_step = {"condition": np.asarray(labels), "replicate": np.asarray(replicates)}
        by_step["step"] = np.arange(1, self.steps + 1)
        return (
            Measurement(f"{self.name}/loss", losses, tuple(by_step), by_step),
            *(
                Measurement(f"{self.name}/{what}_difference", values, tuple(by_pair), by_pair)
                for what, values in apart.items()
            ),
        )


def _difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """|a - b| relative to the larger of the two, 0 where both are 0."""
    larger = np.maximum(np.abs(first), np.abs(second))
    return np.abs(first - second) / np.where(larger > 0, larger, 1)
