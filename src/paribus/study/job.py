"""Planned runs, trained on a lane and made into what the store keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import safetensors.numpy

from paribus.models.base import layers_of, named_weights
from paribus.store.records import StoredRun
from paribus.study.plan import PlannedRun
from paribus.training.lane import Lane
from paribus.training.loop import train_runs
from paribus.training.provenance import peak_memory, provenance
from paribus.training.task import Seconds, Task, Trained


@dataclass(frozen=True)
class Finished:
    """A run ready to be stored, and what it took."""

    stored: StoredRun
    steps: int
    seconds: Seconds


def train_planned(
    runs: Sequence[PlannedRun], tasks: Sequence[Task], lane: Lane, facts: dict[str, Any]
) -> Iterator[tuple[PlannedRun, Finished]]:
    """Trains runs side by side and gives each as it is finished.

    `facts` of the study (cores, data's origin) join their provenance. Raises `StoppedError` when
    asked to stop.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    for number, trained in train_runs(tasks, lane):
        found = provenance(lane.device) | facts
        found["started"] = started
        found["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        found["peak_memory_bytes"] = peak_memory(lane.device)
        stored = _stored(runs[number], trained, tasks[number], found)
        yield runs[number], Finished(stored, trained.steps, trained.seconds)


def _stored(run: PlannedRun, trained: Trained, task: Task, facts: dict[str, Any]) -> StoredRun:
    names = [name for name, _ in layers_of(trained.network)]
    artifacts = {"weights.safetensors": safetensors.numpy.save(named_weights(trained.network))}
    if trained.history.correct is not None:
        artifacts["correct"] = np.packbits(trained.history.correct).tobytes()
    splits = trained.splits
    measured = {
        "seconds": vars(trained.before.seconds + trained.seconds),
        "model_steps": trained.before.steps + trained.steps,
        "epochs": trained.epochs,
        "restarts": trained.before.restarts,
        "precision": task.recipe.precision,
        "examples": {
            "train": len(splits.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
        },
    }
    return StoredRun(
        key=run.key,
        recipe=run.recipe.as_json(),
        replicate=run.seed,
        fingerprint=task.dataset.fingerprint,
        status="finished" if trained.diverged_epoch is None else "diverged",
        parameters=run.parameters or 0,
        provenance=facts | measured,
        measurements=trained.history.measurements(names),
        artifacts=artifacts,
        diverged_epoch=trained.diverged_epoch,
        probes=tuple(observer.identity for observer in task.observers),
    )
