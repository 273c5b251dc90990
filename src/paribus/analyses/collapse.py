"""A network without activations is one linear layer: its matrices multiplied into one."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.analyses.base import Analysis, Name, Weights, Workbench
from paribus.analyses.pairs import faults_of_pairs, links_among, names_of
from paribus.claims.selection import Selection
from paribus.design.factor import Factor
from paribus.errors import Fault, NothingStoredError
from paribus.snapshot import Observer
from paribus.store.records import Measurement


class Collapse(Analysis):
    """Outputs of deep linear networks beside those of their layers multiplied into one.

    `deep` is a condition of perceptrons without activation, `single` one of a single layer of the
    same inputs and outputs; only the form of the latter is used, not its weights.

    - `collapse/difference` (pair, replicate): the largest difference of an output on the test
      examples, relative to the largest output
    """

    kind: Literal["collapse"] = "collapse"
    name: Name = "collapse"
    deep: Selection
    single: Selection

    def faults(self, factors: Sequence[Factor], probes: Sequence[Observer]) -> list[Fault]:  # noqa: ARG002 - a role
        return faults_of_pairs([(self.deep, self.single)], factors)

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        links = links_among([(self.deep, self.single)], workbench.runs)
        replicates = sorted({run.replicate for run in workbench.runs})
        found = np.full((len(links), len(replicates)), np.nan)
        for row, (deep, single) in enumerate(links):
            for column, replicate in enumerate(replicates):
                ends = [
                    run.key
                    for condition in (deep, single)
                    for run in workbench.runs
                    if run.condition == condition and run.replicate == replicate
                ]
                if len(ends) == 2:
                    found[row, column] = _apart(workbench, *ends)
        if not np.isfinite(found).any():
            raise NothingStoredError(
                f"analysis {self.name!r}: no two runs of a pair have finished"
            )
        coords = {"pair": names_of(links), "replicate": np.asarray(replicates)}
        name = f"{self.name}/difference"
        return (Measurement(name, found, ("pair", "replicate"), coords),)


def _apart(workbench: Workbench, deep: str, single: str) -> float:
    weights = workbench.weights(deep)
    whole = workbench.outputs(deep, weights)
    collapsed = workbench.outputs(single, as_one_layer(weights))
    return float(np.abs(whole - collapsed).max() / np.abs(whole).max())


def as_one_layer(weights: Weights) -> Weights:
    """The one layer that linear layers after each other are, computed in float64."""
    count = sum(name.endswith(".weight") for name in weights)
    matrix: NDArray[np.float64] = weights["1.weight"].astype(np.float64)
    bias: NDArray[np.float64] = weights["1.bias"].astype(np.float64)
    for number in range(2, count + 1):
        further = weights[f"{number}.weight"].astype(np.float64)
        matrix, bias = further @ matrix, further @ bias + weights[f"{number}.bias"]
    return {"1.weight": matrix, "1.bias": bias}
