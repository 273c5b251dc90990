"""Activations by name, with PyTorch's derivatives at the kinks.

JAX's own versions split the gradient of a tie (`jax.nn.relu6` has 0.5 at 0) or give the kink the
slope of its right side (`jax.nn.leaky_relu`, `jax.nn.hard_tanh`); PyTorch gives it the flat one.
The definitions here agree with PyTorch at every kink, which the contract test checks.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.errors import Fault
from paribus.functions import Function, or_own
from paribus.functions.traced import scalar_problem

Activation = Callable[[Float[Array, "..."]], Float[Array, "..."]]
ActivationName = Literal[
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "identity",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "tanh",
]
if TYPE_CHECKING:
    AnyActivation = ActivationName | Activation
else:
    AnyActivation = Annotated[ActivationName, *or_own]
    """An activation by name, or a function of one number of one's own."""


def clip(x: Float[Array, "..."], low: float, high: float) -> Float[Array, "..."]:
    """Cuts x to [low, high], with derivative 0 at both ends (`jnp.clip` has 1 or 0.5 there)."""
    # In this order NaN fails both comparisons and stays NaN, so that divergence shows.
    return jnp.where(x <= low, low, jnp.where(x >= high, high, x))


def hard_sigmoid(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Hard sigmoid: clip(x + 3, 0, 6) / 6."""
    return clip(x + 3, 0.0, 6.0) / 6


def hard_swish(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Hard swish: x * hard_sigmoid(x); https://arxiv.org/abs/1905.02244."""
    return jnp.where(x <= -3, 0.0, jnp.where(x >= 3, x, x * (x + 3) / 6))


def hard_tanh(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Hard tanh: clip(x, -1, 1)."""
    return clip(x, -1.0, 1.0)


def leaky_relu(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Leaky ReLU: x where positive, else 0.01 x."""
    return jnp.where(x > 0, x, 0.01 * x)


def relu6(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """ReLU6: clip(x, 0, 6)."""
    return clip(x, 0.0, 6.0)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "celu": jax.nn.celu,
        "elu": jax.nn.elu,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "hard_sigmoid": hard_sigmoid,
        "hard_swish": hard_swish,
        "hard_tanh": hard_tanh,
        "identity": lambda x: x,
        "leaky_relu": leaky_relu,
        "log_sigmoid": jax.nn.log_sigmoid,
        "mish": jax.nn.mish,
        "relu": jax.nn.relu,
        "relu6": relu6,
        "selu": jax.nn.selu,
        "sigmoid": jax.nn.sigmoid,
        "silu": jax.nn.silu,
        "softplus": jax.nn.softplus,
        "softsign": jax.nn.soft_sign,
        "tanh": jnp.tanh,
    }
)

assert set(ACTIVATIONS) == set(get_args(ActivationName))


def activation_of(declared: AnyActivation) -> Activation:
    """The function of arrays that an activation stands for: of each of their numbers alone."""
    if isinstance(declared, str):
        return ACTIVATIONS[declared]

    def of_each(x: Float[Array, "..."]) -> Float[Array, "..."]:
        function = declared
        for _ in range(x.ndim):
            function = jax.vmap(function)
        return function(x)

    return of_each


def activation_faults(declared: AnyActivation) -> list[Fault]:
    """What keeps an activation of one's own from giving one number for one."""
    if not isinstance(declared, Function):
        return []
    problem = scalar_problem(declared, {"x": jax.ShapeDtypeStruct((), jnp.float32)})
    return [Fault("activation", problem)] if problem else []
