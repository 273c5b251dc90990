"""Runs of a cohort, trained on a lane: as many side by side as the lane has room for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax

from paribus.training.group import Group, TooWideError
from paribus.training.history import History
from paribus.training.lane import Lane
from paribus.training.recipe import Recipe
from paribus.training.task import Task, Trained


def train_run(task: Task, lane: Lane) -> Trained:
    """Trains one run on a lane.

    The result depends on recipe, replicate and data alone: not on the lane, nor on what else is
    trained, nor on the observers. Raises `StoppedError` when asked to stop.
    """
    ((_, trained),) = train_runs([task], lane)
    return trained


def train_runs(tasks: Sequence[Task], lane: Lane) -> Iterator[tuple[int, Trained]]:
    """Trains runs of one cohort on a lane, all from their start or all from one place.

    Gives each as it is finished, with its number. They go side by side where the lane allows it,
    in groups as large as its memory holds; a group that turns out too large is halved, and what
    of it is not finished begun again.
    """
    waiting, widest = list(range(len(tasks))), lane.widest
    if tasks[0].recipe.data.random_labels:
        widest = 1  # runs side by side share their labels
    with arithmetic(tasks[0].recipe):
        while waiting:
            groups = -(-len(waiting) // widest)
            numbers = waiting[: -(-len(waiting) // groups)]
            try:
                for number, trained in Group([tasks[one] for one in numbers], lane).train():
                    waiting.remove(numbers[number])
                    yield numbers[number], trained
            except (TooWideError, jax.errors.JaxRuntimeError) as error:
                if len(numbers) == 1 or not _is_out_of_memory(error):
                    raise
                widest = len(numbers) // 2


def observe_trained(task: Task, lane: Lane, network: Any, epoch: int) -> History:
    """What the task's observers measure of a network that was trained before, at its end."""
    with arithmetic(task.recipe):
        group = Group([task], lane)
        group.show(network, epoch)
        return group.members[0].history


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, TooWideError) or "RESOURCE_EXHAUSTED" in str(error)


@contextmanager
def arithmetic(recipe: Recipe) -> Iterator[None]:
    """JAX's settings that decide a result's bits, as the recipe has them and not the user's."""
    with (
        jax.enable_x64(recipe.precision == "float64"),
        jax.threefry_partitionable(True),
        jax.default_matmul_precision(recipe.matmul_precision),
    ):
        yield
