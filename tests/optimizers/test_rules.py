"""What the comparison with PyTorch cannot see: precision, absent terms, faults."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from paribus.errors import DeclarationError
from paribus.optimizers import SGD, Adam, AdamW
from paribus.optimizers.adam import one_minus_power


def one_step(rule, weights, gradient):
    made = rule.transformation(rule.learning_rate)
    updates, _ = made.update(gradient, made.init(weights), weights)
    return optax.apply_updates(weights, updates)


@pytest.mark.parametrize("base", [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999])
@pytest.mark.parametrize("exponent", [1, 2, 10, 1000, 1_000_000])
def test_corrections_of_the_moments_keep_their_digits(base, exponent):
    expected = float(1 - np.longdouble(base) ** exponent)
    found = one_minus_power(base, jnp.int32(exponent))
    assert found.dtype == jnp.float32
    assert float(found) == pytest.approx(expected, rel=5e-7)


def test_adam_is_optaxs_in_double_precision():
    with jax.enable_x64(True):
        random = np.random.default_rng(0)
        ours = Adam(learning_rate=0.1).transformation(0.1)
        theirs = optax.adam(0.1)
        weights = jnp.asarray(random.normal(size=(4, 3)))
        states = [ours.init(weights), theirs.init(weights)]
        for _ in range(30):
            gradient = jnp.asarray(random.normal(size=(4, 3)))
            found, states[0] = ours.update(gradient, states[0], weights)
            expected, states[1] = theirs.update(gradient, states[1], weights)
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate():
    weights = jnp.zeros(3)
    moved = one_step(Adam(learning_rate=1e-3), weights, jnp.array([1.0, -100.0, 0.0]))
    np.testing.assert_allclose(moved, [-1e-3, 1e-3, 0], rtol=1e-6)


def test_decoupled_decay_does_not_pass_through_the_moments():
    weights, gradient = jnp.array([2.0]), jnp.array([0.0])
    coupled = one_step(Adam(learning_rate=0.1, weight_decay=0.5), weights, gradient)
    decoupled = one_step(AdamW(learning_rate=0.1, weight_decay=0.5), weights, gradient)
    np.testing.assert_allclose(coupled, [2 - 0.1], rtol=1e-6)
    np.testing.assert_allclose(decoupled, [2 * (1 - 0.1 * 0.5)], rtol=1e-6)


def test_without_momentum_no_state_is_kept():
    leaves = jax.tree.leaves(SGD(learning_rate=0.1).transformation(0.1).init(jnp.zeros(3)))
    assert leaves == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(), "learning_rate: missing; it has no default"),
        (lambda: SGD(learning_rate=0.0), "learning_rate: got 0.0; should be greater than 0"),
        (lambda: SGD(learning_rate=0.1, momentum=1.0), "momentum: got 1.0; should be less than 1"),
        (lambda: Adam(learning_rate=0.1, b2=1.0), "b2: got 1.0; should be less than 1"),
        (lambda: Adam(learning_rate=0.1, epsilon=0.0), "epsilon: got 0.0; should be greater than"),
        (lambda: AdamW(learning_rate=0.1, weight_decay=-1.0), "weight_decay: got -1.0; should be"),
        (lambda: SGD(learning_rate=float("nan")), "learning_rate: got nan; should be"),
    ],
)
def test_faults(make, message):
    with pytest.raises(DeclarationError) as caught:
        make()
    assert message in str(caught.value)
