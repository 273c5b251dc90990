"""Every lowering of a convolution against XLA's own and against the definition."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.models.convolution import convolve, output_size, tile_for
from paribus.models.tiles import untiled
from reference.plain_convolution import convolution

LENET = {"first": ((3, 32, 32, 4), (6, 3, 5, 5)), "second": ((6, 14, 14, 4), (16, 6, 5, 5))}


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@st.composite
def problems(draw):
    """Images, kernel, slopes of the output, stride, padding and a tile."""
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    least = [max(1, taps - 2 * zeros) for taps, zeros in zip(kernel, padding, strict=True)]
    height, width = (draw(st.integers(side, side + 7)) for side in least)
    inputs, outputs, examples = (draw(st.integers(1, 3)) for _ in range(3))
    tile = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    images = random.normal(size=(inputs, height, width, examples))
    weights = random.normal(size=(outputs, inputs, *kernel))
    size = output_size((height, width), kernel, stride, padding)
    slopes = random.normal(size=(outputs, *size, examples))
    return images, weights, slopes, stride, padding, tile


def image(images, kernel, stride, padding, tile):
    return untiled(convolve(images, kernel, stride, padding, tile))


def with_slopes(function, images, kernel, slopes):
    def all_three(images, kernel, slopes):
        values, pull = jax.vjp(function, images, kernel)
        return (values, *pull(slopes))

    return [np.asarray(one) for one in jax.jit(all_three)(images, kernel, slopes)]


def assert_equal(ours, expected):
    for one, other in zip(ours, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * (1 + np.abs(other).max()))


@settings(deadline=None, max_examples=25)
@given(problems())
def test_tiles_against_xla_forward_and_backward(problem):
    images, kernel, slopes, stride, padding, tile = problem
    ours, expected = (
        with_slopes(
            lambda x, k, tile=tile: image(x, k, stride, padding, tile), images, kernel, slopes
        )
        for tile in (tile, None)
    )
    assert_equal(ours, expected)


@settings(deadline=None, max_examples=15)
@given(problems())
def test_tiles_are_what_the_definition_says(problem):
    images, kernel, _, stride, padding, tile = problem
    expected = convolution(images, kernel, stride, padding)
    found = jax.jit(lambda x, k: image(x, k, stride, padding, tile))(images, kernel)
    assert_equal([np.asarray(found)], [expected])


@pytest.mark.parametrize("layer", LENET)
@pytest.mark.parametrize("tile", [(1, 1), (2, 2), (2, 4), (4, 4), (1, 28), (3, 5)])
def test_layers_of_lenet(layer, tile):
    random = np.random.default_rng(0)
    images, kernel = (random.normal(size=shape) for shape in LENET[layer])
    slopes = random.normal(size=image(images, kernel, (1, 1), (0, 0), None).shape)
    ours, expected = (
        with_slopes(
            partial(image, stride=(1, 1), padding=(0, 0), tile=one), images, kernel, slopes
        )
        for one in (tile, None)
    )
    assert_equal(ours, expected)


def test_second_derivatives():
    random = np.random.default_rng(0)
    images, kernel = random.normal(size=(2, 5, 6, 3)), random.normal(size=(2, 2, 3, 2))

    def curved(kernel, tile):
        return jnp.sum(jnp.sin(image(images, kernel, (1, 2), (1, 0), tile)))

    found, expected = (
        jax.jacfwd(jax.grad(partial(curved, tile=tile)))(kernel) for tile in ((2, 2), None)
    )
    assert_equal([np.asarray(found)], [np.asarray(expected)])


def test_many_kernels_at_once():
    # As on an accelerator, where the runs of a cohort are mapped with vmap.
    random = np.random.default_rng(0)
    images, kernels = random.normal(size=(2, 7, 7, 3)), random.normal(size=(4, 5, 2, 3, 3))

    def total(kernel):
        return jnp.sum(image(images, kernel, (2, 1), (1, 2), (2, 3)) ** 2)

    together = np.asarray(jax.vmap(jax.grad(total))(kernels))
    alone = np.stack([np.asarray(jax.grad(total)(kernel)) for kernel in kernels])
    assert_equal([together], [alone])


def test_no_gradient_of_the_input_where_none_is_needed():
    images, kernel = jnp.ones((3, 12, 12, 2)), jnp.ones((4, 3, 5, 5))

    def total(images, kernel):
        return jnp.sum(image(images, kernel, (1, 1), (0, 0), (2, 4)) ** 2)

    def products(arguments):
        program = jax.jit(jax.grad(total, argnums=arguments)).lower(images, kernel)
        return program.as_text().count("stablehlo.dot_general")

    assert products((1,)) == 2
    assert products((0, 1)) == 3


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="elsewhere it is XLA's own")
@pytest.mark.parametrize(
    ("images", "kernel", "stride", "padding", "pool", "tile"),
    [
        (*LENET["first"], 1, 0, 2, (2, 4)),
        (*LENET["second"], 1, 0, 2, (2, 2)),
        ((8, 16, 16, 32), (8, 8, 3, 3), 1, 1, 1, (2, 2)),
        ((8, 16, 16, 32), (16, 8, 3, 3), 2, 1, 1, (1, 1)),
        ((64, 8, 8, 32), (64, 64, 3, 3), 1, 1, 1, (1, 1)),
        ((3, 30, 30, 32), (32, 3, 3, 3), 1, 0, 3, (3, 3)),
    ],
)
def test_the_tile_is_that_which_was_measured_fast(images, kernel, stride, padding, pool, tile):
    numbers = (stride, stride), (padding, padding), (pool, pool)
    assert tile_for(images, kernel, *numbers) == tile
    # The same for any batch: how many examples go together does not change how each is summed.
    assert tile_for((*images[:3], 1), kernel, *numbers) == tile


@pytest.mark.parametrize("pool", [(2, 1), (1, 3), (3, 2)], ids=str)
def test_tiles_are_whole_pooling_windows(pool):
    tile = tile_for((3, 30, 31, 4), (6, 3, 3, 5), (1, 2), (0, 1), pool)
    assert tile is None or (tile[0] % pool[0], tile[1] % pool[1]) == (0, 0)


def test_the_tile_of_an_image_on_its_side_lies_on_its_side():
    images, kernel = (3, 40, 11, 4), (6, 3, 5, 2)
    upright = tile_for(images, kernel, (1, 2), (0, 1), (2, 1))
    lying = tile_for((3, 11, 40, 4), (6, 3, 2, 5), (2, 1), (1, 0), (1, 2))
    assert upright == (lying and lying[::-1])
