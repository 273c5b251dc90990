"""A workbench of a few runs whose networks are points of a plane and whose losses are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.analyses.base import AnalysedRun, CheckedGradient, Weights
from paribus.store.records import Measurement


@dataclass
class PlaneBench:
    """Runs in memory; `ends` are their weights, and a network's loss is the sum of its weights.

    Its accuracy is the first of them. `asked` are the keys of epochs that were timed. Steps and
    gradients are those of `starts`, by key; outputs are those of linear layers on `inputs`.
    """

    runs: Sequence[AnalysedRun]
    measured: Mapping[str, Sequence[Measurement]] = field(default_factory=dict)
    ends: Mapping[str, Weights] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    starts: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)
    checks: Mapping[str, CheckedGradient] = field(default_factory=dict)
    inputs: Any = None

    def measurement(self, key: str, name: str) -> Measurement | None:
        return next((one for one in self.measured.get(key, ()) if one.name == name), None)

    def weights(self, key: str) -> Weights:
        return self.ends[key]

    def evaluate(self, key: str, networks: Iterable[Weights]) -> Mapping[str, NDArray[Any]]:
        rows = [np.concatenate([part.ravel() for part in one.values()]) for one in networks]
        losses = np.array([row.sum() ** 2 for row in rows])
        accuracies = np.array([row[0] for row in rows])
        splits = {"train": 1.0, "test": 2.0, "validation": 3.0}
        found = {f"{split}/loss": by * losses for split, by in splits.items()}
        return found | {f"{split}/accuracy": by * accuracies for split, by in splits.items()}

    def epoch_seconds(self, keys: Sequence[str], repeats: int) -> NDArray[Any]:
        self.asked += keys
        return np.arange(repeats * len(keys), dtype=float).reshape(repeats, len(keys))

    def step_losses(self, key: str, steps: int) -> NDArray[Any]:
        return np.asarray(self.starts[key][0][:steps], float)

    def first_gradient(self, key: str) -> NDArray[Any]:
        return np.asarray(self.starts[key][1], float)

    def gradient_check(self, key: str) -> CheckedGradient:
        return self.checks[key]

    def outputs(self, key: str, weights: Weights) -> NDArray[Any]:
        units = self.inputs
        for number in range(1, len(weights) // 2 + 1):
            units = units @ weights[f"{number}.weight"].T + weights[f"{number}.bias"]
        return units


def run(label: str, replicate: int, **others: str) -> AnalysedRun:
    """A run of a study of the factor "rate", and of others."""
    key = "-".join([label, *others.values(), str(replicate)])
    return AnalysedRun(key, {"rate": label} | others, replicate)
