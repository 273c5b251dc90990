"""One device at work: its copy of the data and the programs compiled for it.

A lane trains one run after the other. On CPUs there is a lane for each core (XLA's host devices,
one thread each), so a run's arithmetic is the same wherever and beside whatever it runs; runs of
one cohort find the program that the first of them compiled.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from paribus.data.dataset import Dataset
from paribus.snapshot import Observer
from paribus.training import program
from paribus.training.recipe import Recipe

KEPT_COHORTS = 4
"""Compiled cohorts kept by a lane; executors send runs of one cohort one after the other."""


class Programs:
    """The programs of one cohort on one device, each compiled when first needed."""

    def __init__(self, recipe: Recipe, observers: tuple[Observer, ...], device: Any) -> None:
        self.device = device
        self.compile_seconds = 0.0
        self._compiled: dict[str, Callable[..., Any]] = {}
        self._sources: dict[str, Callable[..., Any]] = {
            "start": partial(program.start, recipe=recipe),
            "train": partial(program.train, recipe=recipe),
            "evaluate": partial(program.evaluate, recipe=recipe),
            "observe": partial(program.observe, recipe=recipe, observers=observers),
        }

    def call(self, name: str, *arguments: Any) -> Any:
        """The result of one of the programs; the state handed to "train" is used up."""
        if name not in self._compiled:
            self._compiled[name] = self._compile(name, arguments)
        return self._compiled[name](*arguments)

    def ready(self, name: str, *arguments: Any) -> None:
        """Compiles a program without running it."""
        if name not in self._compiled:
            self._compiled[name] = self._compile(name, arguments)

    def _compile(self, name: str, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        begun = time.perf_counter()
        donated = (0,) if name == "train" else ()
        compiled = jax.jit(self._sources[name], donate_argnums=donated).lower(*arguments).compile()
        self.compile_seconds += time.perf_counter() - begun
        return compiled


class Lane:
    """A device, its data and its compiled cohorts. Used by one thread at a time."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self._data: dict[str, program.Data] = {}
        self._cohorts: OrderedDict[Any, Programs] = OrderedDict()

    def put(self, value: Any) -> Any:
        """A tree of arrays on this lane's device."""
        return jax.device_put(value, self.device)

    def data(self, dataset: Dataset) -> program.Data:
        """The data set on this lane's device; put there once."""
        if dataset.fingerprint not in self._data:
            arrays = self.put(dataset.inputs), self.put(dataset.targets)
            self._data[dataset.fingerprint] = program.Data(*arrays)
        return self._data[dataset.fingerprint]

    def programs(self, recipe: Recipe, observers: tuple[Observer, ...]) -> Programs:
        """The programs of a cohort, given its recipe's static part."""
        key = (recipe, observers)
        if key not in self._cohorts:
            self._cohorts[key] = Programs(recipe, observers, self.device)
        self._cohorts.move_to_end(key)
        while len(self._cohorts) > KEPT_COHORTS:
            self._cohorts.popitem(last=False)
        return self._cohorts[key]


def host(tree: Any) -> Any:
    """A tree of device arrays as NumPy arrays."""
    return jax.tree.map(np.asarray, tree)
