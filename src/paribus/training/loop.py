"""Runs of a cohort, trained on a lane: as many side by side as the lane has room for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import jax

from paribus.training.group import Group, TooWideError
from paribus.training.lane import Lane
from paribus.training.recipe import Recipe
from paribus.training.task import Task, Trained


def train_run(task: Task, lane: Lane) -> Trained:
    """Trains one run on a lane.

    The result depends on recipe, replicate and data alone: not on the lane, nor on what else is
    trained, nor on the observers. Raises `StoppedError` when asked to stop.
    """
    return train_runs([task], lane)[0]


def train_runs(tasks: Sequence[Task], lane: Lane) -> list[Trained]:
    """Trains runs of one cohort on a lane, all from their start or all from one place.

    They go side by side where the lane allows it, in groups as large as its memory holds; a group
    that turns out too large is halved and begun again.
    """
    found: list[Trained] = []
    widest = lane.widest
    with arithmetic(tasks[0].recipe):
        while waiting := tasks[len(found) :]:
            groups = -(-len(waiting) // widest)
            group = waiting[: -(-len(waiting) // groups)]
            try:
                found += Group(group, lane).train()
            except (TooWideError, jax.errors.JaxRuntimeError) as error:
                if len(group) == 1 or not _is_out_of_memory(error):
                    raise
                widest = len(group) // 2
    return found


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
