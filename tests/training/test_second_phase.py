"""The second phase: both methods on problems whose answer is known, and all that ends them."""

from functools import cache
from itertools import count

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from paribus.errors import DeclarationError
from paribus.training.landscape import ROWS, Landscape
from paribus.training.norm_descent import DAMPING
from paribus.training.second_phase import (
    METHODS,
    MOST_PARAMETERS,
    GradientNormPhase,
    minimize_gradient_norm,
)
from reference import plain_norm_descent

UNITS = 2
INPUTS = np.linspace(-1, 1, 20)
DATA = INPUTS, np.sin(3 * INPUTS) + INPUTS**2


def quadratic(weights, given):
    matrix, vector = given
    return weights @ matrix @ weights / 2 - vector @ weights + 100


def network(weights, data):
    """The loss of 1 -> 2 -> 1 with tanh."""
    inputs, targets = data
    hidden = jnp.tanh(jnp.outer(inputs, weights[:UNITS]) + weights[UNITS : 2 * UNITS])
    outputs = hidden @ weights[2 * UNITS : -1] + weights[-1]
    return jnp.mean((outputs - targets) ** 2)


def hill(weights, _):
    """2 - cos of one weight: its gradient vanishes at the top as well."""
    return 2 - jnp.cos(weights[0])


def kink(weights, _):
    """Convex, with the gradient 1 + w above 0 and -1 + w below: never nearer to 0 than 1."""
    return jnp.sum(jnp.where(weights > 0, weights, -weights) + weights**2 / 2)


def saddle(size=30):
    """A symmetric matrix with eigenvalues of both signs, and a vector."""
    random = np.random.default_rng(0)
    vectors, _ = np.linalg.qr(random.normal(size=(size, size)))
    values = np.where(np.arange(size) % 3, 1.0, -1.0) * np.linspace(0.5, 3, size)
    return vectors @ np.diag(values) @ vectors.T, random.normal(size=size)


@cache
def minimum():
    """Where a root finder of SciPy's sees the network's plain gradient vanish."""
    begin = np.random.default_rng(3).normal(size=3 * UNITS + 1)
    near = optimize.minimize(
        plain_norm_descent.loss, begin, (DATA,), jac=plain_norm_descent.gradient, method="BFGS"
    )
    found = optimize.root(
        plain_norm_descent.gradient, near.x, (DATA,), jac=plain_norm_descent.hessian, tol=1e-14
    )
    return found.x


def start():
    """Weights from which the network's gradient is to vanish."""
    return minimum() + np.random.default_rng(0).normal(scale=0.05, size=len(minimum()))


def phase(method, **fields):
    return GradientNormPhase(method=method, **fields)


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


@pytest.fixture(scope="module")
def landscape():
    return Landscape(network)


class TestLandscape:
    def test_slopes_and_curvature_are_the_plain_ones(self, landscape):
        weights = start()
        point = landscape.at(weights, DATA)
        gradient = plain_norm_descent.gradient(weights, DATA)
        hessian = plain_norm_descent.hessian(weights, DATA)
        np.testing.assert_allclose(point.loss, plain_norm_descent.loss(weights, DATA), rtol=1e-13)
        np.testing.assert_allclose(point.gradient, gradient, atol=1e-14)
        assert point.gradient_norm == np.linalg.norm(point.gradient)
        rows = np.concatenate(list(landscape.hessian_rows(weights, DATA)))
        np.testing.assert_allclose(rows, hessian, atol=1e-12)
        half_square, pull = landscape.pull(weights, DATA)
        np.testing.assert_allclose(half_square, gradient @ gradient / 2, rtol=1e-10)
        np.testing.assert_allclose(pull, hessian @ gradient, atol=1e-13)

    @pytest.mark.parametrize("size", [1, ROWS - 1, ROWS, ROWS + 1, 2 * ROWS])
    def test_all_rows_of_the_hessian_for_any_number_of_them(self, size):
        matrix, vector = saddle(size)
        rows = list(Landscape(quadratic).hessian_rows(np.ones(size), (matrix, vector)))
        np.testing.assert_allclose(np.concatenate(rows), matrix, atol=1e-14)

    def test_is_compiled_once_for_all_that_it_is_given(self, method):
        traced = []

        def loss(weights, given):
            traced.append(weights.dtype)
            return quadratic(weights, given)

        shared = Landscape(loss)
        counts = []
        for factor in (1.0, 2.0):
            matrix, vector = saddle()
            given = matrix * factor, vector
            found = minimize_gradient_norm(phase(method), shared, given, np.zeros(len(vector)))
            assert found.converged
            counts.append(len(traced))
        assert counts[0] == counts[1]
        assert set(traced) == {np.dtype(np.float64)}


