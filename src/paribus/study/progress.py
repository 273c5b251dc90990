"""How far a running study is: for its own terminal, and for `paribus status` in another.

Progress is counted in cost, not in runs: a wide network's epoch weighs more than a narrow one's.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paribus.study.ahead import ahead
from paribus.study.pace import Running
from paribus.study.plan import Plan, PlannedRun
from paribus.study.time_left import TimeLeft


@dataclass
class Progress:
    """A watch that counts. Safe to call from several threads; `clock` gives seconds."""

    clock: Callable[[], float] = time.perf_counter
    begun: float = 0.0
    study: str = ""
    scale: str = ""
    total: int = 0
    reused: int = 0
    cohorts: int = 0
    done: int = 0
    epochs: int = 0
    all_epochs: int = 0
    _cost: float = 0.0
    _spent: float = 0.0
    _rounds: list[list[PlannedRun]] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)  # keys of runs that are not done
    _left: TimeLeft = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._left = TimeLeft(self.clock)

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Start counting, or go on: what is not to train any more, others have trained."""
        with self._lock:
            if not self._rounds:
                self.begun = self.clock()
                self.study, self.scale = plan.study.name, plan.study.scale
                # Of a design that chooses its runs, those not chosen are not in the lab either.
                wanted = plan.runs if isinstance(plan.study.design, str) else to_train
                self.reused = len({run.key for run in wanted}) - len(to_train)
            left = {run.key for run in to_train}
            new = [run for run in to_train if run.key not in self._open]
            self.done += len(self._open - left)
            self._open = left
            self.total += len(new)
            self.cohorts += len({run.cohort for run in new})
            self.all_epochs += sum(run.epochs or 0 for run in new)
            if new:
                self._rounds.append(new)
            self._cost = self._spent + self._left.plan(to_train, ahead(plan, self._rounds))

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """A worker begins a run, or goes on with it after so many epochs."""
        with self._lock:
            if run.key not in self._open:  # it is measured, not trained
                return
            before = self._left.running.get(run.key)
            self._count(self._left.start(run, where, epoch), 0 if before is None else before.done)

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """So many epochs of a run are done."""
        with self._lock:
            if run.key not in self._open:
                return
            found = self._found(run)
            before = found.done
            found.heard(self.clock(), epoch)
            self._count(found, before)

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Count one run; one that stopped early has no epochs left."""
        with self._lock:
            if run.key not in self._open:
                return
            self._found(run)
            found = self._left.end(run, failed=status == "failed")
            self.done += 1
            self._open.discard(run.key)
            self._spent += found.cost * (1 - found.share)

    @property
    def running(self) -> int:
        """Runs that have begun and are not done."""
        with self._lock:
            return len(self._left.running)

    @property
    def share(self) -> float:
        """How much of the work is done, by cost, from 0 to 1."""
        with self._lock:
            return self._spent / self._cost if self._cost else 1.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last run is stored; None before there is anything to go by."""
        with self._lock:
            return self._left.seconds()

    def document(self) -> dict[str, Any]:
        """What `paribus status` is told: counts, and what each worker does now."""
        with self._lock:
            left = self._left.seconds()
            return {
                "study": self.study,
                "scale": self.scale,
                "total": self.total,
                "done": self.done,
                "running": self.running,
                "seconds_left": None if left is None else round(left, 1),
                "workers": [_told(found) for found in self._left.running.values()],
            }

    def _found(self, run: PlannedRun) -> Running:
        found = self._left.running.get(run.key)
        return self._left.start(run, "", 0) if found is None else found

    def _count(self, found: Running, before: int) -> None:
        self.epochs += found.done - before
        self._spent += found.cost_of(found.done - before)


def _told(found: Running) -> dict[str, Any]:
    return {
        "where": found.where,
        "condition": dict(found.run.condition),
        "replicate": found.run.replicate,
        "epoch": found.done,
        "epochs": found.run.epochs,
    }
