"""The curve that a network has fitted to a function of one variable."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from jaxtyping import Array, Float

from paribus.errors import Fault
from paribus.models.base import Model
from paribus.probes.base import Probe, Quantities
from paribus.probes.when import AnyWhen, AtEnd
from paribus.snapshot import Snapshot

EXAMPLES = ("example",)


class Outputs(Probe):
    """The fitted curve and the true one, at the training examples that are evaluated.

    - `outputs/input`: the input as the network takes it, after normalization
    - `outputs/fitted`: the network's output
    - `outputs/target`: what it should be
    """

    QUANTITIES: ClassVar[Quantities] = {
        "outputs/input": EXAMPLES,
        "outputs/fitted": EXAMPLES,
        "outputs/target": EXAMPLES,
    }

    kind: Literal["outputs"] = "outputs"
    when: AnyWhen = AtEnd()

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:  # noqa: ARG002 - a role
        if math.prod(shape) == outputs == 1:
            return []
        problem = f"draws a curve: from one number to one; got examples of shape {shape}"
        advice = "use it with data.Function, or leave the probe out"
        return [Fault("", f"{problem} and {outputs} outputs; {advice}")]

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        inputs, targets = snapshot.train
        fitted = snapshot.outputs(snapshot.network, inputs)
        return {
            "outputs/input": inputs.ravel(),
            "outputs/fitted": fitted.ravel(),
            "outputs/target": targets.ravel().astype(fitted.dtype),
        }
