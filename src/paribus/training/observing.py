"""What observers are shown of a run, and the compiled program in which they measure."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from paribus.objectives.losses import loss_of
from paribus.snapshot import Examples, Observer, Snapshot
from paribus.spec import fill_traced
from paribus.training.batch import Data, inputs_of, take
from paribus.training.member import Member
from paribus.training.program import Program, Traced, network_of, outputs_of, penalty_of
from paribus.training.recipe import Recipe
from paribus.training.rows import stacked, unstacked


class Seen(NamedTuple):
    """What observers are shown of a run, as far as they need it: weights and positions.

    `initial` are the weights that training started from, `previous` those of an epoch before.
    """

    weights: Any
    initial: Any
    previous: Any
    batch: Any
    train: Any
    test: Any


def observe(
    seen: Seen,
    traced: Traced,
    data: Data,
    *,
    recipe: Recipe,
    observers: Sequence[Observer],
    double: bool = False,
) -> dict[str, Float[Array, "..."]]:
    """What the observers measure, in evaluation mode; `double` measures in float64."""
    if double:
        recipe = recipe.model_copy(update={"precision": "float64"})
    filled = fill_traced(recipe, traced)
    dtype = jnp.dtype(recipe.precision)

    def network(weights: Any) -> Any:
        if weights is None:
            return None
        as_typed = jax.tree.map(lambda weight: weight.astype(dtype), weights)
        return eqx.nn.inference_mode(network_of(filled, as_typed))

    def examples(positions: Int[Array, " examples"]) -> Examples:
        raw, targets = take(data, positions)
        return Examples(inputs_of(filled, raw), targets)

    def losses(network: Any, examples: Examples) -> Float[Array, " examples"]:
        outputs = outputs_of(network, examples.inputs, None)
        return jax.vmap(loss_of(recipe.loss))(outputs, examples.targets)

    snapshot = Snapshot(
        network=network(seen.weights),
        initial=network(seen.initial),
        previous=network(seen.previous),
        batch=examples(seen.batch),
        train=examples(seen.train),
        test=examples(seen.test),
        outputs=partial(outputs_of, keys=None),
        losses=losses,
        penalty=partial(penalty_of, recipe=filled),
    )
    return {
        name: values
        for observer in observers
        for name, values in observer.measure(snapshot).items()
    }


OBSERVE = Program(observe, (0, 0, None))


def seen_besides_weights(
    rows: Sequence[Member], previous: Any, observers: Sequence[Observer]
) -> Seen:
    """What the observers are shown of these runs, as host arrays, but for the weights of now.

    `previous` are the runs' weights of an epoch ago, None where nobody needs them.
    """
    needs = frozenset(need for one in observers for need in one.needs)
    before = [None] * len(rows) if previous is None else unstacked(previous, len(rows))
    return stacked(
        [
            Seen(
                weights=None,
                initial=member.initial if "initial" in needs else None,
                previous=one if "previous" in needs else None,
                batch=member.batch,
                train=member.positions["train"],
                test=member.positions["test"],
            )
            for member, one in zip(rows, before, strict=True)
        ]
    )
