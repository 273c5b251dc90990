"""Running a plan: what the lab lacks is trained, and stored run by run as it finishes.

The one place where plan, executor, training and store meet. The calling thread is the only
writer; lanes train and hand over finished runs.
"""

import threading
import time
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from paribus.data.base import DataSpec, Normalize, Source
from paribus.data.dataset import Dataset
from paribus.executors.base import Executor
from paribus.executors.threads import ThreadExecutor
from paribus.results.dataset import to_dataset
from paribus.results.load import load_results
from paribus.results.tidy import StudyResults
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.study.estimate import run_cost
from paribus.study.interrupt import interrupts_to
from paribus.study.job import Finished, train_planned
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, PlannedRun
from paribus.study.progress import Note
from paribus.study.watch import Watch
from paribus.training.lane import Lane
from paribus.training.loop import StoppedError, Task
from paribus.training.platform import devices

if TYPE_CHECKING:
    import xarray

PHASES = ("data", "compile", "train", "evaluate", "probe", "store", "report", "total")


@dataclass
class Outcome:
    """What came of running a plan. `seconds` is wall-clock time by phase; phases overlap."""

    plan: Plan
    lab: Path
    reused: int = 0
    trained: int = 0
    diverged: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    model_steps: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    def results(self) -> StudyResults:
        """All results of the study that the lab holds."""
        with Catalogue.open(self.lab, create=False) as catalogue:
            return load_results(catalogue, self.plan.study.name, self.plan.study.scale)

    def dataset(self) -> "xarray.Dataset":
        """All results of the study, with a dim for each factor, replicate, epoch and layer."""
        return to_dataset(self.results())


def run_plan(plan: Plan, options: RunOptions) -> Outcome:
    """Trains the runs that the lab does not hold; every finished run is stored at once.

    On `KeyboardInterrupt` runs in training are given up, what is finished stays, and the
    interrupt goes on to the caller. A run that raises is recorded as failed, and the others go on.
    """
    begun = time.perf_counter()
    outcome = Outcome(plan, options.lab)
    with hold(options.lab), Catalogue.open(options.lab, create=True) as catalogue:
        missing = _missing(plan, catalogue)
        outcome.reused = len({run.key for run in plan.runs}) - len(missing)
        # Data first: a plan that cannot be run does not replace the one that the lab holds.
        datasets = _load(missing, options.source)
        outcome.seconds["data"] = time.perf_counter() - begun
        catalogue.put_study(plan.entry)
        note = Note(options.lab)
        watches = (options.watch, note)
        for watch in watches:
            watch.planned(plan, missing)
        try:
            if missing:
                _Training(outcome, options, catalogue, watches).train(missing, datasets)
        finally:
            note.remove()
    outcome.seconds["total"] = time.perf_counter() - begun
    return outcome


def _load(runs: list[PlannedRun], source: Source) -> dict[DataSpec, Dataset]:
    """Each data set once, however a recipe splits and scales it."""
    loaded: dict[DataSpec, Dataset] = {}
    found: dict[DataSpec, Dataset] = {}
    for data in {run.recipe.data for run in runs}:
        bare = data.model_copy(update={"validation": 0, "normalization": Normalize()})
        if bare not in loaded:
            loaded[bare] = data.load(source)
        found[data] = loaded[bare]
    return found


def _missing(plan: Plan, catalogue: Catalogue) -> list[PlannedRun]:
    """The distinct runs that are not stored, cohort by cohort, the costliest cohort first."""
    stored = catalogue.finished({run.key for run in plan.runs})
    cohorts = [[run for run in runs if run.key not in stored] for runs in plan.cohorts.values()]
    # The costliest first: the short ones then fill the lanes to the end.
    cohorts.sort(key=lambda runs: -sum(map(run_cost, runs)))
    return [run for runs in cohorts for run in runs]


Futures = dict[Future[Finished], PlannedRun]


@dataclass
class _Training:
    """The mutable middle of `run_plan`."""

    outcome: Outcome
    options: RunOptions
    catalogue: Catalogue
    watches: tuple[Watch, ...]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def train(self, runs: list[PlannedRun], datasets: dict[DataSpec, Dataset]) -> None:
        lanes = [Lane(device) for device in devices(self.options.cores)]
        with ThreadExecutor(len(lanes)) as executor:
            futures = self._submit(executor, lanes, runs, datasets)
            try:
                self._collect(futures)
            except BaseException:
                self.cancelled.set()
                executor.cancel()
                self._collect_finished(futures)
                raise
        for phase in ("compile", "train", "evaluate", "probe"):
            self.outcome.seconds[phase] /= len(lanes)

    def _submit(
        self,
        executor: Executor,
        lanes: list[Lane],
        runs: list[PlannedRun],
        datasets: dict[DataSpec, Dataset],
    ) -> Futures:
        def job(run: PlannedRun, lane: Lane) -> Finished:
            dataset = datasets[run.recipe.data]
            task = Task(
                recipe=run.recipe,
                replicate=run.replicate,
                dataset=dataset,
                observers=self.outcome.plan.study.probes,
                watch=lambda epoch: self._epoch_done(run, epoch),
                cancelled=self.cancelled.is_set,
            )
            name = type(run.recipe.data).__name__
            state = self.outcome.plan.locations[name].state
            data = {"name": name, "fingerprint": dataset.fingerprint, "state": state}
            return train_planned(run, task, lane, {"cores": len(lanes), "data": data})

        return {
            executor.submit(lambda slot, run=run: job(run, lanes[slot]), group=run.cohort): run
            for run in runs
        }

    def _collect(self, futures: Futures) -> None:
        # Its `put` may be called by a signal's handler, which wakes the `get` that waits.
        done: SimpleQueue[Future[Finished] | None] = SimpleQueue()
        for future in futures:
            future.add_done_callback(done.put)
        with interrupts_to(lambda: done.put(None)):
            while futures:
                future = done.get()
                if future is None:
                    raise KeyboardInterrupt
                self._settle(future, futures[future])
                del futures[future]  # and with it the run's weights

    def _collect_finished(self, futures: Futures) -> None:
        """Stores what was finished when the study was interrupted."""
        for future, run in futures.items():
            if future.done() and not future.cancelled():
                self._settle(future, run)

    def _settle(self, future: Future[Finished], run: PlannedRun) -> None:
        try:
            finished = future.result()
        except (StoppedError, CancelledError):
            return
        except Exception as error:  # one run's fault is not the study's
            self._fail(run, error)
            return
        begun = time.perf_counter()
        self.catalogue.add_run(finished.stored)
        self.outcome.seconds["store"] += time.perf_counter() - begun
        self._count(finished)
        for watch in self.watches:
            watch.run_done(run, finished.stored.status)

    def _count(self, finished: Finished) -> None:
        self.outcome.trained += 1
        self.outcome.diverged += finished.stored.status == "diverged"
        self.outcome.model_steps += finished.steps
        for phase, seconds in vars(finished.seconds).items():
            self.outcome.seconds[phase] += seconds

    def _fail(self, run: PlannedRun, error: Exception) -> None:
        message = f"{type(error).__name__}: {error}"
        self.outcome.failures[run.key] = message
        self.catalogue.record_failure(run.key, message)
        for watch in self.watches:
            watch.run_done(run, "failed")

    def _epoch_done(self, run: PlannedRun, epoch: int) -> None:
        for watch in self.watches:
            watch.epoch_done(run, epoch)
