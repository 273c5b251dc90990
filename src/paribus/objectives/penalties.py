"""Penalties on weights (never biases), and of the user's own, added to the loss of every batch."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import Field

from paribus.errors import Fault
from paribus.functions import OwnFunction
from paribus.functions.traced import scalar_problem
from paribus.spec import Coefficient, Spec, is_absent


class OwnPenalty(Spec):
    """A penalty of your own: `coefficient` times `function(weights)`; 0 leaves it out.

    `weights` are all arrays of the network by name ("1.weight", "1.bias", "2.weight", ...); what
    comes back is one number.
    """

    function: OwnFunction
    coefficient: Coefficient


def _is_none(value: Any) -> bool:
    return value is None


class Penalties(Spec):
    """Coefficients of the L1 and the L2 penalty; 0 leaves a penalty out. `own` is one besides."""

    l1: Coefficient = 0.0
    l2: Coefficient = 0.0
    # Not written where there is none, so that the keys of runs without are as they ever were.
    own: Annotated[OwnPenalty | None, Field(exclude_if=_is_none)] = None


def penalty(penalties: Penalties, weights: Sequence[Float[Array, "..."]]) -> Float[Array, ""]:
    """l1 * sum |w| + l2 * sum w^2 over all weights of all layers."""
    total = jnp.zeros((), weights[0].dtype)
    if not is_absent(penalties.l1):
        total += penalties.l1 * sum(jnp.sum(_absolute(weight)) for weight in weights)
    if not is_absent(penalties.l2):
        total += penalties.l2 * sum(jnp.sum(jnp.square(weight)) for weight in weights)
    return total


def own_penalty(own: OwnPenalty, weights: Mapping[str, Array]) -> Float[Array, ""]:
    """The penalty: coefficient * function(weights)."""
    if is_absent(own.coefficient):
        return jnp.zeros(())
    return jnp.asarray(own.coefficient * own.function(weights))


def penalty_faults(penalties: Penalties, weights: Mapping[str, Any]) -> list[Fault]:
    """What keeps penalties from being computed of weights of these names and shapes."""
    faults = []
    if not any(name.endswith(".weight") for name in weights):
        allowed = "the model has no layers with a `weight`; allowed here: 0"
        found = {"l1": penalties.l1, "l2": penalties.l2}
        faults += [
            Fault(name, f"got {value}; {allowed}") for name, value in found.items() if value
        ]
    if penalties.own is not None:
        shapes = {
            name: jax.ShapeDtypeStruct(one.shape, jnp.float32) for name, one in weights.items()
        }
        problem = scalar_problem(penalties.own.function, {"weights": shapes})
        faults += [Fault("own.function", problem)] if problem else []
    return faults


def _absolute(weight: Float[Array, "..."]) -> Float[Array, "..."]:
    # As in PyTorch without slope at 0, where `jnp.abs` has slope 1.
    return weight * jnp.sign(weight)
