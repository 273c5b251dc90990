import numpy as np
import pytest

from paribus.analyses.components import CHUNK, distance, principal_components
from reference.plain_components import components


def groups(*counts, width):
    random = np.random.default_rng(5)
    spread = np.linspace(3, 1, width)
    return [(random.standard_normal((n, width)) * spread + 4).astype(np.float32) for n in counts]


@pytest.mark.parametrize("width", [3, 700, CHUNK + 11], ids=["narrow", "one part", "two parts"])
def test_they_are_those_of_the_singular_value_decomposition(width):
    points = groups(5, 1, 6, width=width)
    expected, shares = components(np.concatenate(points).astype(float), 3)
    found = principal_components(points, 3)
    np.testing.assert_allclose(found.coordinates, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.shares, shares, rtol=1e-10)


def test_a_far_away_mean_costs_no_digits():
    # With the mean left in the products, half of the digits would be gone.
    points = [group.astype(float) + 1e6 for group in groups(4, 4, width=50)]
    expected, _ = components(np.concatenate(points), 2)
    found = principal_components(points, 2).coordinates
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


def test_the_largest_coordinate_of_each_axis_is_positive():
    coordinates = principal_components(groups(9, width=30), 4).coordinates
    assert (coordinates.max(axis=0) > -coordinates.min(axis=0)).all()


def test_points_on_a_line_have_one_component():
    line = np.outer(np.arange(4.0), [3.0, 4.0])
    found = principal_components([line], 3)
    np.testing.assert_allclose(found.shares, [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(np.abs(found.coordinates[:, 0]), [7.5, 2.5, 2.5, 7.5])


def test_points_that_are_one_have_no_variance():
    found = principal_components([np.ones((3, 5))], 2)
    assert not found.shares.any()
    assert not found.coordinates.any()


def test_distances_are_taken_in_float64():
    one, other = np.float32([1e8, 0, 3]), np.float32([0.25, 4, 3])
    assert distance(one, other) == np.hypot(1e8 - 0.25, 4)
