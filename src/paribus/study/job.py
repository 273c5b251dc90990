"""One planned run, trained on a lane and made into what the store keeps."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import safetensors.numpy

from paribus.data.dataset import Dataset
from paribus.models.base import layers_of, named_weights
from paribus.store.records import StoredRun
from paribus.study.plan import PlannedRun
from paribus.training.lane import Lane
from paribus.training.loop import Seconds, Task, Trained, train_run
from paribus.training.provenance import provenance


@dataclass(frozen=True)
class Finished:
    """A run ready to be stored, and what it took."""

    stored: StoredRun
    steps: int
    seconds: Seconds


def train_planned(run: PlannedRun, task: Task, lane: Lane, facts: dict[str, Any]) -> Finished:
    """Trains a run; `facts` of the study (cores, where its data is from) join its provenance.

    Raises `StoppedError` when asked to stop.
    """
    started = datetime.now(UTC)
    trained = train_run(task, lane)
    found = provenance(lane.device) | facts
    found["started"] = started.isoformat(timespec="seconds")
    found["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    stored = _stored(run, trained, task.dataset, found)
    return Finished(stored, trained.steps, trained.seconds)


def _stored(
    run: PlannedRun, trained: Trained, dataset: Dataset, facts: dict[str, Any]
) -> StoredRun:
    names = [name for name, _ in layers_of(trained.network)]
    artifacts = {"weights.safetensors": safetensors.numpy.save(named_weights(trained.network))}
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
