"""Size of the weights, layer by layer."""

from collections.abc import Mapping
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.models.base import layers_of
from paribus.probes.base import Probe
from paribus.snapshot import Snapshot


class WeightNorm(Probe):
    """`weight/norm` and `weight/mean`: Euclidean norm and mean of each layer's weights."""

    kind: Literal["weight_norm"] = "weight_norm"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        weights = [layer.weight.ravel() for _, layer in layers_of(snapshot.network)]
        return {
            "weight/norm": jnp.stack([jnp.linalg.norm(weight) for weight in weights]),
            "weight/mean": jnp.stack([jnp.mean(weight) for weight in weights]),
        }
