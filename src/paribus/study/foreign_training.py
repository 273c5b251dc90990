"""A run of a user's own trainer as a task for an executor, and what is stored of it."""

import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, GeneratorType
from typing import Any

from paribus.errors import ParibusError, TrainerError
from paribus.executors.base import Place
from paribus.functions import Function
from paribus.functions.installed import home_of
from paribus.spec import written
from paribus.store.records import StoredRun
from paribus.study.foreign import Foreign, takes_data
from paribus.study.job import Finished
from paribus.study.plan import PlannedRun
from paribus.study.tasks import Begun, Done, EpochDone, here
from paribus.trainers.measured import Course
from paribus.trainers.stopping import stopped_by
from paribus.training.provenance import foreign_provenance, peak_process_memory
from paribus.training.task import Seconds

SEEDS = 2**32
"""Trainers are told replicates modulo this: NumPy, scikit-learn and Keras take such seeds."""


@dataclass(frozen=True)
class ForeignTraining:
    """One run of a trainer; `data` is the name of the data set that it is called with, if any.

    `facts` join the run's provenance. Cancelled, it closes the trainer at the next thing that
    this yields, and says nothing of the run, whatever it raises: it begins anew another time.
    """

    run: PlannedRun
    trainer: Function
    made_by: Mapping[str, Any]
    data: str | None
    facts: Mapping[str, Any]

    def __call__(self, place: Place) -> None:
        """Trains and tells."""
        run = self.run
        place.tell(Begun(run.key, here(place), 0))
        began, started = _now(), time.perf_counter()
        with stopped_by(place.cancelled), redirect_stdout(sys.stderr):
            # What a trainer prints is no part of what our commands print.
            course = self._course(place)
        if place.cancelled():
            return
        if course.empty:
            raise TrainerError(f"{self.trainer.name} yielded nothing, so that nothing is measured")
        seconds = Seconds(train=time.perf_counter() - started)
        facts = {
            "started": began,
            "finished": _now(),
            "peak_memory_bytes": peak_process_memory(),
            "seconds": {"train": seconds.train},
            "epochs": course.epoch,
            "restarts": 0,
        }
        stored = self._stored(course, foreign_provenance() | dict(self.facts) | facts)
        place.tell(Done(run.key, Finished(stored, 0, seconds)))

    def _course(self, place: Place) -> Course:
        """What the trainer yields, to its end, to a loss that is not finite, or until stopped."""
        course = Course()
        with _told(place), ExitStack() as stack:
            found = _iterator(self.trainer(*self._arguments(place)))
            stack.callback(getattr(found, "close", lambda: None))
            for yielded in found:
                with _at_its_line(found):
                    course.add(yielded)
                place.tell(EpochDone(self.run.key, course.epoch))
                if place.cancelled() or course.diverged_epoch is not None:
                    break
        return course

    def _arguments(self, place: Place) -> list[Any]:
        arguments: list[Any] = [self.run.recipe, self.run.seed % SEEDS]
        if self.data is not None and takes_data(self.trainer):
            arguments.append(place.shared[self.data])
        return arguments

    def _stored(self, course: Course, facts: Mapping[str, Any]) -> StoredRun:
        return StoredRun(
            key=self.run.key,
            recipe=self.run.recipe.as_json(),
            replicate=self.run.seed,
            fingerprint=facts.get("data", {}).get("fingerprint", ""),
            status="finished" if course.diverged_epoch is None else "diverged",
            parameters=0,  # nobody but the trainer knows them
            provenance=dict(facts) | dict(self.made_by),
            measurements=course.measurements(),
            diverged_epoch=course.diverged_epoch,
        )


def foreign_task(
    apparatus: Foreign,
    runs: Sequence[PlannedRun],
    data: str | None,
    facts: Mapping[str, Any],
    checkpoints: Mapping[str, bytes],  # noqa: ARG001 - a trainer leaves none
) -> ForeignTraining:
    """The task that trains one run with a trainer (a `MakeTask`, once it has the first)."""
    (run,) = runs
    return ForeignTraining(run, apparatus.trainer, apparatus.made_by(run.recipe), data, facts)


def _iterator(made: Any) -> Iterator[Any]:
    if isinstance(made, Mapping | str) or not isinstance(made, Iterable):
        advice = "write `yield` where it has measured something"
        raise TrainerError(f"the trainer returned {written(made)}, and yields nothing: {advice}")
    return iter(made)


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """What a trainer raises comes out as a `TrainerError`: its kind, its text and its line.

    Nothing does once its run is cancelled, which may be why it raises.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises, `SystemExit` too
        if place.cancelled():
            return
        told = isinstance(error, ParibusError)
        said = str(error) if told else f"{type(error).__name__}: {error}".removesuffix(": ")
        raise TrainerError(f"{said}{_where(error)}") from error


@contextmanager
def _at_its_line(found: Iterator[Any]) -> Iterator[None]:
    """What is wrong with something yielded is told with the line that yielded it."""
    try:
        yield
    except TrainerError as error:
        frame = found.gi_frame if isinstance(found, GeneratorType) else None
        where = "" if frame is None else _line(frame, frame.f_lineno)
        raise TrainerError(f"{error}{where}") from None


def _where(error: BaseException) -> str:
    """The last line of the user's own files that an error came through."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [_line(frame, number) for frame, number in frames]
    return next(filter(None, reversed(lines)), "")


def _line(frame: FrameType, number: int) -> str:
    """A line of the user's own; "" for one of what is installed."""
    if home_of(frame.f_globals.get("__name__", "")) is not None:
        return ""
    file, function = Path(frame.f_code.co_filename).name, frame.f_code.co_name
    return f" ({file}, line {number}, in {function})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
