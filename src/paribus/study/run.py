"""Running a plan: what the lab lacks is trained, and stored run by run as it finishes.

The one place where plan, executor, training and store meet. The calling thread is the only
writer; lanes train and hand over finished runs.
"""

import threading
import time
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy

from paribus.data.base import DataSpec
from paribus.data.dataset import Dataset
from paribus.executors.base import Executor
from paribus.executors.threads import ThreadExecutor
from paribus.models.base import layers_of, named_weights
from paribus.results.dataset import to_dataset
from paribus.results.load import load_results
from paribus.results.tidy import StudyResults
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.store.records import StoredRun
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, PlannedRun
from paribus.study.progress import Note
from paribus.study.watch import Watch
from paribus.training.lane import Lane
from paribus.training.loop import CancelledError, Task, Trained, train_run
from paribus.training.platform import devices
from paribus.training.provenance import provenance

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
        catalogue.put_study(plan.entry)
        missing = _missing(plan, catalogue)
        outcome.reused = len({run.key for run in plan.runs}) - len(missing)
        watches = (options.watch, Note(options.lab))
        for watch in watches:
            watch.planned(plan, missing)
        if missing:
            _Training(outcome, options, catalogue, watches).train(missing)
    outcome.seconds["total"] = time.perf_counter() - begun
    return outcome


def _missing(plan: Plan, catalogue: Catalogue) -> list[PlannedRun]:
    """The distinct runs that are not stored, cohort by cohort, the costliest cohort first."""
    stored = catalogue.finished({run.key for run in plan.runs})
    cohorts = [[run for run in runs if run.key not in stored] for runs in plan.cohorts.values()]
    # The costliest first: the short ones then fill the lanes to the end.
    cohorts.sort(key=lambda runs: -sum(run.parameters * run.steps for run in runs))
    return [run for runs in cohorts for run in runs]


@dataclass
class _Training:
    """The mutable middle of `run_plan`."""

    outcome: Outcome
    options: RunOptions
    catalogue: Catalogue
    watches: tuple[Watch, ...]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def train(self, runs: list[PlannedRun]) -> None:
        begun = time.perf_counter()
        datasets = self._datasets(runs)
        self.outcome.seconds["data"] = time.perf_counter() - begun
        lanes = [Lane(device) for device in devices(self.options.cores)]
        with ThreadExecutor(len(lanes)) as executor:
            try:
                self._collect(self._submit(executor, lanes, runs, datasets))
            except BaseException:
                self.cancelled.set()
                executor.cancel()
                raise
        for phase in ("compile", "train", "evaluate", "probe"):
            self.outcome.seconds[phase] /= len(lanes)

    def _datasets(self, runs: list[PlannedRun]) -> dict[DataSpec, Dataset]:
        """Each data set once, whatever part of it a recipe holds out."""
        loaded: dict[str, Dataset] = {}
        found: dict[DataSpec, Dataset] = {}
        for data in {run.recipe.data for run in runs}:
            content = data.model_copy(update={"validation": 0}).model_dump_json()
            if content not in loaded:
                loaded[content] = data.load(self.options.source)
            found[data] = loaded[content]
        return found

    def _submit(
        self,
        executor: Executor,
        lanes: list[Lane],
        runs: list[PlannedRun],
        datasets: dict[DataSpec, Dataset],
    ) -> dict[Future[tuple[StoredRun, Trained]], PlannedRun]:
        def job(run: PlannedRun, lane: Lane) -> tuple[StoredRun, Trained]:
            task = Task(
                recipe=run.recipe,
                replicate=run.replicate,
                dataset=datasets[run.recipe.data],
                observers=self.outcome.plan.study.probes,
                watch=lambda epoch: self._epoch_done(run, epoch),
                cancelled=self.cancelled.is_set,
            )
            started = datetime.now(UTC)
            trained = train_run(task, lane)
            facts = provenance(lane.device) | {
                "cores": len(lanes),
                "started": started.isoformat(timespec="seconds"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "data": self._data_facts(run, datasets[run.recipe.data]),
            }
            return stored_run(run, trained, task.dataset, facts), trained

        return {
            executor.submit(lambda slot, run=run: job(run, lanes[slot]), group=run.cohort): run
            for run in runs
        }

    def _data_facts(self, run: PlannedRun, dataset: Dataset) -> dict[str, str]:
        name = type(run.recipe.data).__name__
        state = self.outcome.plan.locations[name].state
        return {"name": name, "fingerprint": dataset.fingerprint, "state": state}

    def _collect(self, futures: dict[Future[tuple[StoredRun, Trained]], PlannedRun]) -> None:
        for future in as_completed(list(futures)):
            run = futures.pop(future)
            try:
                stored, trained = future.result()
            except CancelledError:
                continue
            except Exception as error:  # noqa: BLE001, RUF100 - one run's fault is not the study's
                self._fail(run, error)
                continue
            begun = time.perf_counter()
            self.catalogue.add_run(stored)
            self.outcome.seconds["store"] += time.perf_counter() - begun
            self._count(stored, trained)
            self._run_done(run, stored.status)

    def _count(self, stored: StoredRun, trained: Trained) -> None:
        self.outcome.trained += 1
        self.outcome.diverged += stored.status == "diverged"
        self.outcome.model_steps += trained.steps
        for phase, seconds in vars(trained.seconds).items():
            self.outcome.seconds[phase] += seconds

    def _fail(self, run: PlannedRun, error: Exception) -> None:
        message = f"{type(error).__name__}: {error}"
        self.outcome.failures[run.key] = message
        self.catalogue.record_failure(run.key, message)
        self._run_done(run, "failed")

    def _epoch_done(self, run: PlannedRun, epoch: int) -> None:
        for watch in self.watches:
            watch.epoch_done(run, epoch)

    def _run_done(self, run: PlannedRun, status: str) -> None:
        for watch in self.watches:
            watch.run_done(run, status)


def stored_run(
    run: PlannedRun, trained: Trained, dataset: Dataset, facts: dict[str, Any]
) -> StoredRun:
    """A finished run as the store keeps it."""
    names = [name for name, _ in layers_of(trained.network)]
    weights = safetensors.numpy.save(named_weights(trained.network))
    artifacts = {"weights.safetensors": weights}
    if trained.history.correct is not None:
        artifacts["correct"] = np.packbits(trained.history.correct).tobytes()
    splits = trained.splits
    measured = {
        "seconds": vars(trained.seconds),
        "model_steps": trained.steps,
        "precision": run.recipe.precision,
        "examples": {
            "train": len(splits.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
        },
    }
    return StoredRun(
        key=run.key,
        recipe=run.recipe.as_json(),
        replicate=run.replicate,
        fingerprint=dataset.fingerprint,
        status="finished" if trained.diverged_epoch is None else "diverged",
        parameters=run.parameters,
        provenance=facts | measured,
        measurements=trained.history.measurements(names),
        artifacts=artifacts,
        diverged_epoch=trained.diverged_epoch,
    )
