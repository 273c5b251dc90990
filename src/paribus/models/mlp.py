"""Multilayer perceptrons: blocks of linear layer, activation, dropout, then a linear layer."""

import math
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from paribus.models.activations import ACTIVATIONS, ActivationName
from paribus.models.base import Model, linear
from paribus.spec import Count, Share, is_absent


class MLP(Model):
    """A multilayer perceptron on the flattened input.

    `hidden` gives the widths of the hidden layers; () is a linear model (softmax regression).
    `dropout` is the probability of zeroing a hidden unit in training. `output="softmax"` ends the
    network in a softmax, whose result the loss takes for logits: a classic mistake, here to be
    studied.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Count, ...] = (128,)
    activation: ActivationName = "relu"
    dropout: Share = 0.0
    output: Literal["logits", "softmax"] = "logits"

    def build(self, shape: tuple[int, ...], outputs: int) -> eqx.Module:
        widths = (math.prod(shape), *self.hidden)
        layers: list[Any] = [eqx.nn.Lambda(jnp.ravel)]
        for inputs, width in zip(widths, self.hidden, strict=False):
            layers.append(linear(inputs, width))
            layers.append(eqx.nn.Lambda(ACTIVATIONS[self.activation]))
            if not is_absent(self.dropout):
                layers.append(eqx.nn.Dropout(self.dropout))
        layers.append(linear(widths[-1], outputs))
        if self.output == "softmax":
            layers.append(eqx.nn.Lambda(jax.nn.softmax))
        return eqx.nn.Sequential(layers)