class TestDescent:
    def test_finds_the_saddle_of_a_quadratic(self, method):
        matrix, vector = saddle()
        declared = phase(method, tolerance=1e-10)
        found = minimize_gradient_norm(
            declared, Landscape(quadratic), (matrix, vector), np.zeros(len(vector))
        )
        assert found.converged
        np.testing.assert_allclose(found.weights, np.linalg.solve(matrix, vector), atol=1e-9)
        if method == "levenberg_marquardt":
            assert found.iterations == 1

    def test_levenberg_marquardt_takes_the_plain_steps(self, landscape):
        weights, norms = plain_norm_descent.levenberg_marquardt(start(), DATA, DAMPING, 4)
        declared = phase("levenberg_marquardt", tolerance=1e-30, iterations=4)
        found = minimize_gradient_norm(declared, landscape, DATA, start())
        assert found.why == "iterations"
        np.testing.assert_allclose(found.gradient_norms, norms, rtol=1e-6)
        np.testing.assert_allclose(found.weights, weights, rtol=1e-6)

    def test_ends_where_a_root_finder_ends(self, landscape, method):
        declared = phase(method, tolerance=1e-10)
        found = minimize_gradient_norm(declared, landscape, DATA, start())
        assert found.converged
        assert np.linalg.norm(plain_norm_descent.gradient(found.weights, DATA)) < 1.01e-10
        np.testing.assert_allclose(found.weights, minimum(), atol=1e-6)
        assert found.losses[-1] == landscape.at(found.weights, DATA).loss
        assert found.gradient_norms[-1] == landscape.at(found.weights, DATA).gradient_norm

    def test_every_step_lowers_the_norm(self, landscape, method):
        declared = phase(method, tolerance=1e-7)
        found = minimize_gradient_norm(declared, landscape, DATA, start())
        assert found.iterations > 1
        assert np.all(np.diff(found.gradient_norms) < 0)
        assert len(found.losses) == len(found.gradient_norms) == found.iterations + 1

    def test_is_the_same_to_the_bit(self, landscape, method):
        declared = phase(method, tolerance=1e-6)
        again = [
            minimize_gradient_norm(declared, one, DATA, start())
            for one in (landscape, Landscape(network))
        ]
        first, second = (
            [one.weights.tobytes(), one.losses.tobytes(), one.gradient_norms.tobytes(), one.why]
            for one in again
        )
        assert first == second

    def test_is_in_float64_from_weights_in_float32(self, landscape, method):
        declared = phase(method, tolerance=1e-7)
        found = minimize_gradient_norm(declared, landscape, DATA, start().astype(np.float32))
        assert found.converged
        assert found.weights.dtype == np.float64


