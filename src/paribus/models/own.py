"""A network of the user's own: any Equinox module that is written for one example.

What it is like is found by tracing it with shapes in place of numbers, which computes nothing.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike
from pydantic import BeforeValidator, Field, PlainSerializer

from paribus import seeds
from paribus.errors import Fault
from paribus.functions import Function, OwnFunction, as_function
from paribus.functions.traced import told_error
from paribus.models.base import Model, named_weights, weights_of
from paribus.models.work import multiplications_of
from paribus.spec import digest, written


def _option(value: Any) -> Any:
    """An option as it is kept: plain data, and functions with their identity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"got {value}; should be a finite number")
    if value is None or isinstance(value, bool | int | float | str | Function):
        return value
    if isinstance(value, tuple | list):
        return tuple(map(_option, value))
    if callable(value):
        return as_function(value)
    raise ValueError(
        f"got {written(value)}; should be numbers, texts, functions, or lists of such"
    )


def _options(value: Any) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"got {written(value)}; should be a dict of options by name")
    kept = {}
    for name, one in value.items():
        try:
            kept[name] = _option(one)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, Function):
        return value.as_json()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _given(value: Any) -> Any:
    """An option as the network is given it."""
    if isinstance(value, tuple):
        return tuple(map(_given, value))
    return value.callable if isinstance(value, Function) else value


Options = Annotated[dict[str, Any], BeforeValidator(_options), PlainSerializer(_plain)]
"""Arguments by name: numbers, texts, truth values, functions, and lists of such."""


class Own(Model):
    """A network of your own: `network(shape, outputs, key=key, **options)` makes it.

    That is a class of yours, or a function, which gives an `eqx.Module` to be called as
    `module(x, key=key)`: with one example `x` of this shape, as it is after normalization (images
    are (height, width) or (height, width, channels)), it gives `outputs` numbers. In training
    `key` is the example's own, for dropout; in evaluation it is None, and modules of Equinox are
    in inference mode. Initial weights are the module's own, made with the run's key. Every array
    of floating-point numbers in it is trained; a layer is any module in it with a `weight`.
    """

    kind: Literal["own"] = "own"
    network: OwnFunction
    options: Options = Field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.network, digest(_plain(self.options))))

    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        return _skeleton(self, shape, outputs)

    def faults(self, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        return list(_faults(self, shape, outputs))

    def multiplications(self, shape: tuple[int, ...], outputs: int) -> int:
        return _work(self, shape, outputs)

    def fresh(
        self, shape: tuple[int, ...], outputs: int, replicate: int, dtype: DTypeLike
    ) -> eqx.Module:
        words = seeds.words(seeds.stream_key(replicate, "initialization", "own"))
        # In float64 on the CPU: the same weights in whatever precision and wherever it trains.
        with (
            jax.enable_x64(True),
            jax.threefry_partitionable(True),
            jax.default_device(jax.devices("cpu")[0]),
        ):
            arrays = [np.asarray(one, dtype) for one in _drawn(self, shape, outputs)(words)]
        empty = _skeleton(self, shape, outputs)
        _, structure = jax.tree.flatten(weights_of(empty))
        return eqx.combine(jax.tree.unflatten(structure, arrays), empty)

    def made(self, shape: tuple[int, ...], outputs: int, words: Any) -> Any:
        """What the user's code makes, given the words of a key."""
        key = jax.random.wrap_key_data(words, impl="threefry2x32")
        options = {name: _given(value) for name, value in self.options.items()}
        return self.network(shape, outputs, key=key, **options)


# Kept, so that what a network makes anew each time (a lambda) stays one and the same.
@cache
def _skeleton(model: Own, shape: tuple[int, ...], outputs: int) -> Any:
    words = jax.ShapeDtypeStruct((2,), jnp.uint32)
    return eqx.filter_eval_shape(lambda words: model.made(shape, outputs, words), words)


@cache
def _drawn(model: Own, shape: tuple[int, ...], outputs: int) -> Callable[[Any], list[Any]]:
    """The compiled function from a key's words to initial weights, in their order."""

    def drawn(words: Any) -> list[Any]:
        return jax.tree.leaves(weights_of(model.made(shape, outputs, words)))

    return jax.jit(drawn)


@cache
def _work(model: Own, shape: tuple[int, ...], outputs: int) -> int:
    network = eqx.nn.inference_mode(_skeleton(model, shape, outputs))
    example = jax.ShapeDtypeStruct(shape, jnp.float32)
    traced, _, _ = eqx.filter_make_jaxpr(lambda network, x: network(x, key=None))(network, example)
    return max(1, multiplications_of(traced.jaxpr))


@cache
def _faults(model: Own, shape: tuple[int, ...], outputs: int) -> tuple[Fault, ...]:
    name = model.network.name
    try:
        network = _skeleton(model, shape, outputs)
    except Exception as error:  # of the user's own code
        options = "".join(f", {key}={written(value)}" for key, value in model.options.items())
        asked = f"{name}({shape}, {outputs}, key=key{options})"
        return (Fault("network", f"{asked} fails: {told_error(error)}"),)
    problem = _build_problem(network) or _call_problem(network, shape, outputs)
    return (Fault("network", f"{name} {problem}"),) if problem else ()


def _build_problem(network: Any) -> str:
    if _has_state(network):
        return (
            "keeps a state beside its weights (as eqx.nn.BatchNorm does), which is not trained "
            "here; use eqx.nn.LayerNorm or eqx.nn.GroupNorm"
        )
    if not isinstance(network, eqx.Module):
        return f"gives a {type(network).__name__}; should be one eqx.Module"
    arrays = named_weights(network)
    if not arrays:
        return "has no arrays, so there is nothing to train"
    whole = [key for key, one in arrays.items() if not jnp.issubdtype(one.dtype, jnp.floating)]
    if whole:
        return (
            f"holds {', '.join(whole)}, not of floating-point numbers; all arrays are trained: "
            "make others where they are used, or keep them as tuples with "
            "eqx.field(static=True)"
        )
    return ""


def _has_state(network: Any) -> bool:
    kinds = eqx.nn.State | eqx.nn.StateIndex
    nodes = jax.tree.leaves(network, is_leaf=lambda node: isinstance(node, kinds))
    return any(isinstance(node, kinds) for node in nodes)


def _call_problem(network: Any, shape: tuple[int, ...], outputs: int) -> str:
    example = jax.ShapeDtypeStruct(shape, jnp.float32)
    key = jax.eval_shape(lambda: jax.random.key(0, impl="threefry2x32"))
    calls = {"with a key": (network, key), "without": (eqx.nn.inference_mode(network), None)}
    for how, (net, given) in calls.items():
        try:
            found = eqx.filter_eval_shape(lambda net, x, key: net(x, key=key), net, example, given)
        except Exception as error:  # of the user's own code
            called = f"fails when it is called {how} for an example of shape {shape}"
            return f"{called}: {told_error(error)}"
        if not hasattr(found, "shape"):
            return (
                f"gives a {type(found).__name__} for an example; should be an array ({outputs},)"
            )
        if found.shape != (outputs,) or not jnp.issubdtype(found.dtype, jnp.floating):
            got = f"{found.dtype} of shape {found.shape}"
            return f"gives {got} for an example of shape {shape}; should be floats ({outputs},)"
    return ""
