"""A run from its first step to its last: epochs of compiled calls, with Python only in between.

A call lasts about a second (its number of steps is an argument), so that progress shows and an
interruption is obeyed; how the steps are divided into calls does not change the result.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data.dataset import Dataset, Splits, split
from paribus.models.base import skeleton, weights_of
from paribus.models.initialize import initialize
from paribus.snapshot import Observer
from paribus.spec import split_traced
from paribus.training import program
from paribus.training.history import History
from paribus.training.lane import Lane, Programs, host
from paribus.training.recipe import Recipe

CALL_SECONDS = 1.0


class StoppedError(Exception):
    """The run was asked to stop before its end; nothing of it is kept but what it took."""

    def __init__(self, steps: int, seconds: "Seconds") -> None:
        super().__init__(f"cancelled after {steps} steps")
        self.steps = steps
        self.seconds = seconds


@dataclass(frozen=True)
class Task:
    """One run to train. `watch` is called after each epoch; `cancelled` asked between calls."""

    recipe: Recipe
    replicate: int
    dataset: Dataset
    observers: tuple[Observer, ...] = ()
    watch: Callable[[int], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False


@dataclass
class Seconds:
    """Wall-clock seconds of one run on its lane, by phase."""

    compile: float = 0.0
    train: float = 0.0
    evaluate: float = 0.0
    probe: float = 0.0


@dataclass(frozen=True)
class Trained:
    """A finished run: its measurements by epoch, its last network, what it took."""

    history: History
    network: Any
    splits: Splits
    steps: int
    seconds: Seconds
    diverged_epoch: int | None


def train_run(task: Task, lane: Lane) -> Trained:
    """Trains one run on a lane.

    The result depends on recipe, replicate and data alone: not on the lane, nor on what else is
    trained, nor on the observers. Raises `StoppedError` when asked to stop.
    """
    with _arithmetic(task.recipe):
        return _Run(task, lane).train()


@contextmanager
def _arithmetic(recipe: Recipe) -> Iterator[None]:
    """JAX's settings that decide a result's bits, as the recipe has them and not the user's."""
    with (
        jax.enable_x64(recipe.precision == "float64"),
        jax.threefry_partitionable(True),
        jax.default_matmul_precision("highest"),
    ):
        yield


