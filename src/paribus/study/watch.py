"""What a running study tells whoever watches it: a display, the log, the account of its progress.

Whatever else happens (a worker lost, a checkpoint saved) is told to the loggers `paribus.*` where
it happens, with facts: `LOG.info("checkpoint saved", extra={"facts": {"key": key}})`.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from paribus.study.plan import Plan, PlannedRun

LOG = logging.getLogger("paribus.study")


class Watch(Protocol):
    """Told of a study's progress; all but `planned` may be called from several threads."""

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Called before training, and before each further round of a design that has several."""
        ...

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """A worker, named as people know it, begins a run or goes on after so many epochs."""
        ...

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """So many epochs of a run are trained; short epochs are told several at once."""
        ...

    def run_done(self, run: PlannedRun, status: str) -> None:
        """A run is stored ("finished", "diverged") or has failed ("failed")."""
        ...


class Silent:
    """Watches nothing."""

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Ignored."""

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """Ignored."""

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Ignored."""

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Ignored."""


@dataclass
class Logged:
    """Tells the logger `paribus.study` of runs, not of their epochs."""

    _started: dict[str, float] = field(default_factory=dict)

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """How many runs there are to train."""
        facts = {
            "study": plan.study.name,
            "scale": plan.study.scale,
            "planned": len({run.key for run in plan.runs}),
            "to train": len(to_train),
            "cohorts": len({run.cohort for run in to_train}),
        }
        LOG.info("planned", extra={"facts": facts})

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """Which run, and where."""
        self._started[run.key] = time.monotonic()
        LOG.info("run started", extra={"facts": _facts(run) | {"where": where, "epoch": epoch}})

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Not told: there may be very many."""

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Which run, what became of it, and how long it took until it was stored."""
        begun = self._started.pop(run.key, None)
        seconds = None if begun is None else round(time.monotonic() - begun, 3)
        level = logging.ERROR if status == "failed" else logging.INFO
        LOG.log(level, "run %s", status, extra={"facts": _facts(run) | {"seconds": seconds}})


def _facts(run: PlannedRun) -> dict[str, Any]:
    return {"key": run.key, "condition": dict(run.condition), "replicate": run.replicate}
