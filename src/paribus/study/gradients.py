"""Checks the gradients that a study would train with: each condition at its first step."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from paribus.data.base import DataSpec, Source
from paribus.data.dataset import Dataset
from paribus.errors import ParibusError
from paribus.probes.gradient_check import GradientCheck, check_gradient
from paribus.study.native import as_recipe
from paribus.study.plan import Plan, PlannedRun
from paribus.training.batch import Data, Drawn, keys_of, read
from paribus.training.loop import arithmetic
from paribus.training.member import Member
from paribus.training.platform import device
from paribus.training.program import network_of, objective
from paribus.training.recipe import Recipe
from paribus.training.task import Task

EXAMPLES = 8
"""How many examples of the first batch a gradient is checked on, at most."""


@dataclass(frozen=True)
class ConditionCheck:
    """The gradient check of one condition of a study; `labels` has a level for each factor."""

    labels: dict[str, str]
    check: GradientCheck


def check_gradients(plan: Plan, source: Source) -> Iterator[ConditionCheck]:
    """Each condition of a plan with the check of its objective, as its replicate 0 begins.

    The objective is that of a training step in float64: loss, penalties, changes of images and
    dropout, with the masks of the first step, on the first `EXAMPLES` examples that are trained
    on. Conditions that differ in nothing of this share one check.

    Raises `DataError` where data is missing or damaged, and `ParibusError` where the loss is not
    finite to begin with, or the study has a trainer of its own.
    """
    if plan.study.trainer is not None:
        raise ParibusError(
            f"study {plan.study.name!r} is trained by {plan.study.trainer.name}; only gradients "
            "of our own engine can be checked"
        )
    loaded: dict[DataSpec, Dataset] = {}
    checked: dict[Hashable, GradientCheck] = {}
    for run in plan.runs:
        if run.replicate:
            continue
        recipe = as_recipe(run.recipe)
        data, key = recipe.data.bare(), _decides(recipe)
        if data not in loaded:
            loaded[data] = data.load(source)
        if key not in checked:
            checked[key] = check_run(run, loaded[data])
        yield ConditionCheck(dict(run.condition), checked[key])


def _as_checked(recipe: Recipe) -> Recipe:
    return recipe.with_fields({"precision": "float64", "matmul_precision": "float32"})


def _decides(recipe: Recipe) -> Hashable:
    """All of a recipe that its first objective depends on."""
    parts = recipe.data, recipe.model, recipe.loss, recipe.penalties, recipe.augmentation
    return *parts, recipe.initialization, recipe.batch


def check_run(run: PlannedRun, dataset: Dataset) -> GradientCheck:
    """The check of a run's objective, as its training begins."""
    with first_objective(run, dataset, EXAMPLES) as (loss, network):
        try:
            return check_gradient(loss, network)
        except ParibusError as error:
            labels = ", ".join(f"{name}={label}" for name, label in run.condition.items())
            raise ParibusError(f"{labels}: {error}" if labels else str(error)) from None


@contextmanager
def first_objective(
    run: PlannedRun, dataset: Dataset, most: int | None = None
) -> Iterator[tuple[Callable[[Any], Any], Any]]:
    """A run's objective of its first batch (its first `most` examples), and its fresh network.

    In float64, in the context that this opens; the objective maps a network to a number.
    """
    recipe = _as_checked(as_recipe(run.recipe))
    with arithmetic(recipe), jax.default_device(device(0)):
        member = Member(Task(recipe, run.seed, dataset))
        positions = member.order(1, 1)[0]
        positions = positions[positions >= 0][:most]
        chosen = member.dataset.inputs[positions], member.dataset.targets[positions]
        data = Data(*map(jnp.asarray, chosen))
        drawn = _drawn(recipe, member, len(positions))

        def loss(network: Any) -> Any:
            return objective(network, recipe, read(recipe, data, drawn), drawn.dropout)

        yield loss, network_of(recipe, member.initial)


def _drawn(recipe: Recipe, member: Member, count: int) -> Drawn:
    step = jnp.zeros((), jnp.int32)
    return Drawn(
        positions=jnp.arange(count),
        shares=jnp.full(count, 1 / np.float64(count)),
        dropout=keys_of(jnp.asarray(member.fixed.dropout), step, count),
        augmentation=keys_of(jnp.asarray(member.fixed.augmentation), step, count)
        if recipe.augmentation
        else None,
    )
