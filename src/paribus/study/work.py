"""What is to be done now, done on lanes: runs trained, probes caught up on, all of it stored.

The calling thread is the only writer; lanes train and hand over finished runs.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

from paribus.data.dataset import Dataset
from paribus.executors.base import Executor
from paribus.executors.threads import ThreadExecutor
from paribus.probes.base import Probe
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement
from paribus.study.catching_up import measure_stored, stored_end
from paribus.study.datasets import Datasets
from paribus.study.interrupt import interrupts_to
from paribus.study.job import Finished, train_planned
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.placement import side_by_side, usable_checkpoints
from paribus.study.plan import PlannedRun
from paribus.study.rounds import Todo
from paribus.study.watch import Watch
from paribus.training.checkpoint import Checkpoint
from paribus.training.lane import Lane
from paribus.training.platform import devices
from paribus.training.task import StoppedError, Task

LARGEST_CHECKPOINT = 900_000_000
"""Bytes; SQLite stores at most a billion. A run beyond it begins anew when it is interrupted."""

Futures = dict[Future[None], list[PlannedRun]]


class _Saved(NamedTuple):
    """There is a checkpoint of the run of this key."""

    key: str


class _Done(NamedTuple):
    """A finished run, on its way to the store."""

    run: PlannedRun
    finished: Finished


class _Measured(NamedTuple):
    """What probes, by identity, measured of a run that is stored."""

    run: PlannedRun
    measurements: Sequence[Measurement]
    probes: list[str]


_Event = Future[None] | _Saved | _Done | _Measured | None
"""What lanes tell the thread that writes; None is Ctrl-C."""


@dataclass
class Work:
    """The mutable middle of `run_plan`, on the same lanes from round to round."""

    outcome: Outcome
    options: RunOptions
    catalogue: Catalogue
    datasets: Datasets
    watches: tuple[Watch, ...]
    lanes: list[Lane] = field(init=False)
    cancelled: threading.Event = field(default_factory=threading.Event)
    # Its `put` may be called by a signal's handler, which wakes the `get` that waits.
    events: SimpleQueue[_Event] = field(default_factory=SimpleQueue)
    latest: dict[str, Checkpoint] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        wide = self.options.side_by_side
        self.lanes = [Lane(device, widest=wide) for device in devices(self.options.cores)]

    def do(self, todo: Todo) -> None:
        """Does all of it; what fails is noted, and the others go on."""
        before = dict(self.outcome.seconds)
        with ThreadExecutor(len(self.lanes)) as executor:
            futures: Futures = {}
            try:
                futures |= self._submit(executor, todo.train)
                futures |= self._submit_probes(executor, todo)
                self._collect(futures)
            except BaseException:
                self.cancelled.set()
                executor.cancel()
                executor.close()  # runs in training leave a checkpoint
                self._collect_rest(futures)
                raise
        for phase in ("compile", "train", "evaluate", "probe"):
            spent = self.outcome.seconds[phase] - before[phase]
            self.outcome.seconds[phase] = before[phase] + spent / len(self.lanes)

    def _submit(self, executor: Executor, runs: list[PlannedRun]) -> Futures:
        if not runs:
            return {}
        lanes, probes = self.lanes, self.outcome.plan.study.probes
        checkpoints = usable_checkpoints(self.catalogue, runs, lanes[0], probes)
        together = side_by_side(runs, checkpoints, lanes[0])

        def job(group: list[PlannedRun], lane: Lane) -> None:
            tasks = [
                self._task(run, self.datasets.of(run), probes, checkpoints.pop(run.key, None))
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

    def _submit_probes(self, executor: Executor, todo: Todo) -> Futures:
        """Probes that were asked for after their runs had been trained."""

        def job(run: PlannedRun, probes: tuple[Probe, ...], lane: Lane) -> None:
            task = Task(
                recipe=run.recipe,
                replicate=run.seed,
                dataset=self.datasets.of(run),
                observers=probes,
                cancelled=self.cancelled.is_set,
            )
            # A reader of its own: catalogues belong to their threads.
            with Catalogue.open(self.options.lab, create=False) as catalogue:
                weights, epochs = stored_end(catalogue, run)
            measured = measure_stored(task, lane, weights, epochs)
            self.events.put(_Measured(run, measured, [probe.identity for probe in probes]))

        return {
            executor.submit(
                lambda slot, run=run, probes=probes: job(run, probes, self.lanes[slot]),
                group=run.cohort,
            ): [run]
            for run, probes in todo.probe
        }

    def _task(
        self,
        run: PlannedRun,
        dataset: Dataset,
        probes: tuple[Probe, ...],
        checkpoint: Checkpoint | None = None,
    ) -> Task:
        return Task(
            recipe=run.recipe,
            replicate=run.seed,
            dataset=dataset,
            observers=probes,
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
        data = run.recipe.data.bare()
        state = self.outcome.plan.locations[data].state
        name = type(data).__name__
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

    def _take(self, event: Future[None] | _Saved | _Done | _Measured, futures: Futures) -> None:
        begun = time.perf_counter()
        match event:
            case _Saved(key):
                checkpoint = self.latest.pop(key, None)
                content = b"" if checkpoint is None else checkpoint.to_bytes()
                if 0 < len(content) < LARGEST_CHECKPOINT:
                    self.catalogue.put_checkpoint(key, content)
            case _Done(run, finished):
                self.catalogue.add_run(finished.stored)
                self.finished.add(run.key)
                self._count(finished)
                for watch in self.watches:
                    watch.run_done(run, finished.stored.status)
            case _Measured(run, measurements, probes):
                self.catalogue.add_measured(run.key, measurements, probes)
                self.outcome.probed += 1
            case _:
                self._settle(event, futures.pop(event))
        self.outcome.seconds["store"] += time.perf_counter() - begun

    def _settle(self, future: Future[None], runs: list[PlannedRun]) -> None:
        try:
            future.result()
        except (StoppedError, CancelledError):
            return
        except Exception as error:  # one run's fault is not the study's
            for run in runs:
                if run.key not in self.finished:
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
        if not self.catalogue.finished([run.key]):  # a probe that fails leaves its run as it was
            self.catalogue.record_failure(run.key, message)
        for watch in self.watches:
            watch.run_done(run, "failed")

    def _epoch_done(self, run: PlannedRun, epoch: int) -> None:
        for watch in self.watches:
            watch.epoch_done(run, epoch)
