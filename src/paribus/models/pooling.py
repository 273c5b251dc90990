"""Pooling: the maximum or the mean of windows that lie side by side.

As in PyTorch the windows are as far apart as they are wide, rows and columns that fill no window
are left out, the gradient of a maximum goes to the first of several equal ones (from the top,
then from the left), and a window that holds NaN gives NaN.
"""

from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.models.tiles import Pair, Tiles, tiled, untiled

PoolMode = Literal["max", "average"]


def pooled(tiles: Tiles, mode: PoolMode, size: Pair) -> Tiles:
    """One number for each window of size[0] x size[1] pixels."""
    high, wide = size
    if tiles.tile[0] % high or tiles.tile[1] % wide:
        tiles = tiled(untiled(tiles), size)
    rows, columns = tiles.tile[0] // high, tiles.tile[1] // wide
    channels, grid = tiles.values.shape[2:]
    windows = tiles.values.reshape(rows, high, columns, wide, channels, grid)
    pixels = [windows[:, row, :, column] for row in range(high) for column in range(wide)]
    values = first_maximum(pixels) if mode == "max" else sum(pixels[1:], pixels[0]) / len(pixels)
    return Tiles(values, tiles.grid, (tiles.size[0] // high, tiles.size[1] // wide))


def first_maximum(values: list[Float[Array, "..."]]) -> Float[Array, "..."]:
    """The element-wise maximum; its derivative is that of the first of several equal ones."""
    largest, *rest = values
    for value in rest:
        # A value that is not equal to itself is NaN.
        largest = jnp.where((value > largest) | (value != value), value, largest)
    return largest
