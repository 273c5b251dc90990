"""The role of a probe: a schedule, and a pure function of a snapshot."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated

from jaxtyping import Array, Float
from pydantic import Field

from paribus.probes.when import AtEnd, Every, LogSpaced
from paribus.snapshot import Snapshot
from paribus.spec import Spec


class Probe(Spec):
    """What is measured of one run, layer by layer, and when."""

    when: Annotated[AtEnd | Every | LogSpaced, Field(discriminator="kind")] = Every()

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at the end of this epoch of `last`."""
        return self.when.due(epoch, last)

    @abstractmethod
    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        """Arrays by name `probe/quantity`, one value per layer that holds weights."""
