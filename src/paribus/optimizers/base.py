"""The role of an optimizer's declaration."""

from abc import abstractmethod
from typing import Annotated, Any

import optax
from pydantic import Field

from paribus.optimizers.schedules import Constant, Cosine, StepDecay
from paribus.spec import Rate, Spec


class Optimizer(Spec):
    """Declaration of an update rule, its learning rate and the rate's course over training."""

    learning_rate: Rate
    schedule: Annotated[Constant | Cosine | StepDecay, Field(discriminator="kind")] = Constant()

    @abstractmethod
    def transformation(self, learning_rate: Any) -> optax.GradientTransformation:
        """The rule as an Optax transformation, at the step's own learning rate (an array)."""
