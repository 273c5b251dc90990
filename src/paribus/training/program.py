"""The compiled programs of a run: start, train some steps, evaluate examples, observe.

Written once, for one run; each says which of its arguments have a row for each run where several
runs share it. A program depends on the recipe's *static* part alone (structure, shapes, batch
size, which terms are there); learning rate, decay, momentum, dropout rate and penalty
coefficients enter as arrays. The number of steps of a call is an argument too, so a call may be
short or long without compiling again and without changing a bit of the result.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from paribus.models.base import BatchNetwork, layers_of, named_weights, skeleton
from paribus.objectives.losses import loss_of
from paribus.objectives.penalties import own_penalty, penalty
from paribus.optimizers.schedules import rate_factor
from paribus.spec import fill_traced
from paribus.training.batch import (
    Batch,
    Data,
    Drawn,
    in_parts,
    inputs_of,
    keys_of,
    read,
    shares_of,
    take,
)
from paribus.training.recipe import Recipe

Traced = Mapping[str, Float[Array, ""]]
"""Hyper-parameters by dotted path in the recipe."""

EVALUATION_CHUNK = 1024
"""Examples evaluated at once, at most: efficient products that stay in the cache."""


class Feed(NamedTuple):
    """What the steps of some epochs read.

    `order` gives the positions of each step's examples, -1 where the last batch is not full; of a
    full batch one row, for all steps. `dropout` and `augmentation` are the keys of the run's
    streams of dropout masks and of changes to images.
    """

    data: Data
    order: Int[Array, "steps batch"]
    dropout: UInt32[Array, " 2"]
    augmentation: UInt32[Array, " 2"]


class State(NamedTuple):
    """What training carries from step to step.

    `losses` is the sum of the objective over the examples of each epoch that the feed covers.
    """

    weights: Any
    optimizer: Any
    step: Int[Array, ""]
    losses: Float[Array, " epochs"]


def network_of(recipe: Recipe, weights: Any) -> Any:
    """The recipe's network with these weights (arrays where its weights are, None elsewhere)."""
    facts = recipe.data.facts()
    return eqx.combine(weights, skeleton(recipe.model, facts.shape, facts.outputs))


def start(weights: Any, traced: Traced, *, recipe: Recipe) -> State:
    """The state before the first step."""
    recipe = fill_traced(recipe, traced)
    rule = recipe.optimizer.transformation(recipe.optimizer.learning_rate)
    losses = jnp.zeros(recipe.epochs_per_feed, jnp.dtype(recipe.precision))
    return State(weights, rule.init(weights), jnp.zeros((), jnp.int32), losses)


def train(
    state: State,
    traced: Traced,
    feed: Feed,
    span: Int[Array, " 2"],
    *,
    recipe: Recipe,
) -> State:
    """The state after the steps span[0] .. span[1]-1 of a feed.

    None is taken after an epoch that ends the run (`ends_run`), whatever the call.
    """
    filled = fill_traced(recipe, traced)
    step = partial(_step, recipe=filled, feed=feed)
    if recipe.epochs_per_feed == 1:
        return lax.fori_loop(span[0], span[1], step, state)
    epochs = jnp.arange(recipe.epochs_per_feed)

    def goes_on(at: tuple[Array, State]) -> Array:
        index, state = at
        done = epochs < index // recipe.steps_per_epoch
        return (index < span[1]) & ~jnp.any(done & ends_run(filled, state.losses))

    def body(at: tuple[Array, State]) -> tuple[Array, State]:
        return at[0] + 1, step(*at)

    return lax.while_loop(goes_on, body, (span[0], state))[1]


def ends_run(recipe: Recipe, losses: Any) -> Any:
    """Whether epochs of these sums of losses are the last: not finite, or at the threshold."""
    goes_on = abs(losses) < np.inf  # not so for NaN
    if recipe.loss_threshold is not None:
        goes_on &= losses > recipe.loss_threshold * recipe.train_examples
    return ~goes_on


