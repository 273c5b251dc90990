"""Adam and AdamW."""

from typing import Annotated, Any, Literal

import optax
from pydantic import Field, Strict

from paribus.optimizers.base import Optimizer
from paribus.spec import Coefficient, is_absent

Decay = Annotated[float, Strict(), Field(ge=0, lt=1)]
Tiny = Annotated[float, Strict(), Field(gt=0, le=1)]


class Adam(Optimizer):
    """Adam, with weight decay coupled as in PyTorch: it is added to the gradient.

    https://arxiv.org/abs/1412.6980
    """

    kind: Literal["adam"] = "adam"
    b1: Decay = 0.9
    b2: Decay = 0.999
    epsilon: Tiny = 1e-8
    weight_decay: Coefficient = 0.0

    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        parts = []
        if not is_absent(self.weight_decay):
            parts.append(optax.add_decayed_weights(self.weight_decay))
        parts.append(optax.scale_by_adam(self.b1, self.b2, self.epsilon))
        return optax.chain(*parts, optax.scale(-learning_rate))


class AdamW(Optimizer):
    """Adam with decoupled weight decay: p <- p - learning_rate * weight_decay * p beside it.

    https://arxiv.org/abs/1711.05101; the default decay is PyTorch's.
    """

    kind: Literal["adamw"] = "adamw"
    b1: Decay = 0.9
    b2: Decay = 0.999
    epsilon: Tiny = 1e-8
    weight_decay: Coefficient = 0.01

    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        parts = [optax.scale_by_adam(self.b1, self.b2, self.epsilon)]
        if not is_absent(self.weight_decay):
            parts.append(optax.add_decayed_weights(self.weight_decay))
        return optax.chain(*parts, optax.scale(-learning_rate))
