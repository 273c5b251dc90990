"""When a probe measures."""

import math
from typing import Annotated, Literal

from pydantic import Field

from paribus.spec import Count, Spec


class Every(Spec):
    """At epoch 0, at every `epochs`-th epoch and at the last."""

    kind: Literal["every"] = "every"
    epochs: Count = 1

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at this epoch."""
        return epoch % self.epochs == 0 or epoch == last


class LogSpaced(Spec):
    """At about `count` epochs between 1 and the last, evenly spaced on a log scale."""

    kind: Literal["log_spaced"] = "log_spaced"
    count: Count = 10

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at this epoch."""
        steps = max(1, self.count - 1)
        points = {round(math.exp(math.log(last) * i / steps)) for i in range(self.count)}
        return epoch in points | {last}


class AtEnd(Spec):
    """After the last epoch only."""

    kind: Literal["at_end"] = "at_end"

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at this epoch."""
        return epoch == last


AnyWhen = Annotated[AtEnd | Every | LogSpaced, Field(discriminator="kind")]
