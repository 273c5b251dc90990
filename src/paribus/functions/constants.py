"""Plain data that code refers to, as JSON-ready data to be hashed."""

from pathlib import PurePath
from typing import Any

import numpy as np

from paribus.spec import digest

_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, range})


def constant(value: Any) -> Any:
    """A number, text, path or array by its value; None for anything else."""
    if type(value) in _PLAIN:
        return [type(value).__name__, repr(value)]
    if value is Ellipsis or value is NotImplemented:
        return ["constant", repr(value)]
    if isinstance(value, PurePath):
        return ["path", str(value)]
    if isinstance(value, np.generic | np.ndarray | np.dtype) or _is_jax_array(value):
        return _array(value)
    return None


def _is_jax_array(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("jax", "jaxlib") and hasattr(
        value, "__array__"
    )


def _array(value: Any) -> Any:
    if isinstance(value, np.dtype):
        return ["dtype", value.str]
    if str(value.dtype).startswith("key<"):  # of random keys, which NumPy does not have
        import jax  # noqa: PLC0415 - the value is JAX's

        return ["key", str(value.dtype), _array(jax.random.key_data(value))]
    array = np.asarray(value)
    if array.dtype.hasobject:
        return None
    return ["array", array.dtype.str, list(array.shape), digest(array.tobytes().hex())]
