"""How far a running study is: for its own terminal, and for `paribus status` in another.

Progress is counted in cost, not in runs: a wide network's epoch weighs more than a narrow one's.
"""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.study.cost import run_cost
from paribus.study.plan import Plan, PlannedRun

NOTE = "paribus.progress.json"


@dataclass
class Progress:
    """A watch that counts. Safe to call from several threads."""

    begun: float = field(default_factory=time.perf_counter)
    total: int = 0
    reused: int = 0
    cohorts: int = 0
    done: int = 0
    all_epochs: int = 0
    _cost: float = 0.0
    _epochs: dict[str, int] = field(default_factory=dict)
    _spent: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Start counting; once for each round of a study whose runs depend on earlier ones."""
        if not self.total:
            self.begun = time.perf_counter()
            # Of a design that chooses among its runs, those not chosen are not in the lab either.
            wanted = plan.runs if isinstance(plan.study.design, str) else to_train
            self.reused = len({run.key for run in wanted}) - len(to_train)
        self.total += len(to_train)
        self.cohorts += len({run.cohort for run in to_train})
        self.all_epochs += sum(run.recipe.epochs for run in to_train)
        self._cost += sum(map(run_cost, to_train))

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """So many epochs of a run are done."""
        with self._lock:
            self._epochs[run.key] = epoch
            self._spent[run.key] = run_cost(run) * epoch / run.recipe.epochs

    def run_done(self, run: PlannedRun, status: str) -> None:  # noqa: ARG002 - a watch's signature
        """Count one run; one that stopped early has no epochs left."""
        with self._lock:
            self.done += 1
            self._spent[run.key] = run_cost(run)

    @property
    def epochs(self) -> int:
        """Epochs of all runs to train that are done."""
        with self._lock:
            return sum(self._epochs.values())

    @property
    def running(self) -> int:
        """Runs that have trained an epoch and are not done."""
        with self._lock:
            return max(0, len(self._spent) - self.done)

    @property
    def share(self) -> float:
        """How much of the work is done, by cost, from 0 to 1."""
        with self._lock:
            return sum(self._spent.values()) / self._cost if self._cost else 1.0

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far; None before there is one."""
        share = self.share
        if share <= 0:
            return None
        return (time.perf_counter() - self.begun) * (1 - share) / share


@dataclass
class Note:
    """A watch that keeps a note of its progress in the lab, renewed about once a second."""

    lab: Path
    progress: Progress = field(default_factory=Progress)
    _study: tuple[str, str] = ("", "")
    _written: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Start counting."""
        self._study = (plan.study.name, plan.study.scale)
        self.progress.planned(plan, to_train)
        self._renew()

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Count one epoch."""
        self.progress.epoch_done(run, epoch)
        self._renew()

    def remove(self) -> None:
        """Take the note away: nothing runs any more."""
        with suppress(OSError):
            (self.lab / NOTE).unlink(missing_ok=True)

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Count one run."""
        self.progress.run_done(run, status)
        self._renew()

    def _renew(self) -> None:
        with self._lock:
            if time.perf_counter() - self._written < 1:
                return
            self._written = time.perf_counter()
            note = {
                "study": self._study[0],
                "scale": self._study[1],
                "running": self.progress.running,
                "seconds_left": self.progress.seconds_left,
            }
            draft = self.lab / f"{NOTE}.new"
            with suppress(OSError):  # a courtesy to `status`, no reason to stop training
                draft.write_text(json.dumps(note))
                draft.replace(self.lab / NOTE)


def read_note(lab: Path) -> dict[str, Any] | None:
    """The last note of progress in a lab; None where there is none, or half of one."""
    try:
        return json.loads((lab / NOTE).read_text())
    except (OSError, ValueError):
        return None
