"""Penalties on the size of weights (never biases), added to the loss of every batch."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.spec import Coefficient, Spec, is_absent


class Penalties(Spec):
    """Coefficients of the L1 and the L2 penalty; 0 leaves a penalty out."""

    l1: Coefficient = 0.0
    l2: Coefficient = 0.0


def penalty(penalties: Penalties, weights: Sequence[Float[Array, "..."]]) -> Float[Array, ""]:
    """l1 * sum |w| + l2 * sum w^2 over all weights of all layers."""
    total = jnp.zeros((), weights[0].dtype)
    if not is_absent(penalties.l1):
        total += penalties.l1 * sum(jnp.sum(_absolute(weight)) for weight in weights)
    if not is_absent(penalties.l2):
        total += penalties.l2 * sum(jnp.sum(jnp.square(weight)) for weight in weights)
    return total


def _absolute(weight: Float[Array, "..."]) -> Float[Array, "..."]:
    # As in PyTorch without slope at 0, where `jnp.abs` has slope 1.
    return weight * jnp.sign(weight)
