"""Lanczos' and Hutchinson's methods on matrices that are known."""

import jax
import numpy as np
import pytest

from paribus.probes import curvature
from paribus.snapshot import Examples

SIZE = 40


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def symmetric(eigenvalues):
    random = np.random.default_rng(0).normal(size=(len(eigenvalues), len(eigenvalues)))
    vectors, _ = np.linalg.qr(random)
    matrix = vectors @ np.diag(eigenvalues) @ vectors.T
    return (matrix + matrix.T) / 2


def krylov(matrix, iterations):
    return jax.jit(lambda: curvature.lanczos(lambda v: matrix @ v, len(matrix), iterations))()


def tridiagonal(known):
    beside = np.diag(known.beside, 1)
    return np.diag(known.diagonal) + beside + beside.T


MATRICES = {
    "all different": np.linspace(-1, 5, SIZE),
    "five different": np.repeat([-2.0, 0.0, 1.0, 3.0, 10.0], SIZE // 5),
    "many zeros": np.append(np.zeros(SIZE - 2), [1e-3, 1e3]),
    "the identity": np.ones(SIZE),
    "nothing": np.zeros(SIZE),
}


@pytest.mark.parametrize("eigenvalues", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("iterations", [1, 12, 3 * SIZE])
def test_lanczos_is_the_matrix_in_an_orthonormal_basis(eigenvalues, iterations):
    matrix = symmetric(eigenvalues)
    known = krylov(matrix, iterations)
    count, scale = min(iterations, SIZE), max(np.abs(eigenvalues).max(), 1e-300)
    assert known.basis.shape == (count, SIZE)
    assert known.beside.shape == (count - 1,)
    np.testing.assert_allclose(known.basis @ known.basis.T, np.eye(count), atol=1e-12)
    inside = known.basis @ matrix @ known.basis.T
    np.testing.assert_allclose(tridiagonal(known), inside, atol=1e-12 * scale)


@pytest.mark.parametrize("eigenvalues", MATRICES.values(), ids=MATRICES)
def test_as_many_iterations_as_rows_find_every_eigenvalue_as_often_as_it_is_there(eigenvalues):
    values, _ = krylov(symmetric(eigenvalues), SIZE).pairs()
    np.testing.assert_allclose(values, np.sort(eigenvalues), atol=1e-12 * np.abs(values).max())


def test_ritz_values_are_within_their_residuals():
    matrix = symmetric(np.linspace(-1, 1, SIZE) ** 3)
    known = krylov(matrix, 15)
    values, vectors = known.pairs()
    for value, vector in zip(values, vectors.T @ known.basis, strict=True):
        residual = np.linalg.norm(matrix @ vector - value * vector)
        assert np.abs(np.linalg.eigvalsh(matrix) - value).min() <= residual + 1e-14


def test_a_diagonal_gives_every_sample_its_trace():
    diagonal = np.arange(SIZE) - 3.0
    found = curvature.forms(lambda v: diagonal * v, SIZE, 6)
    np.testing.assert_allclose(found, diagonal.sum(), rtol=1e-14)


def test_samples_are_independent_with_the_trace_as_mean():
    matrix = symmetric(np.linspace(-1, 5, SIZE))
    found = np.array(curvature.forms(lambda v: matrix @ v, SIZE, 2000))
    deviation = np.sqrt(2 * (np.sum(matrix**2) - np.sum(np.diag(matrix) ** 2)))
    assert abs(found.mean() - np.trace(matrix)) < 3 * deviation / np.sqrt(2000)
    np.testing.assert_allclose(found.std(), deviation, rtol=0.1)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 3 / np.sqrt(2000)


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [(5, 5, [0, 1, 2, 3, 4]), (5, 9, [0, 1, 2, 3, 4]), (10, 4, [0, 2, 5, 7]), (3, 1, [0])],
)
def test_spaced(count, most, chosen):
    examples = Examples(np.arange(count * 2).reshape(count, 2), np.arange(count))
    found = curvature.spaced(examples, most)
    np.testing.assert_array_equal(found.targets, chosen)
    np.testing.assert_array_equal(found.inputs, examples.inputs[chosen])
