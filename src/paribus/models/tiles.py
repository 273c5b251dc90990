"""Images of a batch cut into tiles, and back: the layout in which convolutions and pooling work.

An image batch is an array (channels, height, width, examples). Cut into tiles of rows x columns
pixels it becomes (rows, columns, channels, grid): one place for every pixel of a tile, the last
axis running over the tiles of the grid and the examples of the batch. Whatever is done to all
tiles alike is then done to long contiguous rows, which is what makes it fast on a CPU.

Two things are written by hand here, for XLA's CPU backend: copies go into their place piece by
piece (`dynamic_update_slice`), since XLA merges any other form into the loops that read it, which
then work out every index again, number by number; and derivatives are copies of the same kind.
All functions have derivatives of any order in reverse mode, and forward mode on top of those.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Images = Float[Array, "channels height width examples"]
Pair = tuple[int, int]
"""One whole number for each axis of an image: of rows, then of columns."""


@dataclass(frozen=True)
class Tiles:
    """Tiles of images of `size` (height, width), whose origin is the images' top left corner.

    `grid` is how many tiles lie below and beside each other. Where they reach beyond the images,
    their values mean nothing.
    """

    values: Float[Array, "rows columns channels grid*examples"]
    grid: Pair
    size: Pair

    @property
    def tile(self) -> Pair:
        """Rows and columns of a tile."""
        return self.values.shape[0], self.values.shape[1]

    def replace(self, values: Float[Array, "rows columns channels grid*examples"]) -> "Tiles":
        """The same tiles with other values."""
        return Tiles(values, self.grid, self.size)


def tiled(images: Images, tile: Pair) -> Tiles:
    """The images in tiles of this size; those at the lower and right edges are filled with 0."""
    size = (images.shape[1], images.shape[2])
    grid = (-(-size[0] // tile[0]), -(-size[1] // tile[1]))
    return Tiles(blocks(images, tile, grid).reshape(*tile, images.shape[0], -1), grid, size)


def untiled(tiles: Tiles) -> Images:
    """The images that the tiles are cut from."""
    rows, columns, channels, _ = tiles.values.shape
    split = tiles.values.reshape(rows, columns, channels, *tiles.grid, -1)
    return _joined(tiles.size, split)


def blocks(
    images: Images, tile: Pair, grid: Pair
) -> Float[Array, "rows columns channels grid_rows grid_columns examples"]:
    """A grid of tiles from the images' top left corner on, cut off or filled with 0 as needed."""
    return _split(tile, grid, images)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _split(tile: Pair, grid: Pair, images: Array) -> Array:
    return _copied_by_pixel(tile, grid, images)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _joined(size: Pair, split: Array) -> Array:
    return _cut(_interleaved(split), size)


def _split_forward(tile: Pair, grid: Pair, images: Array) -> tuple[Array, Pair]:
    return _copied_by_pixel(tile, grid, images), (images.shape[1], images.shape[2])


def _split_backward(_tile: Pair, _grid: Pair, size: Pair, slopes: Array) -> tuple[Array]:
    return (_cut(_interleaved(slopes), size),)


def _joined_forward(size: Pair, split: Array) -> tuple[Array, tuple[int, ...]]:
    return _cut(_interleaved(split), size), split.shape


def _joined_backward(_size: Pair, shape: tuple[int, ...], slopes: Array) -> tuple[Array]:
    return (_copied_by_pixel((shape[0], shape[1]), (shape[3], shape[4]), slopes),)


_split.defvjp(_split_forward, _split_backward)
_joined.defvjp(_joined_forward, _joined_backward)


def _copied_by_pixel(tile: Pair, grid: Pair, images: Array) -> Array:
    """Tiles, copied one pixel of all tiles after the other."""
    rows, columns = tile
    images = _cut(images, (grid[0] * rows, grid[1] * columns))
    shape = (rows, columns, images.shape[0], *grid, images.shape[3])
    if tile == (1, 1):
        return images.reshape(shape)
    filled = jnp.zeros(shape, images.dtype)
    for row in range(rows):
        for column in range(columns):
            pixel = images[None, None, :, row::rows, column::columns]
            filled = lax.dynamic_update_slice(filled, pixel, (row, column, 0, 0, 0, 0))
    return filled


def _interleaved(split: Array) -> Array:
    rows, columns, channels, down, across, examples = split.shape
    ordered = split.transpose(2, 3, 0, 4, 1, 5)
    return ordered.reshape(channels, down * rows, across * columns, examples)


def _cut(images: Array, size: Pair) -> Array:
    """The images' first rows and columns, with zeros where there are too few."""
    images = images[:, : size[0], : size[1]]
    _, height, width, _ = images.shape
    return jnp.pad(images, ((0, 0), (0, size[0] - height), (0, size[1] - width), (0, 0)))