def _step(index: Int[Array, ""], state: State, *, recipe: Recipe, feed: Feed) -> State:
    row = index if recipe.steps_per_epoch > 1 else 0
    positions = lax.dynamic_index_in_dim(feed.order, row, keepdims=False)
    shares, count = shares_of(recipe, positions)
    drawn = Drawn(positions, shares, keys_of(feed.dropout, state.step, len(positions)))
    if recipe.augmentation:
        keys = keys_of(feed.augmentation, state.step, len(positions))
        drawn = drawn._replace(augmentation=keys)
    value, gradient = _slopes(state.weights, recipe, feed.data, drawn)
    factor = rate_factor(
        recipe.optimizer.schedule, state.step, recipe.steps_per_epoch, recipe.epochs
    )
    rule = recipe.optimizer.transformation(recipe.optimizer.learning_rate * factor)
    updates, optimizer = rule.update(gradient, state.optimizer, state.weights)
    weights = optax.apply_updates(state.weights, updates)
    losses = state.losses.at[index // recipe.steps_per_epoch].add(value * count)
    return State(weights, optimizer, state.step + 1, losses)


def _slopes(
    weights: Any, recipe: Recipe, data: Data, drawn: Drawn
) -> tuple[Float[Array, ""], Any]:
    """The objective of a batch and its gradient, added up over parts of the batch.

    The parts are of the size that the model asks for, a function of the batch size alone.
    """
    size = len(drawn.positions)
    parts = -(-size // _at_once(recipe, size))

    def slopes(function: Callable[[Any], Any]) -> tuple[Float[Array, ""], Any]:
        return jax.value_and_grad(lambda weights: function(network_of(recipe, weights)))(weights)

    def of_part(drawn: Drawn) -> tuple[Float[Array, ""], Any]:
        batch = read(recipe, data, drawn)
        return slopes(lambda network: data_term(network, recipe, batch, drawn.dropout))

    def add(total: Any, drawn: Drawn) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, total, of_part(drawn)), None

    if parts == 1:
        batch = read(recipe, data, drawn)
        return slopes(lambda network: objective(network, recipe, batch, drawn.dropout))
    start = slopes(lambda network: penalty_of(network, recipe))
    return lax.scan(add, start, in_parts(drawn, parts))[0]


def _at_once(recipe: Recipe, most: int) -> int:
    """How many examples are computed at once."""
    return min(most, recipe.model.examples_at_once) if jax.default_backend() == "cpu" else most


def objective(
    network: Any, recipe: Recipe, batch: Batch, keys: PRNGKeyArray | None
) -> Float[Array, ""]:
    """What a step minimizes: the mean loss of the batch's examples, plus the penalties.

    With `keys` (one for each example) the network trains: dropout is on. Without, it is off.
    """
    return data_term(network, recipe, batch, keys) + penalty_of(network, recipe)


def data_term(
    network: Any, recipe: Recipe, batch: Batch, keys: PRNGKeyArray | None
) -> Float[Array, ""]:
    """The batch's part of the objective: each example's loss times its share."""
    outputs = outputs_of(network, batch.inputs, keys)
    losses = jax.vmap(loss_of(recipe.loss))(outputs, batch.targets)
    return jnp.sum(losses * batch.shares)


def penalty_of(network: Any, recipe: Recipe) -> Float[Array, ""]:
    """The recipe's penalties on a network's weights."""
    weights = [layer.weight for _, layer in layers_of(network)]
    dtype = jnp.dtype(recipe.precision)
    total = penalty(recipe.penalties, weights) if weights else jnp.zeros((), dtype)
    if recipe.penalties.own is None:
        return total
    return total + own_penalty(recipe.penalties.own, named_weights(network)).astype(dtype)


def outputs_of(
    network: Any, inputs: Float[Array, " batch *shape"], keys: PRNGKeyArray | None
) -> Float[Array, "batch outputs"]:
    """A network's outputs for a batch; with `keys`, one for each example, it trains.

    A network is written for one example; a `BatchNetwork` computes a batch in its own way.
    """
    ours = isinstance(network, BatchNetwork)
    if keys is None or (ours and not _is_random(network)):
        network, keys = eqx.nn.inference_mode(network), None
    if ours:
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
    network = network_of(recipe, weights)

    def chunk(positions: Int[Array, " chunk"]) -> tuple[Array, Array]:
        raw, targets = take(data, positions)
        outputs = outputs_of(network, inputs_of(recipe, raw), None)
        losses = jax.vmap(loss_of(recipe.loss))(outputs, targets)
        return losses, jnp.argmax(outputs, axis=-1).astype(jnp.int32)

    at_once = _at_once(recipe, EVALUATION_CHUNK)
    losses, predicted = lax.map(chunk, positions.reshape(-1, at_once))
    return losses.ravel(), predicted.ravel()


class Program(NamedTuple):
    """A function to compile: `axes` as of `jax.vmap`, 0 where an argument has a row per run.

    `donated` arguments are used up by each call.
    """

    function: Callable[..., Any]
    axes: tuple[Any, ...]
    donated: tuple[int, ...] = ()


START = Program(start, (0, 0))
TRAIN = Program(train, (0, 0, Feed(None, 0, 0, 0), None), donated=(0,))  # pyright: ignore[reportArgumentType] - axes in place of arrays
EVALUATE = Program(evaluate, (0, None, 0))


def padded(positions: np.ndarray, multiple: int, fill: int) -> np.ndarray:
    """The positions with `fill` appended up to a multiple of a number."""
    short = -len(positions) % multiple
    return np.concatenate([positions, np.full(short, fill, positions.dtype)])
