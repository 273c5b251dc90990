"""How much the loss changes with the input."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.probes.base import Probe, Quantities
from paribus.probes.chunks import in_chunks
from paribus.probes.when import AnyWhen, AtEnd
from paribus.snapshot import Examples, Snapshot


class Sensitivity(Probe):
    """Mean over examples of ||d loss / d x||, the Euclidean norm of an example's input gradient.

    The input is as the network takes it, after normalization; the loss is the example's own,
    without penalties.

    - `sensitivity/test`: over all test examples
    - `sensitivity/train`: over the training examples that are evaluated
    """

    QUANTITIES: ClassVar[Quantities] = {"sensitivity/test": (), "sensitivity/train": ()}

    kind: Literal["sensitivity"] = "sensitivity"
    # All examples forward and backward: every epoch it would take half of training's time.
    when: AnyWhen = AtEnd()

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        def norms(examples: Examples) -> Float[Array, " examples"]:
            def loss(inputs: Float[Array, " examples *shape"]) -> Float[Array, ""]:
                return snapshot.losses(snapshot.network, Examples(inputs, examples.targets)).sum()

            # The gradient of a sum is each example's own: no loss depends on another's input.
            slopes = jax.grad(loss)(examples.inputs)
            return jnp.linalg.norm(slopes.reshape(len(slopes), -1), axis=1)

        return {
            "sensitivity/test": in_chunks(norms, snapshot.test).mean(),
            "sensitivity/train": in_chunks(norms, snapshot.train).mean(),
        }
