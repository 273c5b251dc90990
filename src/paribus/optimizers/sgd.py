"""Stochastic gradient descent."""

from typing import Any, Literal

import optax

from paribus.optimizers.base import Optimizer
from paribus.spec import Coefficient, Share, is_absent


class SGD(Optimizer):
    """Gradient descent with momentum and coupled weight decay, in PyTorch's form.

    g <- g + weight_decay * p;  m <- momentum * m + g;  p <- p - learning_rate * m
    """

    kind: Literal["sgd"] = "sgd"
    momentum: Share = 0.0
    weight_decay: Coefficient = 0.0

    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        parts = []
        if not is_absent(self.weight_decay):
            parts.append(optax.add_decayed_weights(self.weight_decay))
        if not is_absent(self.momentum):
            parts.append(optax.trace(decay=self.momentum))
        return optax.chain(*parts, optax.scale(-learning_rate))
