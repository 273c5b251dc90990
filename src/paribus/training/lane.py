"""One device at work: its copy of the data and the programs compiled for it.

On CPUs there is a lane for each core and runs train one after the other, so a run's arithmetic is
the same wherever and beside whatever it runs; runs of one cohort find the program that the first
of them compiled. On accelerators runs of a cohort train side by side, as many as memory holds.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from paribus.data.dataset import Dataset
from paribus.snapshot import Observer
from paribus.spec import digest
from paribus.training.batch import Data
from paribus.training.program import Program
from paribus.training.provenance import provenance
from paribus.training.recipe import Recipe
from paribus.training.rows import lifted

KEPT_COHORTS = 4
"""Compiled cohorts kept by a lane; executors send runs of one cohort one after the other."""

MEMORY_SHARE = 0.8
"""How much of an accelerator's memory programs may fill; data and fragments take the rest."""

UNLIMITED = 2**31


class Programs:
    """The programs of one cohort on one device, each compiled when first needed."""

    def __init__(self, recipe: Recipe) -> None:
        self.compile_seconds = 0.0
        self._recipe = recipe
        self._compiled: dict[Any, Any] = {}

    def compiled(
        self, wanted: Program, arguments: tuple[Any, ...], runs: int = 1, **fixed: Hashable
    ) -> Callable[..., Any]:
        """A program for so many runs and arguments of these shapes, on the device they are on.

        `fixed` arguments are part of the program.
        """
        key = (wanted.function, runs, *fixed.items())
        if key not in self._compiled:
            begun = time.perf_counter()
            bound = partial(wanted.function, recipe=self._recipe, **fixed)
            function = jax.jit(lifted(bound, wanted.axes, runs), donate_argnums=wanted.donated)
            self._compiled[key] = function.lower(*arguments).compile()
            self.compile_seconds += time.perf_counter() - begun
        return self._compiled[key]

    def made(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` makes, once for the cohort on this device."""
        if name not in self._compiled:
            self._compiled[name] = make()
        return self._compiled[name]

    def bytes_of(self, wanted: Program, runs: int) -> int:
        """What a compiled program takes in memory, its arguments included."""
        found = self._compiled[wanted.function, runs].memory_analysis()
        arguments, results = found.argument_size_in_bytes, found.output_size_in_bytes
        return arguments + results + found.temp_size_in_bytes - found.alias_size_in_bytes


class Lane:
    """A device, its data and its compiled cohorts. Used by one thread at a time.

    `widest` limits how many runs train side by side (default: 1 on CPUs, no limit elsewhere),
    `memory` the bytes that their program may take (default: no limit on CPUs, elsewhere
    `MEMORY_SHARE` of the device's).
    """

    def __init__(
        self, device: Any, *, widest: int | None = None, memory: int | None = None
    ) -> None:
        self.device = device
        self.widest = widest or (1 if device.platform == "cpu" else UNLIMITED)
        self.memory = memory or _memory_of(device)
        self._data: dict[str, Data] = {}
        self._inputs: dict[int, tuple[Any, Any]] = {}
        self._cohorts: OrderedDict[Recipe, Programs] = OrderedDict()

    def put(self, value: Any) -> Any:
        """A tree of arrays on this lane's device."""
        return jax.device_put(value, self.device)

    def data(self, dataset: Dataset) -> Data:
        """The data set on this lane's device; put there once."""
        if dataset.fingerprint not in self._data:
            # Data sets that differ in their labels only share the array of inputs.
            at = id(dataset.inputs)
            if at not in self._inputs:
                self._inputs[at] = dataset.inputs, self.put(dataset.inputs)
            data = Data(self._inputs[at][1], self.put(dataset.targets))
            self._data[dataset.fingerprint] = data
        return self._data[dataset.fingerprint]

    def programs(self, recipe: Recipe) -> Programs:
        """The programs of a cohort, given its recipe's static part."""
        if recipe not in self._cohorts:
            self._cohorts[recipe] = Programs(recipe)
        self._cohorts.move_to_end(recipe)
        while len(self._cohorts) > KEPT_COHORTS:
            self._cohorts.popitem(last=False)
        return self._cohorts[recipe]


def made_by(lane: Lane, observers: Sequence[Observer]) -> str:
    """A digest of what two halves of one run must share.

    That is all that may decide how they round: versions, kind of processor, XLA's flags, and
    whether a run is alone in its program. And its observers, since what they measured so far is
    kept, and training pauses where they measure.
    """
    return digest([provenance(lane.device), repr(tuple(observers)), lane.widest == 1])


def _memory_of(device: Any) -> int | None:
    found = device.memory_stats() if device.platform != "cpu" else None
    return int(found["bytes_limit"] * MEMORY_SHARE) if found else None


def host(tree: Any) -> Any:
    """A tree of device arrays as NumPy arrays."""
    return jax.tree.map(np.asarray, tree)
