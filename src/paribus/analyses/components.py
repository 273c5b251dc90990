"""Principal components of few points in very many dimensions: networks by their weights."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CHUNK = 16_384
"""Dimensions looked at together: the float64 copy of 100 points in them takes 13 megabytes."""


class Components(NamedTuple):
    """Points in their first principal components, and each one's share of the variance."""

    coordinates: NDArray[np.float64]
    shares: NDArray[np.float64]


def principal_components(groups: Sequence[NDArray[Any]], count: int) -> Components:
    """The first `count` principal components of all points together, in float64.

    `groups` are arrays (points, dimensions); the points come back in their order. With X the
    points minus their mean, the eigenvectors u and eigenvalues s of the Gram matrix X X^T give the
    coordinates u sqrt(s), those of the singular value decomposition of X; it is summed over parts
    of the dimensions, so that X is never there as a whole. The sign of a component is such that
    the coordinate of the largest absolute value is positive. Shares are 0 where all points are
    one. At most as many components as there are points.
    """
    gram = sum(block @ block.T for block in _centred(groups))
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1].clip(min=0), vectors[:, ::-1]
    coordinates = (vectors * np.sqrt(values))[:, :count]
    extremes = np.argmax(np.abs(coordinates), axis=0)
    signs = np.where(coordinates[extremes, np.arange(coordinates.shape[1])] < 0, -1.0, 1.0)
    return Components(coordinates * signs, values[:count] / (values.sum() or 1.0))


def _centred(groups: Sequence[NDArray[Any]]) -> Iterator[NDArray[np.float64]]:
    for first in range(0, groups[0].shape[1], CHUNK):
        block = np.concatenate([group[:, first : first + CHUNK] for group in groups], dtype=float)
        yield block - block.mean(axis=0)


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The Euclidean distance of two points, in float64."""
    return float(np.linalg.norm(np.subtract(one, other, dtype=np.float64)))
