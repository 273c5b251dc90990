"""What is to be done now, done by workers: runs trained, probes caught up on, all of it stored.

The calling thread is the only one that reads or writes the lab. Workers train and say how it
goes; what they need of the lab they ask of that thread.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from paribus.errors import ExecutorError, LabError, TrainerError
from paribus.executors import LostError, Task
from paribus.executors.worker import WorkerError
from paribus.interrupts import interrupts_to
from paribus.outgoing import shareable
from paribus.probes.base import Probe
from paribus.store.catalogue import Catalogue
from paribus.study.catching_up import stored_end
from paribus.study.datasets import Datasets
from paribus.study.engine import Engine
from paribus.study.job import Finished
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.peers import Peers
from paribus.study.placement import side_by_side
from paribus.study.plan import PlannedRun
from paribus.study.rounds import Todo
from paribus.study.tasks import Begun, Done, EpochDone, Measured, Measuring, Said, Saved
from paribus.study.watch import Watch
from paribus.training.checkpoint import Checkpoint

LOG = logging.getLogger("paribus.study")

LARGEST_CHECKPOINT = 900_000_000
"""Bytes; SQLite stores at most a billion. A run beyond it begins anew when it is interrupted."""

MOST_LOSSES = 3
"""A run whose worker died so often is given up: it is probably the run that kills it."""

STORING_SECONDS = 0.05
"""The least between two times that finished runs are stored: of short ones many together."""

STORED_AT_ONCE = 200
"""Runs in one transaction, at most."""

_LOOK_SECONDS = 0.2

Futures = dict[Future[None], list[PlannedRun]]


class _Asked(NamedTuple):
    """A question about the lab, answered by the thread that may read it."""

    question: Callable[[], Any]
    answer: Future[Any]


class _ElsewhereError(Exception):
    """Another driver of the lab has leased these runs."""


_Event = Future[None] | Said | _Asked | None
"""What reaches the thread that stores; None is Ctrl-C."""


@dataclass
class Work:
    """The mutable middle of `run_plan`, with the same workers from round to round."""

    outcome: Outcome
    options: RunOptions
    catalogue: Catalogue
    datasets: Datasets
    watches: Sequence[Watch]
    peers: Peers
    engine: Engine
    # Its `put` may be called by a signal's handler, which wakes the `get` that waits.
    events: SimpleQueue[_Event] = field(default_factory=SimpleQueue)
    latest: dict[str, Checkpoint] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    losses: Counter[str] = field(default_factory=Counter)
    shared: set[str] = field(default_factory=set)
    unstored: list[Finished] = field(default_factory=list)
    stored: deque[Finished] = field(default_factory=deque)
    at_once: int = STORED_AT_ONCE
    due: float = float("-inf")
    elsewhere: int = 0
    interrupted: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)
    runs: dict[str, PlannedRun] = field(init=False)
    thread: threading.Thread = field(default_factory=threading.current_thread)

    def __post_init__(self) -> None:
        self.runs = {run.key: run for run in self.outcome.plan.runs}

    def do(self, todo: Todo) -> bool:
        """Does all of it that no other driver does; whether there was anything of that.

        What fails is noted, and the others go on.
        """
        before = dict(self.outcome.seconds)
        executor, futures = self.engine.executor, Futures()
        self.elsewhere = 0
        try:
            # From the first task on: while lanes train, an exception that a signal raises could
            # strike where it is lost.
            with interrupts_to(self._interrupt):
                self._submit(todo.train, futures)
                self._submit_probes(todo, futures)
                asked = len(futures)
                self._collect(futures)
        except BaseException as error:
            self.cancelled.set()
            executor.cancel()
            try:
                if not isinstance(error, LabError):
                    self._store()  # a second Ctrl-C may end what follows
            finally:
                executor.close()  # runs in training leave a checkpoint
                self._collect_rest(futures)
            raise
        for phase in ("compile", "train", "evaluate", "probe"):
            spent = self.outcome.seconds[phase] - before[phase]
            self.outcome.seconds[phase] = before[phase] + spent / executor.slots
        return self.elsewhere < asked

    def _interrupt(self) -> None:
        self.interrupted = True
        self.events.put(None)

    def _submit(self, runs: list[PlannedRun], futures: Futures) -> None:
        begun = self.catalogue.checkpointed(run.key for run in runs)
        for group in side_by_side(runs, self.catalogue, self.engine.widest):
            self._note_future(self._queued(group, begun), group, futures)

    def _note_future(self, future: Future[None], runs: list[PlannedRun], futures: Futures) -> None:
        futures[future] = runs
        future.add_done_callback(self.events.put)
        if self.interrupted:
            raise KeyboardInterrupt

    def _queued(self, group: Sequence[PlannedRun], begun: set[str]) -> Future[None]:
        def prepare() -> Task[None]:
            if not self.catalogue.shared and not any(run.key in begun for run in group):
                return self._training(group, {})
            return self._ask(lambda: self._leased(group))

        return self.engine.executor.submit(
            prepare,
            group=group[0].cohort,
            needs=self._needs(group[0]),
            hear=self._hear,
        )

    def _leased(self, group: Sequence[PlannedRun]) -> Task[None]:
        """The task of those of these runs that are ours to train, from where they are."""
        mine = self.peers.leased(self.catalogue, [run.key for run in group])
        runs = [run for run in group if run.key in mine]
        if not runs:
            raise _ElsewhereError
        if self.catalogue.shared:
            LOG.info("leased", extra={"facts": {"keys": mine}})
        return self._training(runs, self.catalogue.checkpoints(mine))

    def _training(self, runs: Sequence[PlannedRun], checkpoints: dict[str, bytes]) -> Task[None]:
        facts = {"cores": self.engine.executor.slots} | self._origin(runs[0])
        return self.engine.task(runs, self._data_of(runs[0]), facts, checkpoints)

    def _submit_probes(self, todo: Todo, futures: Futures) -> None:
        """Probes that were asked for after their runs had been trained."""

        def measuring(run: PlannedRun, probes: tuple[Probe, ...]) -> Measuring:
            weights, epochs = stored_end(self.catalogue, run)
            (data,) = self._needs(run)
            return Measuring(run, probes, data, weights, epochs)

        for run, probes in todo.probe:
            future = self.engine.executor.submit(
                partial(self._ask, partial(measuring, run, probes)),
                group=run.cohort,
                needs=self._needs(run),
                hear=self._hear,
            )
            self._note_future(future, [run], futures)

    def _ask(self, question: Callable[[], Any]) -> Any:
        """What the thread that may read the lab answers."""
        if threading.current_thread() is self.thread:
            return question()
        answer: Future[Any] = Future()
        self.events.put(_Asked(question, answer))
        while not self.cancelled.is_set():
            with suppress(TimeoutError):
                return answer.result(timeout=_LOOK_SECONDS)
        raise CancelledError

    def _needs(self, run: PlannedRun) -> tuple[str, ...]:
        data = self._data_of(run)
        return () if data is None else (data,)

    def _data_of(self, run: PlannedRun) -> str | None:
        """The name under which workers get the run's data, if any, which is given to them."""
        if run.data is None:
            return None
        dataset = self.datasets.of(run)
        if dataset.fingerprint not in self.shared:
            self.engine.executor.share(dataset.fingerprint, dataset)
            self.shared.add(dataset.fingerprint)
        return dataset.fingerprint

    def _origin(self, run: PlannedRun) -> dict[str, dict[str, str]]:
        if run.data is None:
            return {}
        location, name = self.outcome.plan.locations[run.data], type(run.data).__name__
        facts = {"name": name, "fingerprint": location.fingerprint, "state": location.state}
        return {"data": facts}

    def _hear(self, said: Said) -> None:
        if isinstance(said, Saved):
            self.latest[said.key] = said.checkpoint  # in place of one that was not stored in time
        self.events.put(said)

    def _collect(self, futures: Futures) -> None:
        while futures:
            left = self.due - time.monotonic()
            if self.unstored and left <= 0:
                self._store()
            try:
                event = self.events.get(timeout=max(0, left) if self.unstored else None)
            except Empty:
                continue
            if event is None:
                raise KeyboardInterrupt
            self._take(event, futures)
        self._store()

    def _collect_rest(self, futures: Futures) -> None:
        """Stores what was finished, and the checkpoints, when the study was interrupted."""
        try:
            while not self.events.empty():
                event = self.events.get()
                if isinstance(event, Future):
                    with suppress(LostError, ExecutorError):
                        self._settle(event, futures.pop(event))
                elif event is not None and not isinstance(event, _Asked):
                    self._note(event)
        finally:
            self._store()

    def _take(self, event: Future[None] | Said | _Asked, futures: Futures) -> None:
        begun = time.perf_counter()
        match event:
            case _Asked(question, answer):
                _answer(question, answer)
            case Future():
                runs = futures.pop(event)
                try:
                    self._settle(event, runs)
                except LostError as error:
                    self._do_again(runs, error, futures)
            case said:
                self._note(said)
        self.outcome.seconds["store"] += time.perf_counter() - begun

    def _note(self, said: Said) -> None:
        run = self.runs[said.key]
        match said:
            case Begun(_, where, epoch):
                for watch in self.watches:
                    watch.run_started(run, where, epoch)
            case EpochDone(_, epoch):
                for watch in self.watches:
                    watch.epoch_done(run, epoch)
            case Saved(key):
                self._store_checkpoint(key)
            case Done(key, finished):
                self.unstored.append(finished)
                self.finished.add(key)
            case Measured(key, measurements, probes):
                self.catalogue.add_measured(key, measurements, probes)
                self.outcome.probed += 1

    def _store(self) -> None:
        """Stores what is finished, several runs in one transaction.

        One that cannot be stored is given up, and its error raised; what else is unstored, and
        what is stored and not counted, is left for the next call.
        """
        begun = time.perf_counter()
        while self.unstored:
            self._store_some(self.unstored[: self.at_once])
        while self.stored:
            self._count(self.stored.popleft())
        self.due = time.monotonic() + STORING_SECONDS
        self.outcome.seconds["store"] += time.perf_counter() - begun

    def _store_some(self, some: list[Finished]) -> None:
        try:
            new = self.catalogue.add_runs([one.stored for one in some])
        except LabError:  # of the lab, and no run's fault
            raise
        except Exception:
            if len(some) == 1:
                self.unstored.remove(some[0])
                raise
            self.at_once = 1  # one of them keeps out the others
            return
        self.unstored = self.unstored[len(some) :]
        # Another driver that took us for dead may have been faster.
        self.stored += [one for one in some if one.stored.key in new]

    def _count(self, finished: Finished) -> None:
        self.outcome.trained += 1
        self.outcome.diverged += finished.stored.status == "diverged"
        self.outcome.model_steps += finished.steps
        for phase, seconds in vars(finished.seconds).items():
            self.outcome.seconds[phase] += seconds
        for watch in self.watches:
            watch.run_done(self.runs[finished.stored.key], finished.stored.status)

    def _store_checkpoint(self, key: str) -> None:
        checkpoint = self.latest.pop(key, None)
        content = b"" if checkpoint is None else checkpoint.to_bytes()
        if 0 < len(content) < LARGEST_CHECKPOINT:
            self.catalogue.put_checkpoint(key, content)
            LOG.info("checkpoint saved", extra={"facts": {"key": key, "bytes": len(content)}})

    def _settle(self, future: Future[None], runs: list[PlannedRun]) -> None:
        """Notes how a task ended. Raises what is no fault of its runs."""
        try:
            future.result()
        except CancelledError:
            return
        except _ElsewhereError:
            self.elsewhere += 1
        except (LostError, ExecutorError):
            raise
        except Exception as error:  # one run's fault is not the study's
            self._fail([run for run in runs if run.key not in self.finished], error)

    def _do_again(self, runs: list[PlannedRun], error: LostError, futures: Futures) -> None:
        """Has others do what was in training where a worker died."""
        LOG.warning("worker lost", extra={"facts": {"why": str(error)}})
        left = [run for run in runs if run.key not in self.finished]
        self.losses.update(run.key for run in left)
        for run in left:
            if self.losses[run.key] >= MOST_LOSSES:
                self._fail([run], error)
            else:
                self._note_future(self._queued([run], {run.key}), [run], futures)

    def _fail(self, runs: list[PlannedRun], error: Exception) -> None:
        named = isinstance(error, WorkerError | TrainerError)  # which say it themselves
        name = "" if named else f"{type(error).__name__}: "
        for run in runs:
            self.outcome.failures[run.key] = message = shareable(f"{name}{error}")
            # A probe that fails leaves its run as it was.
            if not self.catalogue.finished([run.key]):
                self.catalogue.record_failure(run.key, message)
            for watch in self.watches:
                watch.run_done(run, "failed")


def _answer(question: Callable[[], Any], answer: Future[Any]) -> None:
    try:
        answer.set_result(question())
    except Exception as error:  # of whoever asked
        answer.set_exception(error)
