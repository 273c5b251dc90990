"""The examples of a training step: drawn by position, read, augmented and normalized."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from paribus.data.batches import normalized
from paribus.data.resampling import augmented
from paribus.training.recipe import Recipe


class Data(NamedTuple):
    """All examples of a data set on a device: (examples, *shape) and (examples, ...)."""

    inputs: Array
    targets: Array


class Drawn(NamedTuple):
    """The examples of a batch, not yet read.

    Positions in the data (-1 is padding), shares of the batch's mean (1 / count for each, 0 for
    padding), and a key for each example's dropout and for its augmentation; None: there is none.
    """

    positions: Int[Array, " batch"]
    shares: Float[Array, " batch"]
    dropout: PRNGKeyArray | None = None
    augmentation: PRNGKeyArray | None = None


class Batch(NamedTuple):
    """Examples as a network takes them, with their shares of the batch's mean."""

    inputs: Float[Array, " batch *shape"]
    targets: Array
    shares: Float[Array, " batch"]


def shares_of(
    recipe: Recipe, positions: Int[Array, " batch"]
) -> tuple[Float[Array, " batch"], Float[Array, ""] | int]:
    """Each example's share of the batch's mean, and how many examples there are."""
    dtype, size = jnp.dtype(recipe.precision), len(positions)
    if not recipe.train_examples % size:
        return jnp.full(size, 1 / size, dtype), size
    present = positions >= 0  # the last batch is smaller
    count = jnp.sum(present).astype(dtype)
    return jnp.where(present, 1 / count, 0), count


def keys_of(stream: UInt32[Array, " 2"], step: Int[Array, ""], count: int) -> PRNGKeyArray:
    """A key for each example of a step, from a run's stream."""
    key = jax.random.wrap_key_data(stream, impl="threefry2x32")
    return jax.random.split(jax.random.fold_in(key, step), count)


def in_parts(drawn: Drawn, parts: int) -> Drawn:
    """The examples in equal parts (parts, size), the last filled up with ones of no weight."""
    count = len(drawn.positions)
    size = -(-count // parts)
    at = jnp.arange(parts * size)
    shares = jnp.where(at < count, drawn.shares[jnp.minimum(at, count - 1)], 0)
    chosen = jax.tree.map(lambda array: array[jnp.minimum(at, count - 1)], drawn)
    filled = chosen._replace(shares=shares)
    return jax.tree.map(lambda array: array.reshape(parts, size), filled)


def read(recipe: Recipe, data: Data, drawn: Drawn) -> Batch:
    """The drawn examples, augmented where they have keys for it."""
    # Padding reads some example, and counts for nothing.
    raw, targets = take(data, jnp.maximum(drawn.positions, 0))
    if drawn.augmentation is not None:
        raw = raw.astype(jnp.dtype(recipe.precision))
        raw = augmented(recipe.augmentation, raw, drawn.augmentation)
    return Batch(inputs_of(recipe, raw), targets, drawn.shares)


def inputs_of(recipe: Recipe, raw: Array) -> Float[Array, " batch *shape"]:
    """Stored examples as a network takes them."""
    maximum, dtype = recipe.data.facts().maximum, jnp.dtype(recipe.precision)
    return normalized(raw, recipe.data.normalization, maximum, dtype)


def take(data: Data, positions: Int[Array, " batch"]) -> tuple[Any, Any]:
    """Inputs and targets as they are stored."""
    # Positions come from our own permutations, so no bounds are checked.
    inputs, targets = (
        array.at[positions].get(mode="promise_in_bounds") for array in (data.inputs, data.targets)
    )
    return inputs, targets
