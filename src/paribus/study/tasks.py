"""What a study asks of workers: tasks for an executor, and what they say on their way.

All of it is picklable, so that it can be asked of another process or another machine.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from paribus.executors.base import Place
from paribus.probes.base import Probe
from paribus.store.records import Measurement
from paribus.study.catching_up import measure_stored
from paribus.study.job import Finished, train_planned
from paribus.study.native import as_recipe
from paribus.study.plan import PlannedRun
from paribus.training.checkpoint import Checkpoint, CheckpointError
from paribus.training.lane import Lane, made_by
from paribus.training.platform import device
from paribus.training.task import StoppedError, Task


class Begun(NamedTuple):
    """Somebody works on the run of this key, which was trained for so many epochs before."""

    key: str
    where: str
    epoch: int


class EpochDone(NamedTuple):
    """So many epochs of the run of this key are trained."""

    key: str
    epoch: int


class Saved(NamedTuple):
    """Where the run of this key is."""

    key: str
    checkpoint: Checkpoint


class Done(NamedTuple):
    """A finished run, on its way to the store."""

    key: str
    finished: Finished


class Measured(NamedTuple):
    """What probes, by identity, measured of a run that is stored."""

    key: str
    measurements: Sequence[Measurement]
    probes: list[str]


Said = Begun | EpochDone | Saved | Done | Measured
"""What a task says on its way."""


@dataclass(frozen=True)
class LaneHome:
    """The home of a slot: a lane on the device of its number, which holds so many runs at once."""

    side_by_side: int | None = None

    def __call__(self, slot: int) -> Lane:
        return Lane(device(slot), widest=self.side_by_side)


@dataclass(frozen=True)
class Training:
    """Runs of one cohort at one place, to be trained side by side on a lane.

    `data` is the name of their shared data set, `checkpoints` are stored ones by key, `facts`
    join the runs' provenance. One that is cancelled says where its runs are, and returns.
    """

    runs: Sequence[PlannedRun]
    probes: tuple[Probe, ...]
    data: str
    facts: Mapping[str, Any]
    checkpoints: Mapping[str, bytes]
    checkpoint_seconds: float

    def __call__(self, place: Place) -> None:
        """Trains and tells."""
        lane: Lane = place.home
        checkpoints = usable(self.checkpoints, lane, self.probes)
        for run in self.runs:
            found = checkpoints.get(run.key)
            place.tell(Begun(run.key, here(place), found.epoch if found else 0))
        tasks = [self._task(run, checkpoints.get(run.key), place) for run in self.runs]
        with suppress(StoppedError):
            for run, finished in train_planned(self.runs, tasks, lane, dict(self.facts)):
                place.tell(Done(run.key, finished))

    def _task(self, run: PlannedRun, checkpoint: Checkpoint | None, place: Place) -> Task:
        return Task(
            recipe=as_recipe(run.recipe),
            replicate=run.seed,
            dataset=place.shared[self.data],
            observers=self.probes,
            watch=lambda epoch: place.tell(EpochDone(run.key, epoch)),
            cancelled=place.cancelled,
            checkpoint=checkpoint,
            checkpoint_seconds=self.checkpoint_seconds,
            save=lambda checkpoint: place.tell(Saved(run.key, checkpoint)),
        )


@dataclass(frozen=True)
class Measuring:
    """Probes that were asked for after their run had been trained, to be measured on a lane.

    `weights` are the run's last ones, as a safetensors file, after so many `epochs`.
    """

    run: PlannedRun
    probes: tuple[Probe, ...]
    data: str
    weights: bytes
    epochs: int

    def __call__(self, place: Place) -> None:
        """Measures and tells."""
        place.tell(Begun(self.run.key, here(place), 0))
        task = Task(
            recipe=as_recipe(self.run.recipe),
            replicate=self.run.seed,
            dataset=place.shared[self.data],
            observers=self.probes,
            cancelled=place.cancelled,
        )
        with suppress(StoppedError):
            found = measure_stored(task, place.home, self.weights, self.epochs)
            place.tell(Measured(self.run.key, found, [probe.identity for probe in self.probes]))


def native_task(
    probes: tuple[Probe, ...],
    checkpoint_seconds: float,
    runs: Sequence[PlannedRun],
    data: str | None,
    facts: Mapping[str, Any],
    checkpoints: Mapping[str, bytes],
) -> Training:
    """The task that trains runs with our engine (a `MakeTask`, once it has the first two)."""
    assert data is not None
    return Training(runs, probes, data, facts, checkpoints, checkpoint_seconds)


def usable(
    contents: Mapping[str, bytes], lane: Lane, probes: Sequence[Probe]
) -> dict[str, Checkpoint]:
    """Stored checkpoints by key, if all of them were made as this lane would go on.

    Other versions or another processor may round differently, and a run would be neither the one
    nor the other: it is trained from its start. Runs that train side by side go on from one place,
    so that one checkpoint which is of no use makes all of them so.
    """
    if not contents:
        return {}
    made_with = made_by(lane, probes)
    try:
        found = {key: Checkpoint.from_bytes(content) for key, content in contents.items()}
    except CheckpointError:
        return {}
    return found if all(one.made_with == made_with for one in found.values()) else {}


def here(place: Place) -> str:
    """Where a task runs, as people know it."""
    return f"{platform.node()}, process {os.getpid()}, slot {place.slot}"
