"""Analytic against numerical gradient, layer by layer, for any network and loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from numpy.typing import NDArray

from paribus import seeds
from paribus.errors import ParibusError
from paribus.probes.differences import Slopes, numerical_slopes

TOLERANCE = 1e-7
"""The relative error below which a gradient is right."""
EVERY = 2_000
"""Of networks of so many parameters, or fewer, every coordinate is checked."""
SAMPLE = 100
"""How many coordinates of each layer are checked in larger networks, if that is not too slow."""
WORK = 2 * 10**8
"""Coordinates times parameters: of the largest networks fewer than `SAMPLE` are checked."""
LEAST = 10
"""How many of each layer are checked at least."""

Loss = Callable[[Any], Float[Array, ""]]
Verdict = Literal["right", "wrong", "too small to tell", "not checked"]


@dataclass(frozen=True)
class LayerCheck:
    """How the gradient of one layer (weights, biases, all that it holds) was found to be.

    `relative_error` is ||g - n|| / (||g|| + ||n||) over the coordinates checked, 0 where both
    are 0. `rounding` is the relative error that rounding alone may cause. `excluded` coordinates
    are those with a kink too near. `worst` is the coordinate that is furthest off.
    """

    name: str
    parameters: int
    checked: int
    excluded: int
    relative_error: float
    rounding: float
    worst: str

    @property
    def verdict(self) -> Verdict:
        """Right below `TOLERANCE`; what is above it, but within rounding, cannot be told."""
        if not self.checked:
            return "not checked"
        if self.relative_error < TOLERANCE:
            return "right"
        return "too small to tell" if self.relative_error <= self.rounding else "wrong"


@dataclass(frozen=True)
class GradientCheck:
    """The check of a whole network: each layer, and `overall` all coordinates together."""

    layers: tuple[LayerCheck, ...]
    overall: LayerCheck

    @property
    def passed(self) -> bool:
        """Whether the gradient of every layer is right."""
        return all(layer.verdict == "right" for layer in self.layers)

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the layers whose gradient is wrong."""
        return tuple(layer.name for layer in self.layers if layer.verdict == "wrong")

    def __str__(self) -> str:
        lines = []
        for layer in (*self.layers, self.overall):
            sampled = f"{layer.checked:,} of {layer.parameters:,} coordinates"
            error = f"relative error {layer.relative_error:.1e}"
            line = f"layer {layer.name}: {layer.verdict}, {error} ({sampled}"
            lines.append(f"{line}, {layer.excluded:,} excluded at kinks)")
            if layer.verdict == "wrong":
                lines[-1] += f"; furthest off at {layer.worst}"
        return "\n".join(lines).replace("layer all:", "all layers:")


class _Part(NamedTuple):
    """An array of a network: its layer, its name within it, its shape, where it starts."""

    layer: str
    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


def check_gradient(
    loss: Loss, network: Any, *, gradient: Callable[[Any], Any] | None = None
) -> GradientCheck:
    """How far the gradient of a loss is from its numerical one, for each layer of a network.

    `loss` maps the network to a scalar: it holds its batch and, where there is dropout, its keys,
    so that it is the same function at every call. `gradient` is what is to be checked: it maps
    the network to a tree like it, with derivatives in place of weights; by default
    `equinox.filter_grad(loss)`. A layer is any module with a `weight`, numbered from the input
    on as in `models.base.layers_of`; an array outside such layers is a layer of its own, named by
    its path. All is computed in float64, whatever the weights are given in.

    Raises `ParibusError` for a loss that is no scalar, not in float64 or not finite, and for a
    gradient that is not like the network.
    """
    with jax.enable_x64(True):
        weights, rest = eqx.partition(network, _is_weights)
        weights = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), weights)
        parts = _parts(network)
        if not parts:
            raise ParibusError("the network holds no arrays of real numbers: nothing to check")
        flat, unflattened = ravel_pytree(weights)

        def of_flat(flat: Float[Array, " parameters"]) -> Float[Array, ""]:
            return loss(eqx.combine(unflattened(flat), rest))

        _check_loss(of_flat, flat)
        whole = eqx.combine(weights, rest)
        analytic = _flat_like(weights, (gradient or eqx.filter_jit(eqx.filter_grad(loss)))(whole))
        chosen = _chosen(parts)
        found = numerical_slopes(of_flat, flat, np.concatenate(chosen))
    return _compared(parts, chosen, analytic, found)


def _is_weights(leaf: Any) -> bool:
    is_array = isinstance(leaf, np.ndarray | jax.Array)
    return is_array and jnp.issubdtype(leaf.dtype, jnp.floating)


