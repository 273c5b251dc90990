"""Size of the gradient, layer by layer."""

from collections.abc import Mapping
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.models.base import layers_of
from paribus.probes.base import Probe
from paribus.snapshot import Snapshot


class GradientNorm(Probe):
    """`gradient/norm`: Euclidean norm of the gradient by each layer's weights (not biases)."""

    kind: Literal["gradient_norm"] = "gradient_norm"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        gradient = eqx.filter_grad(snapshot.loss)(snapshot.network)
        norms = [jnp.linalg.norm(layer.weight.ravel()) for _, layer in layers_of(gradient)]
        return {"gradient/norm": jnp.stack(norms)}
