"""The course of the learning rate: a factor on it, by optimizer step."""

import math
from typing import Annotated, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from pydantic import Field, Strict

from paribus.spec import Count, Spec

Fraction = Annotated[float, Strict(), Field(gt=0, le=1)]
Epochs = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]


class Constant(Spec):
    """The learning rate as it is, after `warmup` epochs of linear rise."""

    kind: Literal["constant"] = "constant"
    warmup: Epochs = 0.0


class StepDecay(Spec):
    """The rate times `factor` after every `every` epochs (PyTorch's StepLR)."""

    kind: Literal["step"] = "step"
    every: Count
    factor: Fraction = 0.1
    warmup: Epochs = 0.0


class Cosine(Spec):
    """Half a cosine from 1 to `final` over the training, step by step.

    https://arxiv.org/abs/1608.03983, without restarts.
    """

    kind: Literal["cosine"] = "cosine"
    final: Annotated[float, Strict(), Field(ge=0, le=1)] = 0.0
    warmup: Epochs = 0.0


def rate_factor(
    schedule: Constant | StepDecay | Cosine,
    step: Int[Array, ""],
    steps_per_epoch: int,
    epochs: int,
) -> Float[Array, ""] | float:
    """The factor on the learning rate at optimizer step `step` (0 is the first).

    Warm-up rises from 1/n to 1 over its n steps; the rest of the course starts where it ends.
    Computed in the default precision: Optax's schedules divide integers in float32 even where
    everything else is float64.
    """
    warmup = round(schedule.warmup * steps_per_epoch)
    after = jnp.maximum(step - warmup, 0)
    course: Float[Array, ""] | float = 1.0
    match schedule:
        case StepDecay(every=every, factor=factor):
            course = jnp.power(factor, after // (every * steps_per_epoch))
        case Cosine(final=final):
            share = jnp.minimum(after / float(max(1, epochs * steps_per_epoch - warmup)), 1.0)
            course = final + (1 - final) * (1 + jnp.cos(math.pi * share)) / 2
    return jnp.where(step < warmup, (step + 1.0) / warmup, course) if warmup else course
