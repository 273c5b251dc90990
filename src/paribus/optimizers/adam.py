"""Adam and AdamW."""

import math
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int
from pydantic import Field, Strict

from paribus.optimizers.base import Optimizer
from paribus.spec import Coefficient, is_absent

Decay = Annotated[float, Strict(), Field(ge=0, lt=1)]
Tiny = Annotated[float, Strict(), Field(gt=0, le=1)]


class Adam(Optimizer):
    """Adam, with weight decay coupled as in PyTorch: it is added to the gradient.

    https://arxiv.org/abs/1412.6980
    """

    kind: Literal["adam"] = "adam"
    b1: Decay = 0.9
    b2: Decay = 0.999
    epsilon: Tiny = 1e-8
    weight_decay: Coefficient = 0.0

    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        parts = []
        if not is_absent(self.weight_decay):
            parts.append(optax.add_decayed_weights(self.weight_decay))
        parts.append(scale_by_adam(self.b1, self.b2, self.epsilon))
        return optax.chain(*parts, optax.scale(-learning_rate))


class AdamW(Optimizer):
    """Adam with decoupled weight decay: p <- p - learning_rate * weight_decay * p beside it.

    https://arxiv.org/abs/1711.05101; the default decay is PyTorch's.
    """

    kind: Literal["adamw"] = "adamw"
    b1: Decay = 0.9
    b2: Decay = 0.999
    epsilon: Tiny = 1e-8
    weight_decay: Coefficient = 0.01

    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        parts = [scale_by_adam(self.b1, self.b2, self.epsilon), optax.scale(-learning_rate)]
        if not is_absent(self.weight_decay):
            parts.append(decay(learning_rate * self.weight_decay))
        return optax.chain(*parts)


def scale_by_adam(b1: float, b2: float, epsilon: float) -> optax.GradientTransformation:
    """Adam's direction m / (sqrt(v) + epsilon), m and v being the corrected moments.

    Optax's own loses half the digits of the corrections in float32, where 1 - 0.999 is wrong by
    1e-5: by that much its first steps are off.
    """

    def init(params: optax.Params) -> optax.ScaleByAdamState:
        zeros = optax.tree.zeros_like(params)
        return optax.ScaleByAdamState(jnp.zeros((), jnp.int32), zeros, zeros)

    def update(
        updates: optax.Updates, state: Any, params: optax.Params | None = None
    ) -> tuple[optax.Updates, Any]:
        del params
        count = state.count + 1
        first = optax.tree.update_moment(updates, state.mu, b1, 1)
        second = optax.tree.update_moment(updates, state.nu, b2, 2)
        # Reciprocals of the two scalars, because a division per weight costs 7 % of a step.
        mean, spread = 1 / one_minus_power(b1, count), 1 / jnp.sqrt(one_minus_power(b2, count))
        direction = jax.tree.map(
            lambda m, v: (m * mean) / (jnp.sqrt(v) * spread + epsilon), first, second
        )
        return direction, optax.ScaleByAdamState(count, first, second)

    return optax.GradientTransformation(init, update)


def decay(rate: Float[Array, ""] | float) -> optax.GradientTransformation:
    """Adds what takes weights to (1 - rate) times themselves, rounded as in PyTorch.

    PyTorch rounds 1 - rate (in float32 to a multiple of 6e-8), and then the product. That is the
    same error at every step, which would add up to a difference from PyTorch.
    """
    lost = 1 - (1 - rate)

    def change(weight: Array, update: Array) -> Array:
        # weight - weight * lost rounds to the same number with a fused multiply-add and without.
        return ((weight - weight * lost) - weight) + update

    return optax.stateless(lambda updates, weights: jax.tree.map(change, weights, updates))


def one_minus_power(base: float, exponent: Int[Array, ""]) -> Float[Array, ""]:
    """1 - base ** exponent to full precision, for a base in [0, 1)."""
    return -jnp.expm1(exponent * (math.log(base) if base else -math.inf))
