"""Second derivatives of a run's objective, without ever holding more than they must.

Weights and biases stand in one row, layer by layer, weights before biases. The Hessian H is known
by its products with vectors (forward over reverse differentiation), added up over chunks of
examples; everything else here asks for nothing but such products. Random vectors come from fixed
streams of their own: they are the same for every run, and no part of a run's randomness.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from paribus import seeds
from paribus.models.base import named_weights, with_weights
from paribus.snapshot import Examples, Snapshot

Row = Float[Array, " parameters"]
Product = Callable[[Row], Row]
Scalar = Callable[[Row], Float[Array, ""]]

CHUNK = 500
"""Examples whose derivatives are computed at once."""

VECTORS = 16
"""Columns of a Hessian that are computed at once."""

_ROUNDING = 1e-13
"""What is left of a vector below this part of its size is rounding."""


def spaced(examples: Examples, most: int) -> Examples:
    """All examples, or `most` of them, evenly spaced."""
    count = len(examples.inputs)
    if count <= most:
        return examples
    chosen = np.arange(most, dtype=np.int64) * count // most
    return Examples(examples.inputs[chosen], examples.targets[chosen])


def gradient(snapshot: Snapshot, examples: Examples) -> Row:
    """The gradient of the objective (mean loss and penalties) by all weights and biases."""
    weights, rebuilt = _in_a_row(snapshot.network)
    return _added(snapshot, examples, rebuilt, lambda term: jax.grad(term)(weights))


def product(snapshot: Snapshot, examples: Examples) -> Product:
    """The function v -> H v, with H the Hessian of the objective by all weights and biases."""
    weights, rebuilt = _in_a_row(snapshot.network)

    def times(vector: Row) -> Row:
        def derived(term: Scalar) -> Row:
            return jax.jvp(jax.grad(term), (weights,), (vector,))[1]

        return _added(snapshot, examples, rebuilt, derived)

    return times


def hessian(snapshot: Snapshot, examples: Examples) -> Float[Array, "parameters parameters"]:
    """The Hessian as a matrix, column by column: symmetric up to rounding."""
    weights, _ = _in_a_row(snapshot.network)
    times, size = product(snapshot, examples), len(weights)

    def column(index: Int[Array, ""]) -> Row:
        return times(jax.nn.one_hot(index, size, dtype=weights.dtype))

    return lax.map(column, jnp.arange(size), batch_size=VECTORS)


def parameters_of(snapshot: Snapshot) -> int:
    """The length of a row."""
    return sum(weight.size for weight in named_weights(snapshot.network).values())


def _in_a_row(network: Any) -> tuple[Row, Callable[[Row], Any]]:
    """The weights of a network, and the network with others in their place."""
    named = named_weights(network)
    row, parts_of = ravel_pytree(list(named.values()))

    def rebuilt(row: Row) -> Any:
        return with_weights(network, dict(zip(named, parts_of(row), strict=True)))

    return row, rebuilt


def _added(
    snapshot: Snapshot,
    examples: Examples,
    rebuilt: Callable[[Row], Any],
    derived: Callable[[Scalar], Row],
) -> Row:
    """A derivative of the objective: of its penalties, and of its loss, chunk by chunk."""
    count = len(examples.inputs)
    whole = count - count % CHUNK

    def of_chunk(chunk: Examples) -> Row:
        return derived(lambda row: jnp.sum(snapshot.losses(rebuilt(row), chunk)) / count)

    def add(total: Row, chunk: Examples) -> tuple[Row, None]:
        return total + of_chunk(chunk), None

    total = derived(lambda row: snapshot.penalty(rebuilt(row)))
    chunks = jax.tree.map(
        lambda array: array[:whole].reshape(-1, CHUNK, *array.shape[1:]), examples
    )
    total = lax.scan(add, total, chunks)[0]
    if whole == count:
        return total
    return total + of_chunk(jax.tree.map(lambda array: array[whole:], examples))


class Krylov(NamedTuple):
    """What Lanczos' method knows of a symmetric matrix H: its part in a small space.

    - `basis`: orthonormal vectors, one row each
    - `diagonal`, `beside`: of the tridiagonal matrix basis H basis^T
    """

    basis: Float[Array, "iterations parameters"]
    diagonal: Float[Array, " iterations"]
    beside: Float[Array, " iterations-1"]

    def pairs(self) -> tuple[Float[Array, " iterations"], Float[Array, "iterations iterations"]]:
        """Ritz values, ascending, and in columns their vectors as combinations of the basis."""
        beside = jnp.diag(self.beside, 1)
        return jnp.linalg.eigh(jnp.diag(self.diagonal) + beside + beside.T)


class _Lanczos(NamedTuple):
    """What the method carries on: the next vector, what is known so far, the largest ||H v||."""

    vector: Row
    known: Krylov
    scale: Float[Array, ""]


def lanczos(times: Product, size: int, iterations: int) -> Krylov:
    """Lanczos' method with full reorthogonalization, from a fixed random vector.

    Golub & Van Loan, Matrix Computations, 4th edition, section 10.3. Takes `iterations` products,
    `size` at most, and holds as many vectors. Where the space cannot grow, because H maps it into
    itself, it goes on with a new random vector.
    """
    iterations = min(iterations, size)
    key = _stream("lanczos")
    first = jax.random.normal(key, (size,))
    nothing = Krylov(*map(jnp.zeros, ((iterations, size), iterations, iterations)))

    def step(index: Int[Array, ""], state: _Lanczos) -> _Lanczos:
        vector = state.vector / jnp.linalg.norm(state.vector)
        basis = state.known.basis.at[index].set(vector)
        image = times(vector)
        rest = _orthogonal(image, basis)
        length = jnp.linalg.norm(rest)
        scale = jnp.maximum(state.scale, jnp.linalg.norm(image))
        broken = length <= _ROUNDING * scale
        following = lax.cond(
            broken,
            lambda: jax.random.normal(jax.random.fold_in(key, index), (size,)),
            lambda: rest / length,
        )
        known = Krylov(
            basis=basis,
            diagonal=state.known.diagonal.at[index].set(vector @ image),
            beside=state.known.beside.at[index].set(jnp.where(broken, 0, length)),
        )
        # A second time: of a short rest, what rounding left of the basis is a larger part.
        return _Lanczos(_orthogonal(following, basis), known, scale)

    found = lax.fori_loop(0, iterations, step, _Lanczos(first, nothing, jnp.zeros(()))).known
    return found._replace(beside=found.beside[:-1])


def _orthogonal(vector: Row, basis: Float[Array, "iterations parameters"]) -> Row:
    return vector - (basis @ vector) @ basis


def forms(times: Product, size: int, samples: int) -> Float[Array, " samples"]:
    """z^T H z for fixed random vectors z of signs: independent, each with the trace as its mean.

    Hutchinson, Communications in Statistics 18 (1989), 1059-1076.
    """

    def form(key: PRNGKeyArray) -> Float[Array, ""]:
        signs = jax.random.rademacher(key, (size,), float)
        return signs @ times(signs)

    return lax.map(form, jax.random.split(_stream("trace"), samples))


def _stream(name: str) -> PRNGKeyArray:
    words = seeds.words(seeds.stream_key(0, "curvature", name))
    return jax.random.wrap_key_data(jnp.asarray(words), impl="threefry2x32")
