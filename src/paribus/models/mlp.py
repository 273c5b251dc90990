"""Multilayer perceptrons: blocks of linear layer, activation, dropout, then a linear layer."""

import math
from itertools import pairwise
from typing import Literal

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from paribus.errors import Fault
from paribus.models.activations import AnyActivation, activation_faults
from paribus.models.base import BatchNetwork, HiddenLayer, Model
from paribus.models.dense import Dense
from paribus.spec import Count, Share


class MLP(Model):
    """A multilayer perceptron on the flattened input.

    `hidden` gives the widths of the hidden layers; () is a linear model (softmax regression).
    `dropout` is the probability of zeroing a hidden unit in training. `output="softmax"` ends the
    network in a softmax, whose result the loss takes for logits: a classic mistake, here to be
    studied.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Count, ...] = (128,)
    activation: AnyActivation = "relu"
    dropout: Share = 0.0
    output: Literal["logits", "softmax"] = "logits"

    def faults(self, shape: tuple[int, ...], outputs: int) -> list[Fault]:  # noqa: ARG002 - every model is asked the same
        """What keeps this network from being built."""
        return activation_faults(self.activation)

    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        widths = (math.prod(shape), *self.hidden, outputs)
        return _Network(Dense(widths, self.activation, self.dropout), self.output == "softmax")

    def multiplications(self, shape: tuple[int, ...], outputs: int) -> int:
        widths = (math.prod(shape), *self.hidden, outputs)
        return sum(inputs * width for inputs, width in pairwise(widths))


class _Network(BatchNetwork):
    dense: Dense
    softmax: bool = eqx.field(static=True)

    def batch(
        self, inputs: Float[Array, " examples *shape"], keys: PRNGKeyArray | None = None
    ) -> Float[Array, "examples outputs"]:
        outputs = self.dense(inputs.reshape(len(inputs), -1).T, keys).T
        return jax.nn.softmax(outputs, axis=-1) if self.softmax else outputs

    def hidden(self, inputs: Float[Array, " examples *shape"]) -> tuple[HiddenLayer, ...]:
        return self.dense.hidden(inputs.reshape(len(inputs), -1).T)
