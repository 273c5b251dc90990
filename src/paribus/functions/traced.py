"""Whether a function of the user's own gives what is asked of it; found without computing."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

_LONGEST = 200
"""Characters of a message of the user's code that are passed on."""


def scalar_problem(function: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """What keeps a function of these arguments, in their order, from giving one number.

    "" where nothing does. Arguments are trees of `jax.ShapeDtypeStruct`, by what they are called
    in the message.
    """
    asked = f"{getattr(function, 'name', 'the function')}({', '.join(map(_told, given.items()))})"
    try:
        found = jax.eval_shape(function, *given.values())
    except Exception as error:  # of the user's own code
        return f"{asked} fails: {told_error(error)}"
    shape, dtype = getattr(found, "shape", None), getattr(found, "dtype", None)
    if shape is None or dtype is None:
        return f"{asked} gives a {type(found).__name__}; should be one number"
    if shape != () or not jnp.issubdtype(dtype, jnp.floating):
        return f"{asked} gives {dtype} of shape {shape}; should be one floating-point number"
    return ""


def told_error(error: Exception) -> str:
    """The first line of an error of the user's code."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"[:_LONGEST]


def _told(argument: tuple[str, Any]) -> str:
    name, value = argument
    return f"{name} {value.dtype}{list(value.shape)}" if hasattr(value, "shape") else name
