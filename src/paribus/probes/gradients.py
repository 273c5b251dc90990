"""The gradient of the objective on one fixed batch, layer by layer."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.models.base import layers_of, named_weights
from paribus.probes.base import LAYERS, Probe, Quantities
from paribus.snapshot import Snapshot


class GradientNorm(Probe):
    """Gradient of the objective by each layer's weights (not biases), on one fixed batch.

    - `gradient/norm`: its Euclidean norm
    - `gradient/mean`: the mean of its entries, with their signs
    - `gradient/absolute_mean`: the mean of their absolute values
    - `gradient/total_norm`: the norm over all weights and biases together
    """

    QUANTITIES: ClassVar[Quantities] = {
        "gradient/norm": LAYERS,
        "gradient/mean": LAYERS,
        "gradient/absolute_mean": LAYERS,
        "gradient/total_norm": (),
    }
    VERSION = 2

    kind: Literal["gradient_norm"] = "gradient_norm"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        def loss(network: object) -> Float[Array, ""]:
            return snapshot.objective(network, snapshot.batch)

        gradient = eqx.filter_grad(loss)(snapshot.network)
        layers = [layer.weight.ravel() for _, layer in layers_of(gradient)]
        every = named_weights(gradient).values()
        return {
            "gradient/norm": jnp.stack([jnp.linalg.norm(layer) for layer in layers]),
            "gradient/mean": jnp.stack([jnp.mean(layer) for layer in layers]),
            "gradient/absolute_mean": jnp.stack([jnp.mean(jnp.abs(layer)) for layer in layers]),
            "gradient/total_norm": jnp.sqrt(sum(jnp.sum(one**2) for one in every)),
        }
