"""Hidden units that have stopped working: dead ones, and saturated ones."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from pydantic import Field, Strict

from paribus.errors import Fault
from paribus.models.activations import activation_of
from paribus.models.base import BatchNetwork, HiddenLayer, Model, layers_of
from paribus.probes.base import LAYERS, Probe, Quantities
from paribus.probes.chunks import in_chunks
from paribus.snapshot import Examples, Snapshot
from paribus.spec import Count

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "hard_sigmoid": (0.0, 1.0),
        "hard_tanh": (-1.0, 1.0),
        "relu6": (0.0, 6.0),
        "sigmoid": (0.0, 1.0),
        "softsign": (-1.0, 1.0),
        "tanh": (-1.0, 1.0),
    }
)
"""Where activations that are bounded on both sides end."""


class HiddenUnits(Probe):
    """Shares of each hidden layer's units that are dead, and of those that are saturated.

    Looked at are `examples` of the training examples that are evaluated, evenly spaced among
    them (all, where there are fewer). A channel of a convolution is a unit, which is looked at in
    all places of its image, before pooling.

    - `units/dead`: the derivative of the unit's activation is 0 at every example, in the
      precision of the run, so that no gradient passes: a relu whose output is always 0. After Lu,
      Shin, Su and Karniadakis, *Dying ReLU and initialization*, https://arxiv.org/abs/1903.06733
    - `units/saturated`: at a `share` of the examples or more, the unit's output is no further
      from an end of its activation's range than `margin` times the width of the range. After
      Rakitianskaia and Engelbrecht, *Measuring saturation in neural networks*, IEEE SSCI 2015.
      0 for activations that are not bounded on both sides.
    """

    QUANTITIES: ClassVar[Quantities] = {"units/dead": LAYERS, "units/saturated": LAYERS}

    kind: Literal["hidden_units"] = "hidden_units"
    examples: Count = 500
    margin: Annotated[float, Strict(), Field(gt=0, lt=0.5, allow_inf_nan=False)] = 0.01
    share: Annotated[float, Strict(), Field(gt=0, le=1, allow_inf_nan=False)] = 0.95

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        network = model.build(shape, outputs)
        if not isinstance(network, BatchNetwork):
            problem = "looks at hidden layers, which a network of your own does not tell"
            return [Fault("", f"{problem}; leave the probe out, or measure with probes.Own")]
        if not isinstance(getattr(model, "activation", ""), str):
            problem = "cannot tell where an activation of your own ends, and so what is saturated"
            return [Fault("", f"{problem}; leave the probe out, or measure with probes.Own")]
        if len(layers_of(network)) > 1:
            return []
        problem = "looks at hidden layers, and the model has none: got a single layer"
        return [Fault("", f"{problem}; give it a hidden layer, or leave the probe out")]

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        def look(examples: Examples) -> list[_Look]:
            return [
                _look(layer, self.margin) for layer in snapshot.network.hidden(examples.inputs)
            ]

        layers = in_chunks(look, evenly_spaced(snapshot.train, self.examples))
        # The slack keeps rounding from deciding where the share is met exactly.
        least = self.share - 1e-6
        dead = [~jnp.any(one.passes, axis=0) for one in layers]
        saturated = [jnp.mean(one.at_an_end, axis=0) >= least for one in layers]
        return {
            "units/dead": _shares(dead, snapshot.train.inputs.dtype),
            "units/saturated": _shares(saturated, snapshot.train.inputs.dtype),
        }


def evenly_spaced(examples: Examples, most: int) -> Examples:
    """At most so many of the examples, from all over their order, which may be that of classes."""
    count = len(examples.targets)
    if most >= count:
        return examples
    at = np.arange(most) * count // most
    return Examples(examples.inputs[at], examples.targets[at])


class _Look(NamedTuple):
    """Whether a unit passes gradient at an example; the share of its places that are at an end."""

    passes: Bool[Array, "examples units"]
    at_an_end: Float[Array, "examples units"]


def _look(layer: HiddenLayer, margin: float) -> _Look:
    activation, sums = activation_of(layer.activation), layer.sums
    values, slopes = jax.jvp(activation, (sums,), (jnp.ones_like(sums),))
    passes = jnp.any(slopes != 0, axis=-1)
    name = layer.activation
    if not isinstance(name, str) or name not in RANGES:
        return _Look(passes, jnp.zeros(passes.shape, sums.dtype))
    low, high = RANGES[name]
    near = margin * (high - low)
    at_an_end = (values <= low + near) | (values >= high - near)
    return _Look(passes, jnp.mean(at_an_end, axis=-1, dtype=sums.dtype))


def _shares(
    layers: Sequence[Bool[Array, " units"]], dtype: np.dtype[Any]
) -> Float[Array, " layers"]:
    return jnp.stack([jnp.mean(units, dtype=dtype) for units in layers])
