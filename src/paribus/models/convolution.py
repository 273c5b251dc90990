"""Convolutions of a batch of images as few matrix products.

XLA's own convolution is fast on accelerators and 5 to 50 times too slow in training on CPUs. There
the outputs are cut into tiles of t_h x t_w pixels. The window of input that a tile depends on is
one column of a matrix, with all tiles of all examples side by side; the kernel, repeated at every
place of a tile and 0 elsewhere, is one other matrix; their product is the convolution. Tiles of
1 x 1 make this the usual lowering to columns (im2col), tiles as wide as the image a banded matrix
times image rows. Larger tiles copy less of the input and multiply more zeros.

The gradient of the kernel is a product with the same columns; that of the input is a product
whose columns are added up where windows overlap, and is left out where nobody needs it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import NDArray

from paribus.models.tiles import Images, Pair, Tiles, blocks, tiled

Kernel = Float[Array, "outputs inputs rows columns"]

COPY = 40
"""What copying a number costs, in multiplications. Measured on one core with AVX-512: over ten
layers the cheapest tile by this rule took at most a tenth longer than the fastest one."""


def output_size(size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """How many outputs a convolution of `size` inputs has along each axis; below 1: none."""
    down, across = (
        (size[axis] + 2 * padding[axis] - kernel[axis]) // stride[axis] + 1 for axis in (0, 1)
    )
    return down, across


def tile_for(
    images: tuple[int, ...], kernel: tuple[int, ...], stride: Pair, padding: Pair, pool: Pair
) -> Pair | None:
    """The tile for images and a kernel of these shapes; None: XLA's own convolution.

    A function of the shapes alone, never of time: another tile would add in another order and
    change the last bits of a result. Tiles are multiples of the pooling window.
    """
    if jax.default_backend() != "cpu":
        return None
    return _cheapest(images, kernel, stride, padding, pool).tile


def multiplications(
    images: tuple[int, ...], kernel: tuple[int, ...], stride: Pair, padding: Pair, pool: Pair
) -> int:
    """How many multiplications `convolve` takes for one example in the cheapest tiles.

    Those of zeros are among them, and `COPY` for each number that is copied.
    """
    return kernel[1] * _cheapest(images, kernel, stride, padding, pool).cost(kernel[0])


@cache
def _cheapest(
    images: tuple[int, ...], kernel: tuple[int, ...], stride: Pair, padding: Pair, pool: Pair
) -> "_Cut":
    taps = kernel[2], kernel[3]
    size = output_size((images[1], images[2]), taps, stride, padding)
    cuts = [
        _Cut(taps, stride, (down * pool[0], across * pool[1]), size)
        for down in (1, 2, 4)
        for across in (1, 2, 4)
    ]
    return min(cuts, key=lambda cut: cut.cost(kernel[0]))


def convolve(
    images: Images, kernel: Kernel, stride: Pair, padding: Pair, tile: Pair | None = None
) -> Tiles:
    """The cross-correlation of images with a kernel, as `torch.nn.functional.conv2d` has it.

    y[o, i, j] = sum over c, a, b of kernel[o, c, a, b] x[c, i stride[0] + a, j stride[1] + b],
    where x are the images with padding[0] rows of zeros above and below and padding[1] columns
    left and right. The outputs come in tiles of the size that is asked for; without one, XLA's
    own convolution is used.
    """
    if tile is None:
        return tiled(_convolved_by_xla(images, kernel, stride, padding), (1, 1))
    taps = kernel.shape[2], kernel.shape[3]
    size = output_size((images.shape[1], images.shape[2]), taps, stride, padding)
    images = jnp.pad(images, ((0, 0), *_both_sides(padding), (0, 0)))
    cut = _Cut(taps, stride, tile, size)
    columns: Any = _columns(cut, blocks(images, cut.step, cut.blocks))
    values = cast("Array", _matrix(cut, kernel)) @ columns
    return Tiles(values.reshape(*tile, kernel.shape[0], -1), cut.grid, size)


def _convolved_by_xla(images: Images, kernel: Kernel, stride: Pair, padding: Pair) -> Images:
    axes = ("CHWN", "OIHW", "CHWN")
    sides = _both_sides(padding)
    return lax.conv_general_dilated(images, kernel, stride, sides, dimension_numbers=axes)


def _both_sides(padding: Pair) -> tuple[Pair, Pair]:
    return (padding[0], padding[0]), (padding[1], padding[1])


@dataclass(frozen=True)
class _Cut:
    """How outputs of `size` are cut into tiles, and the input into windows.

    The input is cut into blocks of `step` pixels, as far apart as the windows; a window is made
    of whole blocks and, at its lower and right edges, of parts of them.
    """

    kernel: Pair
    stride: Pair
    tile: Pair
    size: Pair

    @cached_property
    def grid(self) -> Pair:
        """Tiles below and beside each other."""
        return -(-self.size[0] // self.tile[0]), -(-self.size[1] // self.tile[1])

    @cached_property
    def step(self) -> Pair:
        """Pixels from a window to the next."""
        return self.tile[0] * self.stride[0], self.tile[1] * self.stride[1]

    @cached_property
    def window(self) -> Pair:
        """Rows and columns of a window."""
        rows, columns = ((self.tile[axis] - 1) * self.stride[axis] for axis in (0, 1))
        return rows + self.kernel[0], columns + self.kernel[1]

    @cached_property
    def blocks(self) -> Pair:
        """Blocks of input that the windows of all tiles cover."""
        down, across = (-(-self.window[axis] // self.step[axis]) for axis in (0, 1))
        return self.grid[0] + down - 1, self.grid[1] + across - 1

    def cost(self, channels: int) -> int:
        """What this cut costs with so many output channels, for each input channel and example.

        Every number in the windows is copied once, and multiplied for every output of its tile.
        """
        numbers = math.prod(self.grid) * math.prod(self.window)
        return numbers * (math.prod(self.tile) * channels + COPY)

    def parts(self) -> Iterator[tuple[int, int, int, int]]:
        """Of each block of a window: its place, down and across, and how much of it counts."""
        (rows, columns), (down, across) = self.window, self.step
        for row in range(-(-rows // down)):
            for column in range(-(-columns // across)):
                height = min(down, rows - row * down)
                yield row, column, height, min(across, columns - column * across)

    @cached_property
    def taps(self) -> NDArray[np.int32]:
        """(outputs of a tile, pixels of a window): which kernel entry joins them.

        Entries are numbered by rows; rows * columns, one beyond the last, stands for 0.
        """
        down, across = self.step
        pixels = [
            (row * down + i, column * across + j)
            for row, column, height, width in self.parts()
            for i in range(height)
            for j in range(width)
        ]
        corners = np.array(list(np.ndindex(*self.tile))) * self.stride
        offsets = np.array(pixels)[None] - corners[:, None]
        i, j = offsets[..., 0], offsets[..., 1]
        rows, columns = self.kernel
        inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
        return np.where(inside, i * columns + j, rows * columns).astype(np.int32)

    @cached_property
    def pixels(self) -> NDArray[np.int32]:
        """(outputs of a tile, kernel entries): which pixel of the window each is joined to."""
        entries = math.prod(self.kernel)
        return np.argsort(self.taps, axis=1, kind="stable")[:, :entries].astype(np.int32)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _columns(cut: _Cut, split: Array) -> Array:
    """(pixels of a window * channels, tiles * examples) from the input's blocks."""
    return _gathered(cut, split)


