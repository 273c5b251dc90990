"""How long an epoch takes, measured apart: never of runs that shared the machine."""

from typing import Literal

import numpy as np

from paribus.analyses.base import Analysis, Name, Workbench, label_of
from paribus.errors import NothingStoredError
from paribus.spec import Count
from paribus.store.records import Measurement


class EpochTime(Analysis):
    """Seconds of one epoch's training by condition, while nothing else is trained.

    The first replicate of each condition is trained for one epoch, one condition after the other,
    and all of that `repeats` times, so that what slows the machine for a while slows all of them.
    What compiles the programs is not timed, nor is evaluation.

    - `time/epoch_seconds` (condition, repeat)
    """

    kind: Literal["epoch_time"] = "epoch_time"
    name: Name = "time"
    repeats: Count = 5

    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        keys: dict[str, str] = {}
        for run in workbench.runs:
            keys.setdefault(label_of(run.condition), run.key)
        if not keys:
            raise NothingStoredError(f"analysis {self.name!r}: no run has finished")
        seconds = workbench.epoch_seconds(list(keys.values()), self.repeats)
        coords = {"condition": np.asarray(list(keys))}
        name = f"{self.name}/epoch_seconds"
        return (Measurement(name, seconds.T, ("condition", "repeat"), coords),)
