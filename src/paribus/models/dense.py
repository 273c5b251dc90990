"""Dense layers, with the units of a batch in columns: one row for each unit.

Every product then has its operands as a fast matrix library wants them. With examples in rows the
gradient of a weight needs one of the two transposed, which XLA leaves to a slower routine: 1.3
times the time, measured on CPUs.
"""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from paribus.models.activations import AnyActivation, activation_of
from paribus.models.base import HiddenLayer, linear
from paribus.spec import is_absent


class Dense(eqx.Module):
    """Linear layers with the activation and dropout after all but the last."""

    layers: tuple[eqx.nn.Linear, ...]
    dropout: eqx.nn.Dropout | None
    activation: AnyActivation = eqx.field(static=True)

    def __init__(self, widths: tuple[int, ...], activation: AnyActivation, dropout: Any) -> None:
        self.layers = tuple(map(linear, widths, widths[1:]))
        self.dropout = None if is_absent(dropout) else eqx.nn.Dropout(dropout)
        self.activation = activation

    def __call__(
        self, units: Float[Array, "inputs examples"], keys: PRNGKeyArray | None
    ) -> Float[Array, "outputs examples"]:
        *hidden, last = self.layers
        for number, layer in enumerate(hidden):
            units = activation_of(self.activation)(_dense(layer, units))
            if self.dropout is not None:
                units = _dropped(self.dropout, units, keys, number)
        return _dense(last, units)

    def hidden(self, units: Float[Array, "inputs examples"]) -> tuple[HiddenLayer, ...]:
        """The hidden layers in evaluation: without dropout."""
        found = []
        for layer in self.layers[:-1]:
            sums = _dense(layer, units)
            units = activation_of(self.activation)(sums)
            found.append(HiddenLayer(self.activation, sums.T[:, :, None]))
        return tuple(found)


def _dense(
    layer: eqx.nn.Linear, units: Float[Array, "inputs examples"]
) -> Float[Array, "outputs examples"]:
    assert layer.bias is not None
    return layer.weight @ units + layer.bias[:, None]


def _dropped(
    dropout: eqx.nn.Dropout,
    units: Float[Array, "width examples"],
    keys: PRNGKeyArray | None,
    number: int,
) -> Float[Array, "width examples"]:
    if keys is None:
        return dropout(units)  # as it is, in evaluation; in training an error of Equinox's

    def one(unit: Any, key: PRNGKeyArray) -> Any:
        return dropout(unit, key=jax.random.fold_in(key, number))

    return jax.vmap(one, in_axes=(1, 0), out_axes=1)(units, keys)
