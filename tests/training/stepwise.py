"""Runs to compare bit by bit, and a run taken through its compiled programs call by call.

`train_by_calls` is what `train_run` does with nothing around it: no measurements, no clock, and
calls of whatever length is asked for.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data import Crop, Digits, Flip, ResizedCrop
from paribus.data.base import Source
from paribus.data.dataset import split
from paribus.models import CNN, MLP, Convolution, Pool
from paribus.models.base import named_weights, skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.optimizers import AdamW
from paribus.spec import split_traced
from paribus.store.records import Measurement
from paribus.training import Recipe, program
from paribus.training.lane import Lane, host
from paribus.training.loop import train_run, train_runs
from paribus.training.platform import devices
from paribus.training.positions import feed_order
from paribus.training.task import Task, Trained

DEVICES = devices()

EXAMPLE = Recipe(
    data=Digits(validation=100),
    model=MLP(hidden=(32, 16), activation="tanh", dropout=0.1),
    optimizer=AdamW(learning_rate=1e-3),
    batch_size=72,
    epochs=3,
)
"""A recipe with a bit of everything that could tell two runs apart."""

CONVOLUTIONAL = EXAMPLE.with_fields(
    {
        "model": CNN(
            convolutions=(
                Convolution(channels=4, kernel=3, padding=(0, 1), pool=Pool()),
                Convolution(channels=6, kernel=2, stride=(1, 2), pool=Pool(mode="average")),
            ),
            hidden=(16,),
            dropout=0.1,
        ),
        "augmentation": (Crop(padding=1), ResizedCrop(), Flip()),
    }
)
"""The same with convolutions, whose gradients are added up in parts, on changed images."""


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
    recipe: Recipe, replicate: int, calls: Sequence[int] | None = None, start: Any = None
) -> list[EpochEnd]:
    """A run on the first device, each epoch in calls of these many steps (default: one call).

    It begins with the network `start`, by default with the one that the recipe says.
    """
    lane = Lane(DEVICES[0])
    with jax.enable_x64(recipe.precision == "float64"):
        dtype = np.dtype(recipe.precision)
        static, numbers = split_traced(recipe)
        programs = lane.programs(static)
        traced = lane.put({path: dtype.type(value) for path, value in numbers.items()})
        first = _network(recipe, replicate) if start is None else start
        arguments = (lane.put(weights_of(first)), traced)
        state = programs.compiled(program.START, arguments)(*arguments)
        dataset = recipe.data.load(Source())
        train = split(dataset, recipe.data.validation, replicate).train
        dropout = lane.put(seeds.words(seeds.stream_key(replicate, "dropout")))
        augmentation = lane.put(seeds.words(seeds.stream_key(replicate, "augmentation")))
        ends = []
        for epoch in range(1, recipe.epochs + 1):
            order = lane.put(feed_order(recipe, replicate, epoch, epoch, train))
            feed = program.Feed(lane.data(dataset), order, dropout, augmentation)
            state = state._replace(losses=np.zeros(recipe.epochs_per_feed, dtype))
            for span in _spans(calls or [recipe.steps_per_epoch]):
                arguments = (state, traced, feed, span)
                state = programs.compiled(program.TRAIN, arguments)(*arguments)
            network = program.network_of(recipe, host(state.weights))
            found = {name: array.copy() for name, array in named_weights(network).items()}
            ends.append(EpochEnd(float(state.losses[0]) / len(train), found))
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


def train_together(tasks: Sequence[Task], lane: Lane) -> list[Trained]:
    """Runs of one cohort, in the order of their tasks."""
    found = dict(train_runs(tasks, lane))
    return [found[number] for number in range(len(tasks))]


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