class TestEnds:
    def test_at_once_where_the_gradient_is_small(self, landscape, method):
        found = minimize_gradient_norm(phase(method, tolerance=1e3), landscape, DATA, start())
        assert found.converged
        assert found.iterations == 0
        np.testing.assert_array_equal(found.weights, start())

    def test_after_the_iterations(self, landscape, method):
        declared = phase(method, tolerance=1e-30, iterations=2)
        found = minimize_gradient_norm(declared, landscape, DATA, start())
        assert (found.why, found.iterations, found.converged) == ("iterations", 2, False)

    def test_below_the_highest_loss(self, method):
        # Uphill from 2 the gradient falls, to 0 at the top.
        free = minimize_gradient_norm(phase(method), Landscape(hill), None, np.array([2.0]))
        assert free.converged
        np.testing.assert_allclose(free.weights, np.pi, atol=1e-4)
        declared = phase(method, loss_factor=1.1)
        bound = minimize_gradient_norm(declared, Landscape(hill), None, np.array([2.0]))
        assert bound.why == "loss bound"
        assert not bound.converged
        assert np.all(bound.losses <= 1.1 * bound.losses[0])

    def test_of_a_loss_below_zero_the_bound_is_above_it(self, method):
        matrix, vector = saddle()
        below = Landscape(lambda weights, given: quadratic(weights, given) - 300)
        found = minimize_gradient_norm(phase(method), below, (matrix, vector), np.zeros(30))
        assert found.losses[0] == -200
        assert found.converged

    def test_where_no_step_helps(self, method):
        found = minimize_gradient_norm(phase(method), Landscape(kink), None, np.array([1.0]))
        assert found.why == "no progress"
        assert found.gradient_norms[-1] >= 1

    def test_where_the_loss_is_flat_along_its_gradient(self, method):
        flat = Landscape(lambda weights, _: jnp.sum(weights))
        found = minimize_gradient_norm(phase(method), flat, None, np.ones(3))
        assert (found.why, found.iterations) == ("no progress", 0)

    def test_where_a_number_is_not_finite(self, landscape, method):
        weights = np.full_like(start(), np.nan)
        found = minimize_gradient_norm(phase(method), landscape, DATA, weights)
        assert (found.why, found.iterations) == ("not finite", 0)

    def test_where_the_curvature_is_not_finite(self):
        root = Landscape(lambda weights, _: jnp.sum(jnp.where(weights > 0, weights**1.5, 0)))
        found = minimize_gradient_norm(
            phase("levenberg_marquardt"), root, None, np.array([0.0, 1.0])
        )
        assert found.why == "not finite"

    @pytest.mark.parametrize("asked", [1, 2, 5, 40])
    def test_when_it_is_cancelled(self, landscape, method, asked):
        calls = count(1)
        declared = phase(method, tolerance=1e-30)
        found = minimize_gradient_norm(
            declared, landscape, DATA, start(), lambda: next(calls) >= asked
        )
        assert found.why == "cancelled"
        assert next(calls) == asked + 1
        assert found.gradient_norms[-1] == landscape.at(found.weights, DATA).gradient_norm

    def test_a_large_hessian_can_be_cancelled_on_the_way(self):
        asked = []
        matrix, vector = saddle(2 * ROWS)
        declared = phase("levenberg_marquardt", iterations=1)
        minimize_gradient_norm(
            declared,
            Landscape(quadratic),
            (matrix, vector),
            np.zeros(2 * ROWS),
            lambda: bool(asked.append(1)),
        )
        assert len(asked) == 2 + len(DAMPING)  # parts of the Hessian, and looks around


class TestDeclaration:
    def test_its_defaults(self):
        declared = GradientNormPhase()
        assert declared.method == "levenberg_marquardt"
        assert (declared.tolerance, declared.loss_factor) == (1e-4, 2.0)

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"method": "newton"}, "method: got 'newton'; should be one of"),
            ({"method": "lbgfs"}, "method: got 'lbgfs'; did you mean 'lbfgs'?"),
            ({"kind": "loss"}, "kind: got 'loss'; should be gradient_norm"),
            ({"tolerance": 0.0}, "tolerance: got 0.0; should be greater than 0"),
            ({"tolerance": "1e-4"}, "tolerance: got '1e-4'; should be a valid number"),
            ({"tolerance": float("inf")}, "tolerance: got inf; should be a finite number"),
            ({"iterations": 0}, "iterations: got 0; should be greater than 0"),
            ({"iterations": 10.0}, "iterations: got 10.0; should be a valid integer"),
            ({"loss_factor": 0.5}, "loss_factor: got 0.5; should be greater than or equal to 1"),
            ({"loss_factor": float("nan")}, "loss_factor: got nan; should be"),
            ({"loss_bound": 2.0}, "loss_bound: unknown field 'loss_bound'"),
        ],
    )
    def test_wrong_fields_are_refused(self, fields, fault):
        with pytest.raises(DeclarationError) as caught:
            GradientNormPhase(**fields)
        assert [str(one)[: len(fault)] for one in caught.value.faults] == [fault]

    def test_all_faults_are_reported_together(self):
        with pytest.raises(DeclarationError) as caught:
            GradientNormPhase(method="adam", tolerance=-1.0, iterations=-1, loss_factor=0.0)
        paths = [one.path for one in caught.value.faults]
        assert paths == ["method", "tolerance", "iterations", "loss_factor"]

    def test_a_network_with_too_large_a_hessian(self):
        assert phase("levenberg_marquardt").faults(MOST_PARAMETERS) == []
        assert phase("lbfgs").faults(418_060) == []
        (fault,) = phase("levenberg_marquardt").faults(418_060)
        assert str(fault) == (
            "method: got 'levenberg_marquardt' for 418,060 parameters, whose Hessian has "
            "1,398.2 GB; at most 4,000 are allowed. 'lbfgs' does without it"
        )
