"""From stored examples to a network's input, inside compiled programs."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from paribus.data.base import Normalize


def normalized(
    raw: UInt8[Array, "*batch"] | Float[Array, "*batch"],
    normalize: Normalize,
    maximum: int,
    dtype: Any,
) -> Float[Array, "*batch"]:
    """Stored inputs as numbers: (raw / maximum - mean) / std, channels last.

    One multiplication and, unless the mean is 0, one subtraction per number: the constants are
    put together in float64 first, so the result may differ from dividing in the last place.
    """
    std = np.asarray(normalize.std, np.float64)
    mean = np.asarray(normalize.mean, np.float64)
    values = raw.astype(dtype)
    scale = 1 / (maximum * std)
    if np.any(scale != 1):
        values = values * _constant(scale, dtype)
    if np.any(mean != 0):
        values = values - _constant(mean / std, dtype)
    return values


def _constant(values: np.ndarray, dtype: Any) -> Float[Array, "..."]:
    return jnp.asarray(values if values.size > 1 else values[0], dtype)
