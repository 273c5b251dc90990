"""Losses of one example; a batch's loss is their mean over the examples.

A loss takes a network's output for one example and the example's target: a class index where the
data has classes, else the target vector.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

LossName = Literal["cross_entropy", "kl_divergence", "mean_squared_error"]
Target = Int[Array, ""] | Float[Array, " outputs"]
Loss = Callable[[Float[Array, " outputs"], Target], Float[Array, ""]]


def cross_entropy(outputs: Float[Array, " outputs"], target: Target) -> Float[Array, ""]:
    """Cross-entropy: -log softmax(outputs)[target]."""
    return optax.losses.softmax_cross_entropy_with_integer_labels(outputs, target)


def kl_divergence(outputs: Float[Array, " outputs"], target: Target) -> Float[Array, ""]:
    """Relative entropy: sum of t (log t - log softmax(outputs)) over classes, t one-hot."""
    one_hot = jax.nn.one_hot(target, outputs.shape[-1], dtype=outputs.dtype)
    return optax.losses.kl_divergence(jax.nn.log_softmax(outputs), one_hot)


def mean_squared_error(outputs: Float[Array, " outputs"], target: Target) -> Float[Array, ""]:
    """Mean of (outputs - target)^2 over outputs; a class index stands for its one-hot vector."""
    if jnp.issubdtype(target.dtype, jnp.integer):
        target = jax.nn.one_hot(target, outputs.shape[-1], dtype=outputs.dtype)
    return jnp.mean(jnp.square(outputs - target))


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        "cross_entropy": cross_entropy,
        "kl_divergence": kl_divergence,
        "mean_squared_error": mean_squared_error,
    }
)
NEEDS_CLASSES = frozenset({"cross_entropy", "kl_divergence"})

assert set(LOSSES) == set(get_args(LossName))
