"""The gradients that runs train with, checked against finite differences."""

from typing import Literal

import numpy as np

from paribus.analyses.base import Analysis, Name, Workbench, label_of
from paribus.errors import NothingStoredError
from paribus.store.records import Measurement


class GradientCheck(Analysis):
    """Numerical against analytic gradient of each run's objective, as its training begins.

    As `paribus check-gradients` does it: ||g - n|| / (||g|| + ||n||) in float64, with the dropout
    masks of the first step, coordinates at a kink left out: on up to 8 examples and, of networks
    of more than 2,000 parameters, for up to 100 coordinates of a layer. Layers have weights and
    biases.

    - `gradient_check/difference` (run, layer), `gradient_check/difference_overall` (run)
    - `gradient_check/checked`, `gradient_check/excluded` (run, layer): coordinates
    """

    kind: Literal["gradient_check"] = "gradient_check"
    name: Name = "gradient_check"

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        if not workbench.runs:
            raise NothingStoredError(f"analysis {self.name!r}: no run has finished")
        found = [workbench.gradient_check(run.key) for run in workbench.runs]
        layers = list(dict.fromkeys(layer for one in found for layer in one.layers))
        names = [
            f"{label_of(run.condition)} · replicate {run.replicate}" for run in workbench.runs
        ]
        coords = {"run": np.asarray(names), "layer": np.asarray(layers)}
        rows = [[one.layers.get(layer, (np.nan,) * 3) for layer in layers] for one in found]
        values = np.asarray(rows, np.float64)
        by_layer = [
            Measurement(f"{self.name}/{what}", values[..., place], ("run", "layer"), coords)
            for place, what in enumerate(("difference", "checked", "excluded"))
        ]
        overall = np.asarray([one.overall for one in found])
        name = f"{self.name}/difference_overall"
        return *by_layer, Measurement(name, overall, ("run",), {"run": coords["run"]})
