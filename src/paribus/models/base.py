"""The role of a model's declaration, and the few things that are asked of every model."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray
from numpy.typing import DTypeLike

from paribus.errors import Fault
from paribus.models.activations import AnyActivation
from paribus.spec import Spec


class Model(Spec):
    """Declaration of a network: structure only; its weights come from the run's streams.

    On CPUs the gradient of a batch is added up over parts of at most `examples_at_once`, a power
    of 2; so many are also evaluated at once.
    """

    examples_at_once: ClassVar[int] = 2**31

    @abstractmethod
    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        """The network for one example of this shape, giving `outputs` numbers.

        Its weights are `jax.ShapeDtypeStruct`, never values. Its other numbers (a dropout rate)
        are those of the declaration, which may be JAX tracers: so no `jax.eval_shape` around it.
        """

    @abstractmethod
    def multiplications(self, shape: tuple[int, ...], outputs: int) -> int:
        """How many multiplications the outputs of one example take: the work, from shapes alone.

        Other work that takes long counts as the multiplications of the same time.
        """

    def faults(self, shape: tuple[int, ...], outputs: int) -> list[Fault]:  # noqa: ARG002 - a role
        """What keeps the network from being built for such examples; none for most models."""
        return []

    def fresh(
        self,
        shape: tuple[int, ...],  # noqa: ARG002 - a role
        outputs: int,  # noqa: ARG002 - a role
        replicate: int,  # noqa: ARG002 - a role
        dtype: DTypeLike,  # noqa: ARG002 - a role
    ) -> eqx.Module | None:
        """The network with weights as host arrays, where it draws them itself; None for most."""
        return None


class HiddenLayer(NamedTuple):
    """One hidden layer's activation, and what goes into it.

    A channel of a convolution is a unit, with as many places as its image has before pooling; a
    unit of a dense layer has one place.
    """

    activation: AnyActivation
    sums: Float[Array, "examples units places"]


class BatchNetwork(eqx.Module):
    """A network that computes a whole batch at once; one example is a batch of one."""

    @abstractmethod
    def batch(
        self, inputs: Float[Array, " examples *shape"], keys: PRNGKeyArray | None = None
    ) -> Float[Array, "examples outputs"]:
        """The outputs for a batch: what `jax.vmap` of a single call gives, in less time."""

    @abstractmethod
    def hidden(self, inputs: Float[Array, " examples *shape"]) -> tuple[HiddenLayer, ...]:
        """The hidden layers for a batch, from the input on, in evaluation: without dropout."""

    def __call__(
        self, x: Float[Array, "*shape"], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, " outputs"]:
        return self.batch(x[None], None if key is None else key[None])[0]


@cache
def linear(inputs: int, outputs: int) -> eqx.nn.Linear:
    """A linear layer whose weights are shapes; costs no computation."""

    # The key is made inside: outside it would start JAX's backend while a study is planned,
    # before `training.platform` has set it up.
    def made() -> eqx.nn.Linear:
        return eqx.nn.Linear(inputs, outputs, dtype=jnp.float32, key=jax.random.key(0))

    return eqx.filter_eval_shape(made)


def skeleton(model: Model, shape: tuple[int, ...], outputs: int) -> Any:
    """The network with `jax.ShapeDtypeStruct` in place of weights; costs no computation."""
    return model.build(shape, outputs)


def weights_of(network: Any) -> Any:
    """The trained arrays of a network (or of its skeleton), None elsewhere."""
    return eqx.filter(network, _is_array)


def parameter_count(network: Any) -> int:
    """How many numbers are trained."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(weights_of(network)))


@cache
def has_layers(model: Model, shape: tuple[int, ...], outputs: int) -> bool:
    """Whether a declared network has layers that hold weights."""
    return bool(layers_of(skeleton(model, shape, outputs)))


@cache
def shapes_of(model: Model, shape: tuple[int, ...], outputs: int) -> tuple[tuple[int, ...], ...]:
    """The shapes of a declared network's arrays; many recipes share one network."""
    found = weights_of(skeleton(model, shape, outputs))
    return tuple(tuple(leaf.shape) for leaf in jax.tree.leaves(found))


def parameters_of(model: Model, shape: tuple[int, ...], outputs: int) -> int:
    """How many numbers are trained of a declared network."""
    return sum(map(math.prod, shapes_of(model, shape, outputs)))


def layers_of(network: Any) -> list[tuple[str, Any]]:
    """Layers that hold weights, numbered "1", "2", ... from the input on.

    A layer is any module with an array `weight`: its bias, where it has one, is `bias`.
    """
    leaves = jax.tree.leaves(network, is_leaf=_is_layer)
    layers = [leaf for leaf in leaves if _is_layer(leaf)]
    return [(str(index), layer) for index, layer in enumerate(layers, start=1)]


def _is_layer(node: Any) -> bool:
    weight = getattr(node, "weight", None)
    # Not by its shape: `eqx.tree_at` asks with something else in its place.
    return weight is not None and not isinstance(weight, _NO_ARRAYS) and not callable(weight)


_NO_ARRAYS = (eqx.Module, bool, int, float, str, tuple, list, dict)


def _is_whole(node: Any) -> bool:
    return _is_layer(node) or isinstance(node, eqx.nn.Dropout)


def _is_array(node: Any) -> bool:
    return hasattr(node, "shape") and hasattr(node, "dtype")


class _Named(NamedTuple):
    """An array's name, the path to it, and itself."""

    name: str
    path: tuple[Any, ...]
    array: Any


def _arrays_of(network: Any) -> list[_Named]:
    """All arrays: weight and bias of each layer first, then what is besides, by its place."""
    layered, besides, number = [], [], 0
    nodes = jax.tree_util.tree_leaves_with_path(network, is_leaf=_is_whole)
    for path, node in nodes:
        if isinstance(node, eqx.nn.Dropout):  # its rate may be an array, and is not trained
            continue
        parts = jax.tree_util.tree_leaves_with_path(node)
        number += _is_layer(node)
        for inner, array in parts:
            if not _is_array(array):
                continue
            if _is_layer(node) and _place(inner) in ("weight", "bias"):
                layered.append(_Named(f"{number}.{_place(inner)}", (*path, *inner), array))
            else:
                besides.append(_Named(_place((*path, *inner)), (*path, *inner), array))
    return [*layered, *besides]


def _place(path: tuple[Any, ...]) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def named_weights(network: Any) -> dict[str, Any]:
    """The arrays of a network by name: "1.weight", "1.bias", "2.weight", ...

    What a network of the user's own holds besides such layers follows, by the place where it is:
    "scale", "blocks.0.gate".
    """
    return {name: array for name, _, array in _arrays_of(network)}


def with_weights(network: Any, arrays: Mapping[str, Any]) -> Any:
    """The network (or its skeleton) with these arrays, by the names of `named_weights`."""
    names = {path: name for name, path, _ in _arrays_of(network)}

    def replaced(path: tuple[Any, ...], leaf: Any) -> Any:
        return arrays[names[path]] if path in names else leaf

    return jax.tree_util.tree_map_with_path(replaced, network)
