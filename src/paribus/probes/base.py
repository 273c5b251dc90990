"""The role of a probe: a schedule, and a pure function of a snapshot."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jaxtyping import Array, Float

from paribus.errors import Fault
from paribus.models.base import Model, has_layers
from paribus.probes.when import AnyWhen, AtEnd, Every
from paribus.snapshot import Need, Snapshot
from paribus.spec import Spec, digest

Quantities = Mapping[str, tuple[str, ...]]
"""The axes of measured arrays, by name `probe/quantity`."""

LAYERS = ("layer",)
"""Axes of what has one value per layer that holds weights."""


class Probe(Spec):
    """What is measured of one run, and when.

    A kind of probe says in `QUANTITIES` which arrays it gives, by name `probe/quantity`, with
    their axes: () is a single number. `VERSION` is raised whenever its numbers change.
    """

    QUANTITIES: ClassVar[Quantities]
    NEEDS: ClassVar[frozenset[Need]] = frozenset()
    DOUBLE: ClassVar[bool] = False
    VERSION: ClassVar[int] = 1

    when: AnyWhen = Every()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not hasattr(cls, "QUANTITIES"):
            raise TypeError(
                f"probe {cls.__name__} lacks QUANTITIES: the arrays that it gives by name, each "
                "with its axes, such as {'probe/quantity': ('layer',)}"
            )

    @property
    def identity(self) -> str:
        """A digest of what is measured and when."""
        return digest({"probe": self.as_json(), "version": self.VERSION})

    @property
    def title(self) -> str:
        """What two probes of one study may not have in common: the name of its kind, for most."""
        return type(self).__name__

    @property
    def needs(self) -> frozenset[Need]:
        """Which weights are looked at besides those of the moment."""
        return self.NEEDS

    @property
    def double(self) -> bool:
        """Whether to measure in float64."""
        return self.DOUBLE

    @property
    def at_end(self) -> bool:
        """Whether to measure at the end of training only."""
        return isinstance(self.when, AtEnd)

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        """The axes of each measured array."""
        return self.QUANTITIES

    @property
    def coordinates(self) -> Mapping[str, Sequence[Any]]:
        """The places along axes other than "layer"; none for most probes."""
        return {}

    def due(self, epoch: int, last: int) -> bool:
        """Whether to measure at the end of this epoch of `last`."""
        if "previous" in self.needs and epoch == 0:
            return False
        return self.when.due(epoch, last)

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        """What keeps this from being measured of such a network: no layers, for most probes."""
        layered = any("layer" in axes for axes in self.axes.values())
        return no_layers(model, shape, outputs) if layered else []

    @abstractmethod
    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        """Arrays by name, as `QUANTITIES` has them."""


def no_layers(model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
    """The fault of a network without layers that hold weights."""
    if has_layers(model, shape, outputs):
        return []
    problem = "looks at layers, and no module of this network has a `weight`; leave the probe out"
    return [Fault("", problem)]
