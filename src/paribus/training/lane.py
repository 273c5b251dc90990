"""One device at work: its copy of the data and the programs compiled for it.

A lane trains one run after the other. On CPUs there is a lane for each core (XLA's host devices,
one thread each), so a run's arithmetic is the same wherever and beside whatever it runs; runs of
one cohort find the program that the first of them compiled.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import jax
import numpy as np

from paribus.data.dataset import Dataset
from paribus.training import program
from paribus.training.recipe import Recipe

KEPT_COHORTS = 4
"""Compiled cohorts kept by a lane; executors send runs of one cohort one after the other."""


class Programs:
    """The programs of one cohort on one device, each compiled when first needed."""

    def __init__(self, recipe: Recipe) -> None:
        self.compile_seconds = 0.0
        self._recipe = recipe
        self._compiled: dict[Any, Callable[..., Any]] = {}

    def compiled(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        *,
        donated: tuple[int, ...] = (),
        **fixed: Hashable,
    ) -> Callable[..., Any]:
        """A function of `program` for arguments of these shapes, on the device they are on.

        `donated` arguments are used up by each call; `fixed` ones are part of the program.
        """
        key = (function, *fixed.items())
        if key not in self._compiled:
            begun = time.perf_counter()
            bound = partial(function, recipe=self._recipe, **fixed)
            self._compiled[key] = (
                jax.jit(bound, donate_argnums=donated).lower(*arguments).compile()
            )
            self.compile_seconds += time.perf_counter() - begun
        return self._compiled[key]


class Lane:
    """A device, its data and its compiled cohorts. Used by one thread at a time."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self._data: dict[str, program.Data] = {}
        self._cohorts: OrderedDict[Recipe, Programs] = OrderedDict()

    def put(self, value: Any) -> Any:
        """A tree of arrays on this lane's device."""
        return jax.device_put(value, self.device)

    def data(self, dataset: Dataset) -> program.Data:
        """The data set on this lane's device; put there once."""
        if dataset.fingerprint not in self._data:
            arrays = self.put(dataset.inputs), self.put(dataset.targets)
            self._data[dataset.fingerprint] = program.Data(*arrays)
        return self._data[dataset.fingerprint]

    def programs(self, recipe: Recipe) -> Programs:
        """The programs of a cohort, given its recipe's static part."""
        if recipe not in self._cohorts:
            self._cohorts[recipe] = Programs(recipe)
        self._cohorts.move_to_end(recipe)
        while len(self._cohorts) > KEPT_COHORTS:
            self._cohorts.popitem(last=False)
        return self._cohorts[recipe]


def host(tree: Any) -> Any:
    """A tree of device arrays as NumPy arrays."""
    return jax.tree.map(np.asarray, tree)