@dataclass
class _Run:
    """The mutable middle of `train_run`."""

    task: Task
    lane: Lane
    seconds: Seconds = field(default_factory=Seconds)
    chunk: int = 8
    steps: int = 0

    def __post_init__(self) -> None:
        recipe, replicate = self.task.recipe, self.task.replicate
        static, traced = split_traced(recipe)
        self.splits = split(self.task.dataset, recipe.data.validation, replicate)
        self.programs: Programs = self.lane.programs(static)
        self.compiled_before = self.programs.compile_seconds
        dtype = np.dtype(recipe.precision)
        self.traced = self.lane.put({path: dtype.type(value) for path, value in traced.items()})
        self.dropout = self.lane.put(seeds.words(seeds.stream_key(replicate, "dropout")))
        self.data = self.lane.data(self.task.dataset)
        self.history = History(
            recipe, self.task.dataset, evaluated_positions(recipe, replicate, self.splits)
        )
        self.evaluated = program.padded(
            self.history.positions, program.EVALUATION_CHUNK, self.history.positions[0]
        )
        self.probed = _fixed_batch(recipe, replicate, self.splits)

    def train(self) -> Trained:
        recipe = self.task.recipe
        facts = recipe.data.facts()
        shapes = skeleton(recipe.model, facts.shape, facts.outputs)
        network = initialize(
            shapes, recipe.initialization, self.task.replicate, np.dtype(recipe.precision)
        )
        arguments = (self.lane.put(weights_of(network)), self.traced)
        state = self.programs.compiled(program.start, arguments)(*arguments)
        self._evaluate(0, state)
        self._observe(0, recipe.epochs, state)
        diverged = None
        for epoch in range(1, recipe.epochs + 1):
            state, loss = self._epoch(epoch, state)
            self.history.add_batch_loss(epoch, loss)
            if np.isfinite(loss):
                self._evaluate(epoch, state)
            if not self.history.losses_are_finite():
                diverged = epoch
                break
            last = epoch if self.history.stop_early() else recipe.epochs
            self._observe(epoch, last, state)
            self.task.watch(epoch)
            if epoch == last:
                break
        self.seconds.compile = self.programs.compile_seconds - self.compiled_before
        weights = host(state.weights)
        trained = program.network_of(recipe, weights)
        return Trained(self.history, trained, self.splits, self.steps, self.seconds, diverged)

    def _epoch(self, epoch: int, state: program.State) -> tuple[program.State, float]:
        recipe = self.task.recipe
        order = epoch_order(recipe, self.task.replicate, epoch, self.splits.train)
        feed = program.Feed(self.data, self.lane.put(order), self.dropout)
        state = state._replace(loss=np.zeros((), state.loss.dtype))
        done = 0
        while done < len(order):
            if self.task.cancelled():
                self.seconds.compile = self.programs.compile_seconds - self.compiled_before
                raise StoppedError(self.steps + done, self.seconds)
            stop = min(len(order), done + self.chunk)
            span = np.array([done, stop], np.int32)
            arguments = (state, self.traced, feed, span)
            steps = self.programs.compiled(program.train, arguments, donated=(0,))
            begun = time.perf_counter()
            state = jax.block_until_ready(steps(*arguments))
            took = time.perf_counter() - begun
            self.seconds.train += took
            self.chunk = _next_chunk(stop - done, took)
            done = stop
        self.steps += done
        return state, float(state.loss) / len(self.splits.train)

    def _evaluate(self, epoch: int, state: program.State) -> None:
        if not self.task.recipe.evaluation_due(epoch):
            return
        arguments = (state.weights, self.data, self.evaluated)
        evaluate = self.programs.compiled(program.evaluate, arguments)
        begun = time.perf_counter()
        found = host(evaluate(*arguments))
        self.seconds.evaluate += time.perf_counter() - begun
        self.history.add_evaluation(epoch, found)

    def _observe(self, epoch: int, last: int, state: program.State) -> None:
        due = tuple(one for one in self.task.observers if one.due(epoch, last))
        if not due:
            return
        arguments = (state.weights, self.traced, self.data, self.probed)
        observe = self.programs.compiled(program.observe, arguments, observers=due)
        begun = time.perf_counter()
        found = host(observe(*arguments))
        self.seconds.probe += time.perf_counter() - begun
        self.history.add_observation(epoch, found)


def epoch_order(
    recipe: Recipe, replicate: int, epoch: int, train: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The positions of each step's examples in one epoch, (steps, batch), -1 as padding.

    Drawn from the replicate's stream "order", so conditions of a replicate see the same order.
    """
    key = seeds.stream_key(replicate, "order", epoch)
    shuffled = train[seeds.permutation(key, len(train))]
    return program.padded(shuffled, recipe.batch, -1).reshape(-1, recipe.batch)


def _next_chunk(steps: int, took: float) -> int:
    # Growth is bounded, because the first call of a program can be timed wrongly.
    return max(1, min(8 * steps, int(steps * CALL_SECONDS / max(took, 1e-6))))


def evaluated_positions(
    recipe: Recipe, replicate: int, splits: Splits
) -> dict[str, NDArray[np.int32]]:
    """The positions of the examples measured, by split; empty splits are left out."""
    train = splits.train
    if len(train) > recipe.evaluate_train:
        key = seeds.stream_key(replicate, "evaluation")
        train = train[np.sort(seeds.permutation(key, len(train))[: recipe.evaluate_train])]
    found = {"train": train, "validation": splits.validation, "test": splits.test}
    return {name: positions for name, positions in found.items() if len(positions)}


def _fixed_batch(recipe: Recipe, replicate: int, splits: Splits) -> NDArray[np.int32]:
    key = seeds.stream_key(replicate, "probe")
    return splits.train[seeds.permutation(key, len(splits.train))[: recipe.batch]]
