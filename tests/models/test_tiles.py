"""Images in tiles and back, and what flows back through both."""

import jax
import numpy as np
import pytest

from paribus.models.tiles import blocks, tiled, untiled

IMAGES = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)


@pytest.mark.parametrize("tile", [(1, 1), (2, 2), (2, 3), (5, 7), (6, 8)])
def test_back_and_forth_is_the_same(tile):
    tiles = tiled(IMAGES, tile)
    assert tiles.tile == tile
    assert tiles.size == (5, 7)
    np.testing.assert_array_equal(untiled(tiles), IMAGES)


def test_a_tile_holds_its_pixels():
    tiles = tiled(IMAGES, (2, 3))
    assert tiles.grid == (3, 3)
    values = np.asarray(tiles.values).reshape(2, 3, 2, 3, 3, 3)
    # Pixel (1, 2) of the second tile below and the first beside is pixel (3, 2) of the image.
    np.testing.assert_array_equal(values[1, 2, :, 1, 0], IMAGES[:, 3, 2])
    assert not values[1, :, :, 2].any()  # the sixth row, of five


def test_gradients_are_copies_too():
    slopes = np.arange(2 * 3 * 2 * 4 * 2 * 3, dtype=np.float32).reshape(2, 3, 2, 4, 2, 3)
    _, pull = jax.vjp(lambda images: blocks(images, (2, 3), (4, 2)), IMAGES)
    (found,) = pull(slopes)
    expected = slopes.transpose(2, 3, 0, 4, 1, 5).reshape(2, 8, 6, 3)
    np.testing.assert_array_equal(found[:, :, :6], expected[:, :5])
    assert not found[:, :, 6].any()  # the column that no tile holds


def test_what_lies_beyond_the_image_has_no_influence():
    def total(images):
        return untiled(tiled(images, (4, 4))).sum()

    np.testing.assert_array_equal(jax.grad(total)(IMAGES), np.ones_like(IMAGES))
