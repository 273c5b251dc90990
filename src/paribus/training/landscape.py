"""A loss as a function of one vector of weights: its height, slope and curvature at a point.

The programs are compiled once for each network and reached through host arrays, so that a descent
can be written as an ordinary loop. All are float64, whatever the network was trained in.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64, Int

Vector = Float64[np.ndarray, " parameters"]
Matrix = Float64[np.ndarray, "parameters parameters"]
Loss = Callable[[Float[Array, " parameters"], Any], Float[Array, ""]]
"""The loss of a vector of weights, and of what it is given besides: data, traced numbers."""

ROWS = 22
"""Rows of the Hessian computed at once: more no longer fit into the cache, measured on CPUs."""


class Point(NamedTuple):
    """A place in the landscape."""

    weights: Vector
    loss: float
    gradient: Vector

    @property
    def gradient_norm(self) -> float:
        """Euclidean length of the gradient."""
        return float(np.linalg.norm(self.gradient))


class Landscape:
    """Compiled programs of one loss, for all runs that differ in nothing but what it is given."""

    def __init__(self, loss: Loss) -> None:
        slopes = jax.value_and_grad(loss)

        def pull(weights: Array, given: Any) -> tuple[Array, Array]:
            (_, gradient), along = jax.linearize(lambda at: slopes(at, given), weights)
            return jnp.vdot(gradient, gradient) / 2, along(gradient)[1]

        def rows(weights: Array, given: Any, first: Int[Array, ""]) -> Array:
            _, along = jax.linearize(lambda at: slopes(at, given), weights)
            numbers = first + jnp.arange(min(ROWS, len(weights)))
            unit = jax.nn.one_hot(numbers, len(weights), dtype=weights.dtype)
            return jax.vmap(along)(unit)[1]

        self._slopes = jax.jit(slopes)
        self._pull = jax.jit(pull)
        self._rows = jax.jit(rows)

    def at(self, weights: Vector, given: Any) -> Point:
        """Loss and gradient at these weights."""
        with jax.enable_x64(True):
            loss, gradient = self._slopes(weights, given)
        return Point(weights, float(loss), np.asarray(gradient))

    def pull(self, weights: Vector, given: Any) -> tuple[float, Vector]:
        """Half of the squared gradient norm, g g / 2, and its own gradient H g."""
        with jax.enable_x64(True):
            half_square, gradient = self._pull(weights, given)
        return float(half_square), np.asarray(gradient)

    def hessian_rows(
        self, weights: Vector, given: Any
    ) -> Iterator[Float64[np.ndarray, "rows parameters"]]:
        """The exact Hessian, some rows after the other.

        They are its products with unit vectors, forward over reverse.
        """
        count = len(weights)
        for first in range(0, count, ROWS):
            with jax.enable_x64(True):
                rows = self._rows(weights, given, first)
            yield np.asarray(rows)[: count - first]
