"""Pooling against its definition, and its gradients at ties against PyTorch's."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.models.pooling import pooled
from paribus.models.tiles import tiled, untiled
from reference.plain_convolution import pooling


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def pool(images, kind, size, tile):
    return untiled(pooled(tiled(images, tile), kind, size))


@st.composite
def problems(draw):
    """Images of few grey levels, so that most windows hold a tie; a window's size; a tile."""
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    channels, examples = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    height, width = (draw(st.integers(side, side + 7)) for side in size)
    tile = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    images = random.integers(-1, 2, size=(channels, height, width, examples)).astype(float)
    slopes = random.normal(size=(channels, height // size[0], width // size[1], examples))
    return images, slopes, size, tile


@settings(deadline=None, max_examples=25)
@given(problems(), st.sampled_from(["max", "average"]))
def test_values_are_what_the_definition_says(problem, kind):
    images, _, size, tile = problem
    found = jax.jit(lambda x: pool(x, kind, size, tile))(images)
    np.testing.assert_allclose(found, pooling(images, kind, size), rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(problems(), st.sampled_from(["max", "average"]))
def test_gradients_are_those_of_pytorch(problem, kind):
    torch = pytest.importorskip("torch", reason="compares with torch: needs torch installed")
    images, slopes, size, tile = problem

    def gradient(images, slopes):
        return jax.vjp(lambda x: pool(x, kind, size, tile), images)[1](slopes)[0]

    x = torch.tensor(images.transpose(3, 0, 1, 2).copy(), requires_grad=True)
    layer = {"max": torch.nn.MaxPool2d, "average": torch.nn.AvgPool2d}[kind](size)
    layer(x).backward(torch.tensor(slopes.transpose(3, 0, 1, 2).copy()))
    expected = x.grad.numpy().transpose(1, 2, 3, 0)
    np.testing.assert_allclose(jax.jit(gradient)(images, slopes), expected, rtol=1e-12, atol=1e-12)


def test_the_first_maximum_gets_the_gradient():
    images = np.zeros((1, 4, 4, 1))
    images[0, 0, 1] = images[0, 1, 0] = 1  # of the first window; the others are all ties
    (found,) = jax.vjp(lambda x: pool(x, "max", (2, 2), (2, 2)), images)[1](np.ones((1, 2, 2, 1)))
    expected = [[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(found[0, :, :, 0], expected)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("kind", ["max", "average"])
def test_what_is_not_a_number_stays_so(kind, place):
    images = np.arange(4.0).reshape(1, 2, 2, 1)
    images[0, place // 2, place % 2] = np.nan
    assert np.isnan(pool(images, kind, (2, 2), (2, 2))).all()
