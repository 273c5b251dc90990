"""The second phase of a run's training, on the run's own objective."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from paribus.spec import fill_traced
from paribus.training.batch import Data, Drawn, read
from paribus.training.landscape import Landscape
from paribus.training.member import Member
from paribus.training.program import network_of, objective
from paribus.training.recipe import Recipe
from paribus.training.second_phase import Descent, minimize_gradient_norm


def landscape_of(recipe: Recipe, weights: Any) -> Landscape:
    """The objective over all training examples, in evaluation mode, of a vector of weights.

    Besides it is given the data, the positions of the examples, and the traced numbers.
    """
    _, as_tree = ravel_pytree(weights)

    def loss(vector: Float[Array, " parameters"], given: Any) -> Float[Array, ""]:
        data, positions, traced = given
        filled = fill_traced(recipe, traced)
        shares = jnp.full(len(positions), 1 / np.float64(len(positions)))
        batch = read(filled, data, Drawn(positions, shares))
        return objective(network_of(filled, as_tree(vector)), filled, batch, None)

    return Landscape(loss)


def finish(member: Member, weights: Any, landscape: Landscape, data: Data) -> tuple[Any, Descent]:
    """A run's weights after its second phase, and how it went.

    `weights` are host arrays in float64; `data` is the lane's copy of the run's data.
    """
    phase = member.task.recipe.second_phase
    assert phase is not None
    with jax.enable_x64(True):
        vector, as_tree = ravel_pytree(weights)
    given = data, member.splits.train, member.fixed.traced
    start = np.asarray(vector, np.float64)
    descent = minimize_gradient_norm(phase, landscape, given, start, member.task.cancelled)
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, as_tree(jnp.asarray(descent.weights))), descent
