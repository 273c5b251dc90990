"""A probe of the user's own: any function of a network and examples."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import Field

from paribus.errors import Fault
from paribus.functions import OwnFunction
from paribus.functions.traced import told_error
from paribus.models.base import Model, layers_of, skeleton
from paribus.probes.base import LAYERS, Probe, Quantities, no_layers
from paribus.snapshot import Snapshot

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""A name that a metric can have: `own/NAME`."""

_TRIED = 2
"""Examples that a function is tried with: it is to work for any number of them."""


class Own(Probe):
    """What a function of your own measures: `function(network, inputs, targets)`.

    The network is as in evaluation, and called with one example; `jax.vmap(network)(inputs)`
    calls it with all. `inputs` (examples, *shape) and `targets` are those of `examples`: the test
    set, the training examples that are evaluated, or one fixed batch of training examples. It
    runs under `jax.jit`, and gives one number, which is kept as `own/NAME`; with `per_layer` a
    dict with a number for each layer, by the names that `models.layers_of(network)` has for them.
    """

    QUANTITIES: ClassVar[Quantities] = {}

    kind: Literal["own"] = "own"
    name: Name
    function: OwnFunction
    examples: Literal["test", "train", "batch"] = "test"
    per_layer: bool = False

    @property
    def title(self) -> str:
        return f"Own(name={self.name!r})"

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        return {f"own/{self.name}": LAYERS if self.per_layer else ()}

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        if self.per_layer and (found := no_layers(model, shape, outputs)):
            return found
        network = eqx.nn.inference_mode(skeleton(model, shape, outputs))
        problem = self._problem(network, shape, outputs)
        return [Fault("function", f"{self.function.name} {problem}")] if problem else []

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        inputs, targets = getattr(snapshot, self.examples)
        found = self.function(snapshot.network, inputs, targets)
        if self.per_layer:
            layers = layers_of(snapshot.network)
            found = jnp.stack([jnp.asarray(found[name]) for name, _ in layers])
        return {f"own/{self.name}": jnp.asarray(found).astype(inputs.dtype)}

    def _problem(self, network: Any, shape: tuple[int, ...], outputs: int) -> str:
        """What keeps the function from giving what it should; "" where nothing can be seen."""
        inputs = jax.ShapeDtypeStruct((_TRIED, *shape), jnp.float32)
        classes = jax.ShapeDtypeStruct((_TRIED,), jnp.int32)
        numbers = jax.ShapeDtypeStruct((_TRIED, outputs), jnp.float32)
        failures = []
        for targets in (classes, numbers):
            try:
                found = eqx.filter_eval_shape(self.function.callable, network, inputs, targets)
            except Exception as error:  # of the user's own code
                failures.append(told_error(error))
            else:
                return self._result_problem(found, network)
        return f"fails when it is tried with {_TRIED} examples: {failures[0]}"

    def _result_problem(self, found: Any, network: Any) -> str:
        if not self.per_layer:
            return "" if _is_number(found) else f"gives {_told(found)}; should be one number"
        names = [name for name, _ in layers_of(network)]
        if isinstance(found, dict) and all(_is_number(found.get(name)) for name in names):
            return ""
        return f"gives {_told(found)}; should be a dict with a number for each of {names}"


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) or getattr(found, "shape", None) == ()


def _told(found: Any) -> str:
    if isinstance(found, dict):
        return f"a dict of {list(found)}"
    shape = getattr(found, "shape", None)
    return f"a {type(found).__name__}" if shape is None else f"an array of shape {shape}"
