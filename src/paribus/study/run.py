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
from typing import TYPE_CHECKING, NamedTuple

from paribus.data.base import DataSpec, Normalize, Source
from paribus.data.dataset import Dataset
from paribus.executors.base import Executor
from paribus.executors.threads import ThreadExecutor
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.study.estimate import run_cost
from paribus.study.interrupt import interrupts_to
from paribus.study.job import Finished, train_planned
from paribus.study.options import RunOptions
from paribus.study.placement import side_by_side, usable_checkpoints
from paribus.study.plan import Plan, PlannedRun
from paribus.study.progress import Note
from paribus.study.watch import Watch
from paribus.training.checkpoint import Checkpoint
from paribus.training.lane import Lane
from paribus.training.platform import devices
from paribus.training.task import StoppedError, Task

if TYPE_CHECKING:
    import xarray

    from paribus.results.tidy import StudyResults

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

    def results(self) -> "StudyResults":
        """All results of the study that the lab holds."""
        # Here, so that training does not wait until pandas is loaded.
        from paribus.results.load import load_results  # noqa: PLC0415

        with Catalogue.open(self.lab, create=False) as catalogue:
            return load_results(catalogue, self.plan.study.name, self.plan.study.scale)

    def dataset(self) -> "xarray.Dataset":
        """All results of the study, with a dim for each factor, replicate, epoch and layer."""
        from paribus.results.dataset import to_dataset  # noqa: PLC0415 - it loads xarray

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


Futures = dict[Future[None], list[PlannedRun]]


class _Saved(NamedTuple):
    """There is a checkpoint of the run of this key."""

    key: str


class _Done(NamedTuple):
    """A finished run, on its way to the store."""

    run: PlannedRun
    finished: Finished


_Event = Future[None] | _Saved | _Done | None
"""What lanes tell the thread that writes; None is Ctrl-C."""


@dataclass
class _Training:
    """The mutable middle of `run_plan`."""

    outcome: Outcome
    options: RunOptions
    catalogue: Catalogue
    watches: tuple[Watch, ...]
    cancelled: threading.Event = field(default_factory=threading.Event)
    # Its `put` may be called by a signal's handler, which wakes the `get` that waits.
    events: SimpleQueue[_Event] = field(default_factory=SimpleQueue)
    latest: dict[str, Checkpoint] = field(default_factory=dict)

    def train(self, runs: list[PlannedRun], datasets: dict[DataSpec, Dataset]) -> None:
        lanes = [
            Lane(device, widest=self.options.side_by_side)
            for device in devices(self.options.cores)
        ]
        with ThreadExecutor(len(lanes)) as executor:
            futures = self._submit(executor, lanes, runs, datasets)
            try:
                self._collect(futures)
            except BaseException:
                self.cancelled.set()
                executor.cancel()
                executor.close()  # runs in training leave a checkpoint
                self._collect_rest(futures)
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
        probes = self.outcome.plan.study.probes
        checkpoints = usable_checkpoints(self.catalogue, runs, lanes[0], probes)
        together = side_by_side(runs, checkpoints, lanes[0])

        def job(group: list[PlannedRun], lane: Lane) -> None:
            tasks = [
                self._task(run, datasets[run.recipe.data], checkpoints.pop(run.key, None))
                for run in group
            ]
            facts = {"cores": len(lanes), "data": self._origin(group[0], tasks[0].dataset)}
            for run, finished in train_planned(group, tasks, lane, facts):
                self.events.put(_Done(run, finished))

        return {
            executor.submit(
                lambda slot, group=group: job(group, lanes[slot]), group=group[0].cohort
            ): group
            for group in together
        }

    def _task(self, run: PlannedRun, dataset: Dataset, checkpoint: Checkpoint | None) -> Task:
        return Task(
            recipe=run.recipe,
            replicate=run.replicate,
            dataset=dataset,
            observers=self.outcome.plan.study.probes,
            watch=lambda epoch: self._epoch_done(run, epoch),
            cancelled=self.cancelled.is_set,
            checkpoint=checkpoint,
            checkpoint_seconds=self.options.checkpoint_seconds,
            save=lambda checkpoint: self._saved(run.key, checkpoint),
        )

    def _saved(self, key: str, checkpoint: Checkpoint) -> None:
        self.latest[key] = checkpoint  # in place of one that was not stored in time
        self.events.put(_Saved(key))

    def _origin(self, run: PlannedRun, dataset: Dataset) -> dict[str, str]:
        name = type(run.recipe.data).__name__
        state = self.outcome.plan.locations[name].state
        return {"name": name, "fingerprint": dataset.fingerprint, "state": state}

    def _collect(self, futures: Futures) -> None:
        for future in futures:
            future.add_done_callback(self.events.put)
        with interrupts_to(lambda: self.events.put(None)):
            while futures:
                event = self.events.get()
                if event is None:
                    raise KeyboardInterrupt
                self._take(event, futures)

    def _collect_rest(self, futures: Futures) -> None:
        """Stores what was finished, and the checkpoints, when the study was interrupted."""
        while not self.events.empty():
            event = self.events.get()
            if event is not None:
                self._take(event, futures)

    def _take(self, event: Future[None] | _Saved | _Done, futures: Futures) -> None:
        begun = time.perf_counter()
        match event:
            case _Saved(key):
                checkpoint = self.latest.pop(key, None)
                if checkpoint is not None:
                    self.catalogue.put_checkpoint(key, checkpoint.to_bytes())
            case _Done(run, finished):
                self.catalogue.add_run(finished.stored)
                self._count(finished)
                for watch in self.watches:
                    watch.run_done(run, finished.stored.status)
            case _:
                self._settle(event, futures.pop(event))
        self.outcome.seconds["store"] += time.perf_counter() - begun

    def _settle(self, future: Future[None], runs: list[PlannedRun]) -> None:
        try:
            future.result()
        except (StoppedError, CancelledError):
            return
        except Exception as error:  # one run's fault is not the study's
            kept = self.catalogue.finished(run.key for run in runs)
            for run in runs:
                if run.key not in kept:
                    self._fail(run, error)

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