def _parts(network: Any) -> list[_Part]:
    """The arrays in the order of the tree's leaves."""
    found: list[_Part] = []
    number = start = 0
    nodes = jax.tree_util.tree_flatten_with_path(network, is_leaf=_is_layer)[0]
    for path, node in nodes:
        number += _is_layer(node)
        for inner, leaf in jax.tree_util.tree_flatten_with_path(node)[0]:
            if not _is_weights(leaf):
                continue
            name = jax.tree_util.keystr(
                inner if _is_layer(node) else path, simple=True, separator="."
            )
            layer = str(number) if _is_layer(node) else name
            found.append(_Part(layer, name, leaf.shape, start))
            start += found[-1].size
    return found


def _is_layer(node: Any) -> bool:
    return hasattr(node, "weight")


def _check_loss(loss: Callable[[Any], Any], flat: Float[Array, " parameters"]) -> None:
    result = jax.eval_shape(lambda flat: jnp.asarray(loss(flat)), flat)
    if result.shape or result.dtype != jnp.float64:
        got = f"{result.dtype} of shape {result.shape}"
        raise ParibusError(
            f"the loss gave {got}; a gradient is checked in float64, of a loss that is one "
            "number: take its mean, and let nothing inside it turn numbers into another type"
        )
    value = float(jax.jit(loss)(flat))
    if not np.isfinite(value):
        allowed = "a gradient is checked where the loss is finite"
        raise ParibusError(f"the loss is {value} at these weights; {allowed}")


def _flat_like(weights: Any, gradient: Any) -> NDArray[np.float64]:
    found = jax.tree.leaves(eqx.filter(gradient, _is_weights))
    shapes = [leaf.shape for leaf in jax.tree.leaves(weights)]
    if [leaf.shape for leaf in found] != shapes:
        got = [leaf.shape for leaf in found]
        raise ParibusError(
            f"the gradient has arrays of shapes {got}; it should be a tree like the network, "
            f"whose weights have shapes {shapes}"
        )
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in found])


def _chosen(parts: list[_Part]) -> list[NDArray[np.int64]]:
    """For each layer the places of the coordinates to check, in the flat vector of all."""
    layers: dict[str, list[_Part]] = {}
    for part in parts:
        layers.setdefault(part.layer, []).append(part)
    total = sum(part.size for part in parts)
    sample = max(LEAST, min(SAMPLE, WORK // (total * len(layers))))
    chosen = []
    for name, own in layers.items():
        places = np.concatenate([part.start + np.arange(part.size) for part in own])
        if total > EVERY and len(places) > sample:
            order = seeds.permutation(seeds.stream_key(0, "gradient check", name), len(places))
            places = np.sort(places[order[:sample]])
        chosen.append(places)
    return chosen


def _compared(
    parts: list[_Part],
    chosen: list[NDArray[np.int64]],
    analytic: NDArray[np.float64],
    found: Slopes,
) -> GradientCheck:
    layers, first = [], 0
    for name, places in zip(dict.fromkeys(part.layer for part in parts), chosen, strict=True):
        here = slice(first, first + len(places))
        own = [part for part in parts if part.layer == name]
        own_found = Slopes(found.values[here], found.rounding[here])
        layers.append(_layer(name, own, places, analytic[places], own_found))
        first += len(places)
    every = np.concatenate(chosen)
    return GradientCheck(tuple(layers), _layer("all", parts, every, analytic[every], found))


def _layer(
    name: str,
    parts: list[_Part],
    places: NDArray[np.int64],
    analytic: NDArray[np.float64],
    found: Slopes,
) -> LayerCheck:
    kept = np.isfinite(found.values)
    given, slopes = analytic[kept], found.values[kept]
    apart = np.abs(given - slopes)
    size = float(np.linalg.norm(given) + np.linalg.norm(slopes))
    rounding = 6 * float(np.linalg.norm(found.rounding[kept]))
    worst = ""
    if len(apart):
        furthest = int(np.argmax(np.nan_to_num(apart, nan=np.inf)))
        where = _named(parts, int(places[kept][furthest]))
        worst = f"{where}: {given[furthest]:.6g}, by differences {slopes[furthest]:.6g}"
    return LayerCheck(
        name=name,
        parameters=sum(part.size for part in parts),
        checked=int(kept.sum()),
        excluded=int((~kept).sum()),
        relative_error=0.0 if size == 0 else float(np.linalg.norm(apart)) / size,
        rounding=0.0 if size == 0 else rounding / size,
        worst=worst,
    )


def _named(parts: list[_Part], place: int) -> str:
    part = next(one for one in parts if one.start <= place < one.start + one.size)
    index = np.unravel_index(place - part.start, part.shape)
    return f"{part.name}[{', '.join(map(str, index))}]"
