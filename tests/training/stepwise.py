"""Runs to compare bit by bit, and a run taken through its compiled programs call by call.

`train_by_calls` is what `train_run` does with nothing around it: no measurements, no clock, and
calls of whatever length is asked for.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data import Digits
from paribus.data.base import Source
from paribus.data.dataset import split
from paribus.models import MLP
from paribus.models.base import named_weights, skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.optimizers import AdamW
from paribus.spec import split_traced
from paribus.store.records import Measurement
from paribus.training import Recipe, program
from paribus.training.lane import Lane, host
from paribus.training.loop import Task, Trained, epoch_order, train_run
from paribus.training.platform import devices

DEVICES = devices()  # while tests are collected, so before any of them starts JAX's backend

EXAMPLE = Recipe(
    data=Digits(validation=100),
    model=MLP(hidden=(32, 16), activation="tanh", dropout=0.1),
    optimizer=AdamW(learning_rate=1e-3),
    batch_size=72,
    epochs=3,
)
"""A recipe with a bit of everything that could tell two runs apart."""


class EpochEnd(NamedTuple):
    """After an epoch: the mean of the objective over its examples, and the weights by name."""

    loss: float
    weights: dict[str, NDArray[np.floating]]


def initial_weights(recipe: Recipe, replicate: int) -> dict[str, NDArray[np.floating]]:
    """The weights that a run starts from, by name."""
    with jax.enable_x64(recipe.precision == "float64"):
        return host(named_weights(_network(recipe, replicate)))


def _network(recipe: Recipe, replicate: int):
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    return initialize(empty, recipe.initialization, replicate, np.dtype(recipe.precision))


def train_by_calls(
    recipe: Recipe, replicate: int, calls: Sequence[int] | None = None
) -> list[EpochEnd]:
    """A run on the first device, each epoch in calls of these many steps (default: one call)."""
    lane = Lane(DEVICES[0])
    with jax.enable_x64(recipe.precision == "float64"):
        dtype = np.dtype(recipe.precision)
        static, numbers = split_traced(recipe)
        programs = lane.programs(static)
        traced = lane.put({path: dtype.type(value) for path, value in numbers.items()})
        arguments = (lane.put(weights_of(_network(recipe, replicate))), traced)
        state = programs.compiled(program.start, arguments)(*arguments)
        dataset = recipe.data.load(Source())
        train = split(dataset, recipe.data.validation, replicate).train
        dropout = lane.put(seeds.words(seeds.stream_key(replicate, "dropout")))
        ends = []
        for epoch in range(1, recipe.epochs + 1):
            order = lane.put(epoch_order(recipe, replicate, epoch, train))
            feed = program.Feed(lane.data(dataset), order, dropout)
            state = state._replace(loss=np.zeros((), dtype))
            for span in _spans(calls or [len(order)]):
                arguments = (state, traced, feed, span)
                state = programs.compiled(program.train, arguments, donated=(0,))(*arguments)
            network = program.network_of(recipe, host(state.weights))
            found = {name: array.copy() for name, array in named_weights(network).items()}
            ends.append(EpochEnd(float(state.loss) / len(train), found))
        return ends


def _spans(calls: Iterable[int]) -> list[NDArray[np.int32]]:
    edges = np.cumsum([0, *calls]).astype(np.int32)
    return [edges[at : at + 2] for at in range(len(edges) - 1)]


def task(recipe: Recipe, replicate: int = 0, **rest) -> Task:
    """The task of training this recipe on embedded data."""
    return Task(recipe, replicate, recipe.data.load(Source()), **rest)


def train(recipe: Recipe, replicate: int = 0, **rest) -> Trained:
    """A run alone, on a lane of its own."""
    return train_run(task(recipe, replicate, **rest), Lane(DEVICES[0]))


def measured(trained: Trained) -> dict[str, Measurement]:
    """What was measured of a run, by name; the layers are named "1", "2", ..."""
    layers = [str(number) for number in range(1, len(named_weights(trained.network)) // 2 + 1)]
    return {one.name: one for one in trained.history.measurements(layers)}


def digest(trained: Trained) -> str:
    """SHA-256 of a run's last weights and of all that was measured, but for its observers."""
    content = hashlib.sha256()
    arrays = dict(named_weights(trained.network))
    arrays |= {name: one.values for name, one in measured(trained).items()}
    for name in sorted(arrays):
        if not name.startswith(("gradient/", "weight/")):
            content.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return content.hexdigest()
