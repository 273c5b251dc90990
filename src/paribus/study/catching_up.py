"""Probes asked for after a run was trained: of its stored weights, or by training it again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import safetensors.numpy

from paribus.errors import LabError
from paribus.models.base import layers_of, named_weights, skeleton, with_weights
from paribus.snapshot import Observer
from paribus.store.arrays import decode_weights
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement
from paribus.study.plan import PlannedRun
from paribus.training.history import History
from paribus.training.lane import Lane
from paribus.training.loop import observe_trained, train_run
from paribus.training.task import Task

WEIGHTS = "weights.safetensors"


class ChangedWeightsError(LabError):
    """A run that was trained again came out different from what is stored of it."""


def stored_end(catalogue: Catalogue, run: PlannedRun) -> tuple[bytes, int]:
    """A stored run's last weights, as a safetensors file, and its number of epochs."""
    (found,) = catalogue.summaries([run.key])
    return catalogue.artifact(run.key, WEIGHTS), int(found.provenance["epochs"])


def measure_stored(task: Task, lane: Lane, weights: bytes, epochs: int) -> tuple[Measurement, ...]:
    """What the task's observers measure of a run whose last weights are given.

    Where an observer looks at more than the end of the run, it is trained again. Raises
    `ChangedWeightsError` where that gives other weights.
    """
    at_end = tuple(filter(_sees_the_end_alone, task.observers))
    others = tuple(one for one in task.observers if one not in at_end)
    found: list[Measurement] = []
    if at_end:
        facts = task.recipe.data.facts()
        empty = skeleton(task.recipe.model, facts.shape, facts.outputs)
        shapes = {name: leaf.shape for name, leaf in named_weights(empty).items()}
        network = with_weights(empty, decode_weights(weights, shapes))
        history = observe_trained(replace(task, observers=at_end), lane, network, epochs)
        found += _measured(network, history, at_end)
    if others:
        trained = train_run(replace(task, observers=others), lane)
        if safetensors.numpy.save(named_weights(trained.network)) != weights:
            raise ChangedWeightsError(
                "trained again for a probe, the run came out with other weights than are stored: "
                "it was trained with other versions, on another processor, or beside other runs. "
                "To train all of the study anew, remove it first with `paribus clean`"
            )
        found += _measured(trained.network, trained.history, others)
    return tuple(found)


def _measured(
    network: Any, history: History, observers: tuple[Observer, ...]
) -> Iterator[Measurement]:
    identities = {observer.identity for observer in observers}
    names = [name for name, _ in layers_of(network)]
    return (one for one in history.measurements(names) if one.probe in identities)


def _sees_the_end_alone(observer: Observer) -> bool:
    return observer.at_end and "previous" not in observer.needs
