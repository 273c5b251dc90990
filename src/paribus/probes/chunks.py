"""Many examples, some at a time: what a probe holds does not grow with their number."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from paribus.snapshot import Examples

CHUNK = 125
"""Examples at once: a divisor of 1,000 and 10,000, as many as are usually looked at."""

Rows = TypeVar("Rows")


def in_chunks(function: Callable[[Examples], Rows], examples: Examples, size: int = CHUNK) -> Rows:
    """What a function gives for all examples, computed for at most `size` of them at a time.

    The function gives an array, or a tree of arrays, with one row for each example.
    """
    count = len(examples.targets)
    chunks = -(-count // size)
    each = -(-count // chunks)
    # The last chunk is filled up with the last example, whose further rows are cut off again.
    at = jnp.minimum(jnp.arange(chunks * each), count - 1).reshape(chunks, each)
    found = lax.map(lambda chunk: function(jax.tree.map(lambda all_: all_[chunk], examples)), at)
    return jax.tree.map(lambda rows: rows.reshape(-1, *rows.shape[2:])[:count], found)