def _columns_forward(cut: _Cut, split: Array) -> tuple[Array, tuple[int, ...]]:
    return _gathered(cut, split), split.shape


def _columns_backward(cut: _Cut, shape: tuple[int, ...], slopes: Array) -> tuple[Array]:
    total, begin = jnp.zeros(shape, slopes.dtype), 0
    for row, column, height, width in cut.parts():
        part = (height, width, shape[2], *cut.grid, shape[5])
        end = begin + height * width * shape[2]
        at = (0, 0, 0, row, column, 0)
        covered = lax.slice(total, at, tuple(np.add(at, part)))
        added = covered + slopes[begin:end].reshape(part)
        total, begin = lax.dynamic_update_slice(total, added, at), end
    return (total,)


_columns.defvjp(_columns_forward, _columns_backward)


def _gathered(cut: _Cut, split: Array) -> Array:
    channels, examples = split.shape[2], split.shape[5]
    down, across = cut.grid
    pixels = cut.window[0] * cut.window[1]
    filled, begin = jnp.zeros((pixels * channels, down, across, examples), split.dtype), 0
    for row, column, height, width in cut.parts():
        part = split[:height, :width, :, row : row + down, column : column + across]
        part = part.reshape(-1, down, across, examples)
        filled = lax.dynamic_update_slice(filled, part, (begin, 0, 0, 0))
        begin += len(part)
    return filled.reshape(len(filled), -1)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _matrix(cut: _Cut, kernel: Array) -> Array:
    """(outputs of a tile * channels, pixels of a window * input channels): the kernel spread."""
    return _spread(cut, kernel)


def _matrix_forward(cut: _Cut, kernel: Array) -> tuple[Array, tuple[int, ...]]:
    return _spread(cut, kernel), kernel.shape


def _matrix_backward(cut: _Cut, shape: tuple[int, ...], slopes: Array) -> tuple[Array]:
    outputs, inputs = shape[:2]
    slopes = slopes.reshape(len(cut.taps), outputs, -1, inputs)
    places = np.arange(len(cut.taps))[:, None]
    found = slopes.transpose(0, 2, 1, 3).at[places, cut.pixels].get(mode="promise_in_bounds")
    return (jnp.sum(found, axis=0).transpose(1, 2, 0).reshape(shape),)


_matrix.defvjp(_matrix_forward, _matrix_backward)


def _spread(cut: _Cut, kernel: Array) -> Array:
    outputs, inputs = kernel.shape[:2]
    entries = kernel.reshape(outputs, inputs, -1)
    entries = jnp.pad(entries, ((0, 0), (0, 0), (0, 1))).transpose(2, 0, 1)
    spread = entries.at[cut.taps].get(mode="promise_in_bounds")
    return spread.transpose(0, 2, 1, 3).reshape(len(cut.taps) * outputs, -1)
