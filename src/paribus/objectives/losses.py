"""Losses of one example; a batch's loss is their mean over the examples.

A loss takes a network's output for one example and the example's target: a class index where the
data has classes, else the target vector.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from paribus.errors import Fault
from paribus.functions import Function, or_own
from paribus.functions.traced import scalar_problem

LossName = Literal["cross_entropy", "kl_divergence", "mean_squared_error"]
Target = Int[Array, ""] | Float[Array, " outputs"]
Loss = Callable[[Float[Array, " outputs"], Target], Float[Array, ""]]

if TYPE_CHECKING:
    AnyLoss = LossName | Loss
else:
    AnyLoss = Annotated[LossName, *or_own]
    """A loss by name, or a callable of one's own: loss(outputs, target) of one example."""


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


def loss_of(declared: AnyLoss) -> Loss:
    """The function of one example that a recipe's loss stands for."""
    return LOSSES[declared] if isinstance(declared, str) else declared


def loss_faults(declared: AnyLoss, outputs: int, *, classes: bool) -> list[Fault]:
    """What keeps a loss of one's own from being computed for such outputs and targets."""
    if not isinstance(declared, Function):
        return []
    target = jax.ShapeDtypeStruct(
        () if classes else (outputs,), jnp.int32 if classes else jnp.float32
    )
    given = {"outputs": jax.ShapeDtypeStruct((outputs,), jnp.float32), "target": target}
    problem = scalar_problem(declared, given)
    return [Fault("loss", problem)] if problem else []
