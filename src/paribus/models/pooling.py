"""Pooling: the maximum or the mean of windows that lie side by side.

As in PyTorch the windows are as far apart as they are wide, rows and columns that fill no window
are left out, the gradient of a maximum goes to the first of several equal ones (from the top,
then from the left), and a window that holds NaN gives NaN.
"""

from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.models.tiles import Tiles, tiled, untiled

PoolMode = Literal["max", "average"]


def pooled(tiles: Tiles, mode: PoolMode, size: int) -> Tiles:
    """One number for each window of size x size pixels."""
    if any(side % size for side in tiles.tile):
        tiles = tiled(untiled(tiles), (size, size))
    rows, columns = (side // size for side in tiles.tile)
    channels, grid = tiles.values.shape[2:]
    windows = tiles.values.reshape(rows, size, columns, size, channels, grid)
    pixels = [windows[:, row, :, column] for row in range(size) for column in range(size)]
    values = first_maximum(pixels) if mode == "max" else sum(pixels[1:], pixels[0]) / len(pixels)
    return Tiles(values, tiles.grid, (tiles.size[0] // size, tiles.size[1] // size))


def first_maximum(values: list[Float[Array, "..."]]) -> Float[Array, "..."]:
    """The element-wise maximum; its derivative is that of the first of several equal ones."""
    largest, *rest = values
    for value in rest:
        # A value that is not equal to itself is NaN.
        largest = jnp.where((value > largest) | (value != value), value, largest)
    return largest
