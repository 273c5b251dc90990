"""Branches of a function: two points have one digest just where no decision between them flips."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from paribus.probes.branches import with_branches


def loop(x):
    return lax.while_loop(lambda y: jnp.sum(y) < 4.0, lambda y: 2 * y, x).sum()


def pooled(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID").sum()


def rows(x):
    return lax.scan(lambda total, y: (total + jax.nn.relu(y), None), 0.0, x)[0]


def chosen(x):
    return lax.cond(x[0] > 0.5, jnp.sum, jnp.prod, x)


# A function, a point, one on the same smooth piece, one beyond a kink or jump.
PIECES = {
    "relu": (lambda x: jax.nn.relu(x).sum(), [1.0, -1.0], [2.0, -3.0], [1.0, 1.0]),
    "two that swap": (lambda x: jax.nn.relu(x).sum(), [1.0, -1.0], [2.0, -3.0], [-1.0, 1.0]),
    "absolute value": (lambda x: jnp.abs(x).sum(), [1.0, -1.0], [2.0, -3.0], [1.0, 0.0]),
    "sign": (lambda x: (x * jnp.sign(x)).sum(), [1.0, -1.0], [2.0, -3.0], [1.0, 3.0]),
    "clip": (lambda x: jnp.clip(x, 0.0, 1.0).sum(), [0.5, 2.0], [0.6, 3.0], [1.5, 2.0]),
    "maximum": (lambda x: jnp.max(x), [1.0, 2.0], [-1.0, 3.0], [3.0, 2.0]),
    "sort": (lambda x: jnp.sort(x) @ jnp.arange(2.0), [1.0, 2.0], [0.0, 9.0], [2.0, 1.0]),
    "largest index": (lambda x: x[jnp.argmax(x)], [1.0, 2.0], [0.0, 9.0], [2.0, 1.0]),
    "rounding": (lambda x: jnp.floor(x).sum(), [1.2, 2.2], [1.8, 2.3], [1.2, 3.1]),
    "remainder": (lambda x: (x % 1.0).sum(), [1.2, 2.2], [1.8, 2.3], [1.2, 3.1]),
    "where": (lambda x: jnp.where(x > 0, x, 2 * x).sum(), [1.0, 1.0], [3.0, 2.0], [1.0, -1.0]),
    "pooling": (pooled, [1.0, 2.0, 0.0], [1.5, 2.1, -1.0], [1.0, 2.0, 2.5]),
    "scan": (rows, [1.0, -1.0], [2.0, -2.0], [1.0, 1.0]),
    "scan in another row": (rows, [1.0, -1.0], [2.0, -2.0], [-1.0, 1.0]),
    "while": (loop, [1.0, 0.5], [1.1, 0.6], [0.5, 0.2]),
    "cond": (chosen, [1.0, 0.5], [2.0, 0.6], [0.1, 0.5]),
    "remat": (lambda x: jax.checkpoint(jax.nn.relu)(x).sum(), [1.0, 1.0], [3.0, 2.0], [1.0, -1.0]),
}


@pytest.mark.parametrize("name", PIECES)
def test_digests_tell_pieces_apart(name):
    function, *points = PIECES[name]
    with jax.enable_x64(True):
        points = [jnp.asarray(point, jnp.float64) for point in points]
        followed, size = with_branches(function, points[0])
        values, digests = zip(*map(followed, points), strict=True)
        together = jax.jit(jax.vmap(followed))(jnp.stack(points))
        expected = [function(point) for point in points]
    np.testing.assert_allclose(np.array(values), np.array(expected), rtol=1e-15)
    here, near, beyond = map(int, digests)
    assert here == near
    assert here != beyond
    np.testing.assert_array_equal(np.array(together[1]), np.array([here, near, beyond], np.uint64))
    assert size >= 1
