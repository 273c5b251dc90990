"""Progress of a running study on stderr: a live line on a terminal, plain lines elsewhere."""

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from paribus.cli.screen import Screen
from paribus.cli.words import duration, plural
from paribus.study.plan import Plan, PlannedRun
from paribus.study.progress import Progress as Counter

PLAIN_SECONDS = 5.0
"""Plain lines come no more often than this, and one at the end."""


class Display:
    """A watch that shows what it is told. Use as a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Screen(stderr=True)
        self._counter = Counter()
        self._lock = threading.Lock()
        self._said = time.perf_counter()
        self._planned = False
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:3.0f} %"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Says what there is to do."""
        self._counter.planned(plan, to_train)
        self._bar.start()  # not before: a download shows a bar of its own
        counter = self._counter
        if self._planned:  # a later round
            return
        self._planned = True
        reused = f", {counter.reused} already in the lab" if counter.reused else ""
        self._console.print(
            f"{plan.study.name} ({plan.study.scale}): {plural(counter.total, 'run')} to train "
            f"in {plural(counter.cohorts, plan.study.apparatus.grouped)}{reused}"
        )
        for notice in plan.notices():
            self._console.print(f"note: {notice}", soft_wrap=True)

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """Counts on from there."""
        self._counter.run_started(run, where, epoch)

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Moves the bar."""
        self._counter.epoch_done(run, epoch)
        self._show()

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Moves the bar; says so where a run did not simply finish."""
        self._counter.run_done(run, status)
        if status != "finished":
            labels = ", ".join(f"{name}={label}" for name, label in run.condition.items())
            self._console.print(f"{status}: {labels}, replicate {run.replicate}")
        self._show()

    def _show(self) -> None:
        with self._lock:
            if self._console.is_terminal:
                self._bar.update(
                    self._task, completed=self._counter.share, description=self._line()
                )
            elif self._is_time_to_say():
                self._said = time.perf_counter()
                self._console.print(self._line())

    def _is_time_to_say(self) -> bool:
        finished = self._counter.done == self._counter.total
        return finished or time.perf_counter() - self._said >= PLAIN_SECONDS

    def _line(self) -> str:
        counter = self._counter
        elapsed = time.perf_counter() - counter.begun
        left = counter.seconds_left
        # How many there will be, a trainer of the user's own need not say.
        known = counter.all_epochs > 0
        epochs = f"epoch {counter.epochs} of {counter.all_epochs}, " if known else ""
        return (
            f"{counter.done} of {plural(counter.total, 'run')}, "
            f"{epochs}"
            f"{counter.done / elapsed:.2g} runs/s, "
            f"{'?' if left is None else duration(left)} left"
        )
