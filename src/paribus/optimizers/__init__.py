"""Update rules and learning-rate schedules: declarations that build Optax transformations."""

from paribus.optimizers.adam import Adam, AdamW
from paribus.optimizers.schedules import Constant, Cosine, StepDecay
from paribus.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Constant", "Cosine", "StepDecay"]
