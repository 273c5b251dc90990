"""Trees of arrays of several runs: one row for each run, and no axis of rows for a run alone.

What is written for one run serves a group of them through `jax.vmap`; a group of one is left as
it is, so that its program is the plain one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np


def lifted(function: Callable[..., Any], axes: tuple[Any, ...], count: int) -> Callable[..., Any]:
    """The function for `count` runs; `axes` as of `jax.vmap`."""
    return jax.vmap(function, in_axes=axes) if count > 1 else function


def stacked(trees: Sequence[Any]) -> Any:
    """One tree of host arrays from those of all runs."""
    if len(trees) == 1:
        return trees[0]
    return jax.tree.map(lambda *rows: np.stack(rows), *trees)


def unstacked(tree: Any, count: int) -> list[Any]:
    """The trees of all runs."""
    if count == 1:
        return [tree]
    return [jax.tree.map(lambda array, row=row: array[row], tree) for row in range(count)]


def chosen(tree: Any, rows: Sequence[int], count: int) -> Any:
    """The tree of these of `count` runs."""
    if count == 1:
        return tree
    at = np.asarray(rows) if len(rows) > 1 else rows[0]
    return jax.tree.map(lambda array: array[at], tree)
