"""The compiled programs of a run: train some steps, evaluate examples, observe.

Written once, for one run. A program depends on the recipe's *static* part alone (structure,
shapes, batch size, which terms are there); learning rate, decay, momentum, dropout rate and
penalty coefficients enter as arrays. The number of steps of a call is an argument too, so a call
may be short or long without compiling again and without changing a bit of the result.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from paribus.data.batches import normalized
from paribus.models.base import layers_of, skeleton
from paribus.objectives.losses import LOSSES
from paribus.objectives.penalties import penalty
from paribus.optimizers.schedules import rate_factor
from paribus.snapshot import Observer, Snapshot
from paribus.spec import fill_traced
from paribus.training.recipe import Recipe

Traced = Mapping[str, Float[Array, ""]]
"""Hyper-parameters by dotted path in the recipe."""

EVALUATION_CHUNK = 1000
"""Examples evaluated at once: enough for efficient products, little enough for the cache."""


class Data(NamedTuple):
    """All examples of a data set on a device: (examples, *shape) and (examples, ...)."""

    inputs: Array
    targets: Array


class Feed(NamedTuple):
    """What the steps of an epoch read.

    `order` gives the positions of each step's examples, -1 where the last batch is not full.
    `dropout` is the key of the run's stream of dropout masks.
    """

    data: Data
    order: Int[Array, "steps batch"]
    dropout: UInt32[Array, " 2"]


class State(NamedTuple):
    """What training carries from step to step.

    `loss` is the sum of the objective over the examples trained on since it was last set to 0.
    """

    weights: Any
    optimizer: Any
    step: Int[Array, ""]
    loss: Float[Array, ""]


class Batch(NamedTuple):
    """Examples with their shares of the batch's mean: 1 / count for each, 0 for padding."""

    inputs: Float[Array, " batch *shape"]
    targets: Array
    shares: Float[Array, " batch"]


def network_of(recipe: Recipe, weights: Any) -> Any:
    """The recipe's network with these weights (arrays where its weights are, None elsewhere)."""
    facts = recipe.data.facts()
    return eqx.combine(weights, skeleton(recipe.model, facts.shape, facts.outputs))


def start(weights: Any, traced: Traced, *, recipe: Recipe) -> State:
    """The state before the first step."""
    recipe = fill_traced(recipe, traced)
    rule = recipe.optimizer.transformation(recipe.optimizer.learning_rate)
    dtype = jnp.dtype(recipe.precision)
    return State(weights, rule.init(weights), jnp.zeros((), jnp.int32), jnp.zeros((), dtype))


def train(
    state: State,
    traced: Traced,
    feed: Feed,
    span: Int[Array, " 2"],
    *,
    recipe: Recipe,
) -> State:
    """The state after the steps span[0] .. span[1]-1 of an epoch."""
    filled = fill_traced(recipe, traced)
    return lax.fori_loop(span[0], span[1], partial(_step, recipe=filled, feed=feed), state)


def _step(index: Int[Array, ""], state: State, *, recipe: Recipe, feed: Feed) -> State:
    positions = lax.dynamic_index_in_dim(feed.order, index, keepdims=False)
    batch, count = _batch(recipe, feed.data, positions)
    key = jax.random.wrap_key_data(feed.dropout, impl="threefry2x32")
    keys = jax.random.split(jax.random.fold_in(key, state.step), len(positions))
    value, gradient = jax.value_and_grad(
        lambda weights: objective(network_of(recipe, weights), recipe, batch, keys)
    )(state.weights)
    factor = rate_factor(
        recipe.optimizer.schedule, state.step, recipe.steps_per_epoch, recipe.epochs
    )
    rule = recipe.optimizer.transformation(recipe.optimizer.learning_rate * factor)
    updates, optimizer = rule.update(gradient, state.optimizer, state.weights)
    weights = optax.apply_updates(state.weights, updates)
    return State(weights, optimizer, state.step + 1, state.loss + value * count)


