"""The weights themselves, layer by layer, and how far they have moved."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from paribus.errors import Fault
from paribus.models.base import Model, layers_of, named_weights
from paribus.probes.base import LAYERS, Probe, Quantities, no_layers
from paribus.snapshot import Snapshot


class WeightNorm(Probe):
    """`weight/norm` and `weight/mean`: Euclidean norm and mean of each layer's weights."""

    QUANTITIES: ClassVar[Quantities] = {"weight/norm": LAYERS, "weight/mean": LAYERS}

    kind: Literal["weight_norm"] = "weight_norm"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        weights = _weights(snapshot.network)
        return {
            "weight/norm": jnp.stack([jnp.linalg.norm(weight) for weight in weights]),
            "weight/mean": jnp.stack([jnp.mean(weight) for weight in weights]),
        }


class UpdateRatio(Probe):
    """`update/ratio`: how far each layer's weights moved in the last epoch, as part of their size.

    ||w_e - w_(e-1)|| / ||w_(e-1)|| with Euclidean norms, biases left out. Not measured before
    training, nor where a run ends inside of several epochs that are trained at once.
    """

    QUANTITIES: ClassVar[Quantities] = {"update/ratio": LAYERS}
    NEEDS = frozenset({"previous"})

    kind: Literal["update_ratio"] = "update_ratio"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        return {"update/ratio": _relative_change(snapshot.network, snapshot.previous)}


class WeightChange(Probe):
    """How far each layer's weights (not biases) are from where training started.

    - `change/norm`: ||w - w_0||
    - `change/relative_norm`: ||w - w_0|| / ||w_0||
    """

    QUANTITIES: ClassVar[Quantities] = {"change/norm": LAYERS, "change/relative_norm": LAYERS}
    NEEDS = frozenset({"initial"})

    kind: Literal["weight_change"] = "weight_change"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        return {
            "change/norm": _change(snapshot.network, snapshot.initial),
            "change/relative_norm": _relative_change(snapshot.network, snapshot.initial),
        }


class FirstLayerChange(Probe):
    """`change/first_layer`: the first layer's weights minus those that training started from.

    The whole matrix, (outputs, inputs); of a convolution with its kernels flattened.
    """

    QUANTITIES: ClassVar[Quantities] = {"change/first_layer": ("unit", "input")}
    NEEDS = frozenset({"initial"})

    kind: Literal["first_layer_change"] = "first_layer_change"

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        return no_layers(model, shape, outputs)

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        now, start = _weights(snapshot.network)[0], _weights(snapshot.initial)[0]
        return {"change/first_layer": (now - start).reshape(len(now), -1)}


class Weights(Probe):
    """`weights/all`: every trained number in one row, layer by layer, weights before biases.

    For analyses of several runs, such as the principal components of their paths.
    """

    QUANTITIES: ClassVar[Quantities] = {"weights/all": ("weight",)}

    kind: Literal["weights"] = "weights"

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        parts = named_weights(snapshot.network).values()
        return {"weights/all": jnp.concatenate([part.ravel() for part in parts])}


def _weights(network: Any) -> list[Array]:
    return [layer.weight for _, layer in layers_of(network)]


def _change(network: Any, other: Any) -> Float[Array, " layers"]:
    pairs = zip(_weights(network), _weights(other), strict=True)
    return jnp.stack([jnp.linalg.norm((now - then).ravel()) for now, then in pairs])


def _relative_change(network: Any, other: Any) -> Float[Array, " layers"]:
    sizes = jnp.stack([jnp.linalg.norm(weight.ravel()) for weight in _weights(other)])
    return _change(network, other) / sizes
