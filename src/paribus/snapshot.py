"""What the trainer shows of a run, and what it expects of an observer: all that the two share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Float


class Snapshot(NamedTuple):
    """One run at the end of an epoch.

    `network` is the trained network in evaluation mode. `loss` maps a network to the objective
    (data term and penalties) on one fixed batch of training examples, the same for all epochs and
    conditions of a replicate.
    """

    network: Any
    loss: Callable[[Any], Float[Array, ""]]


class Observer(Protocol):
    """What is measured of a run while it trains; hashable, since it is compiled once.

    `measure` is a pure function under `jax.jit`; it gives arrays with one value per layer.
    """

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at the end of this epoch of `last` (0 is before training)."""
        ...

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, " layers"]]:
        """Arrays by name `probe/quantity`."""
        ...