def _batch(
    recipe: Recipe, data: Data, positions: Int[Array, " batch"]
) -> tuple[Batch, Float[Array, ""] | int]:
    """The examples at these positions, and how many of them there are."""
    dtype = jnp.dtype(recipe.precision)
    size = len(positions)
    shares = jnp.full(size, 1 / size, dtype)
    count: Float[Array, ""] | int = size
    if recipe.train_examples % size:  # the last batch is smaller
        present = positions >= 0
        count = jnp.sum(present).astype(dtype)
        shares = jnp.where(present, 1 / count, 0)
        positions = jnp.maximum(positions, 0)
    raw, targets = _take(data, positions)
    facts = recipe.data.facts()
    inputs = normalized(raw, recipe.data.normalization, facts.maximum, dtype)
    return Batch(inputs, targets, shares), count


def _take(data: Data, positions: Int[Array, " batch"]) -> tuple[Array, Array]:
    # Positions come from our own permutations, so no bounds are checked.
    inputs, targets = (
        array.at[positions].get(mode="promise_in_bounds") for array in (data.inputs, data.targets)
    )
    return inputs, targets


def objective(
    network: Any, recipe: Recipe, batch: Batch, keys: PRNGKeyArray | None
) -> Float[Array, ""]:
    """What a step minimizes: the mean loss of the batch's examples, plus the penalties.

    With `keys` (one for each example) the network trains: dropout is on. Without, it is off.
    """
    outputs = outputs_of(network, batch.inputs, keys)
    losses = jax.vmap(LOSSES[recipe.loss])(outputs, batch.targets)
    total = jnp.sum(losses * batch.shares)
    weights = [layer.weight for _, layer in layers_of(network)]
    return total + penalty(recipe.penalties, weights)


def outputs_of(
    network: Any, inputs: Float[Array, " batch *shape"], keys: PRNGKeyArray | None
) -> Float[Array, "batch outputs"]:
    """A network's outputs for a batch; with `keys`, one for each example, it trains.

    A network is written for one example; one that also has a `batch(inputs, keys)` computes a
    batch in its own way.
    """
    if keys is None or not _is_random(network):
        network, keys = eqx.nn.inference_mode(network), None
    if hasattr(network, "batch"):
        return network.batch(inputs, keys)
    if keys is None:
        return jax.vmap(network)(inputs)
    return jax.vmap(lambda x, key: network(x, key=key))(inputs, keys)


def _is_random(network: Any) -> bool:
    nodes = jax.tree.leaves(network, is_leaf=lambda node: isinstance(node, eqx.nn.Dropout))
    return any(isinstance(node, eqx.nn.Dropout) for node in nodes)


def evaluate(
    weights: Any, data: Data, positions: Int[Array, " examples"], *, recipe: Recipe
) -> tuple[Float[Array, " examples"], Int[Array, " examples"]]:
    """Each example's loss (the data term alone) and predicted class, in evaluation mode.

    The number of positions is a multiple of `EVALUATION_CHUNK`. Without classes the prediction
    is 0.
    """
    facts = recipe.data.facts()
    network = network_of(recipe, weights)

    def chunk(positions: Int[Array, " chunk"]) -> tuple[Array, Array]:
        raw, targets = _take(data, positions)
        dtype = jnp.dtype(recipe.precision)
        inputs = normalized(raw, recipe.data.normalization, facts.maximum, dtype)
        outputs = outputs_of(network, inputs, None)
        losses = jax.vmap(LOSSES[recipe.loss])(outputs, targets)
        return losses, jnp.argmax(outputs, axis=-1).astype(jnp.int32)

    losses, predicted = lax.map(chunk, positions.reshape(-1, EVALUATION_CHUNK))
    return losses.ravel(), predicted.ravel()


def observe(
    weights: Any,
    traced: Traced,
    data: Data,
    positions: Int[Array, " batch"],
    *,
    recipe: Recipe,
    observers: Sequence[Observer],
) -> dict[str, Float[Array, " layers"]]:
    """What the observers measure on one fixed batch of training examples, in evaluation mode."""
    filled = fill_traced(recipe, traced)
    batch, _ = _batch(filled, data, positions)
    network = eqx.nn.inference_mode(network_of(filled, weights))
    snapshot = Snapshot(network, lambda network: objective(network, filled, batch, None))
    return {
        name: values
        for observer in observers
        for name, values in observer.measure(snapshot).items()
    }


def padded(positions: np.ndarray, multiple: int, fill: int) -> np.ndarray:
    """The positions with `fill` appended up to a multiple of a number."""
    short = -len(positions) % multiple
    return np.concatenate([positions, np.full(short, fill, positions.dtype)])
