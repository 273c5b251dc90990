"""What the trainer shows of a run, and what it expects of an observer: all that the two share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from jaxtyping import Array, Float

Need = Literal["initial", "previous"]
"""Weights that an observer may need besides those of the moment."""


class Examples(NamedTuple):
    """Examples as a network takes them: (examples, *shape), and their targets."""

    inputs: Float[Array, " examples *shape"]
    targets: Array


class Snapshot(NamedTuple):
    """One run at the end of an epoch, in evaluation mode: no dropout, no augmentation.

    - `network`: the trained network; `initial`: the one that training started from; `previous`:
      the one of an epoch before. `initial` and `previous` only for observers that need them.
    - `batch`: one fixed batch of training examples, the same for all epochs and conditions of a
      replicate; `train`: the training examples that are evaluated; `test`: all test examples
    - `outputs`: maps a network and inputs to the network's outputs
    - `losses`: maps a network and examples to each example's loss, the data term alone
    - `penalty`: maps a network to the penalties
    """

    network: Any
    initial: Any
    previous: Any
    batch: Examples
    train: Examples
    test: Examples
    outputs: Callable[[Any, Float[Array, " examples *shape"]], Float[Array, "examples outputs"]]
    losses: Callable[[Any, Examples], Float[Array, " examples"]]
    penalty: Callable[[Any], Float[Array, ""]]

    def objective(self, network: Any, examples: Examples) -> Float[Array, ""]:
        """What training minimizes, on these examples: their mean loss and the penalties."""
        return self.losses(network, examples).mean() + self.penalty(network)


class Observer(Protocol):
    """What is measured of a run while it trains; hashable, since it is compiled once.

    `measure` is a pure function under `jax.jit`. `axes` names the axes of each array that it
    gives, "layer" for one value per layer, and `coordinates` the places along other axes.
    """

    @property
    def identity(self) -> str:
        """A digest of what is measured and when: two of one identity measure the same."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """Which weights `measure` looks at besides those of the moment."""
        ...

    @property
    def double(self) -> bool:
        """Whether to measure in float64, whatever the run trained in."""
        ...

    @property
    def at_end(self) -> bool:
        """Whether it measures at the end of training only."""
        ...

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        """The axes of each measured array, by name `probe/quantity`."""
        ...

    @property
    def coordinates(self) -> Mapping[str, Sequence[Any]]:
        """The places along axes other than "layer", where they are not simply 0, 1, 2, ..."""
        ...

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at the end of this epoch of `last` (0 is before training)."""
        ...

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        """Arrays by name `probe/quantity`."""
        ...
