"""The role of an analysis: a function of several stored runs."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from numpy.typing import NDArray
from pydantic import Field

from paribus.design.factor import Factor
from paribus.errors import Fault
from paribus.snapshot import Observer
from paribus.spec import Spec, digest
from paribus.store.records import Measurement

Weights = Mapping[str, NDArray[Any]]
"""A network's arrays by name: "1.weight", "1.bias", "2.weight", ..."""


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
"""The first part of the names of what an analysis gives."""


@dataclass(frozen=True)
class AnalysedRun:
    """A stored run's place in the study: its key, its labels by factor, its replicate."""

    key: str
    condition: Mapping[str, str]
    replicate: int


@dataclass(frozen=True)
class CheckedGradient:
    """How far an analytic gradient is from a numerical one.

    `layers`: by layer the relative difference, how many coordinates were compared, and how many
    left out at a kink; `overall` is the difference over all layers.
    """

    layers: Mapping[str, tuple[float, int, int]]
    overall: float


class Workbench(Protocol):
    """What an analysis may ask for; arrays are read when asked for, and not kept."""

    @property
    def runs(self) -> Sequence[AnalysedRun]:
        """The finished runs of the study, condition by condition, by replicate."""
        ...

    def measurement(self, key: str, name: str) -> Measurement | None:
        """What was measured of a run; None where it was not."""
        ...

    def weights(self, key: str) -> Weights:
        """A run's final weights."""
        ...

    def evaluate(self, key: str, networks: Iterable[Weights]) -> Mapping[str, NDArray[Any]]:
        """Metrics (`train/loss`, `test/accuracy`, ...) of networks of a run's model.

        On the examples that are evaluated of that run, with its loss; one value for each of the
        networks, which are taken one after the other.
        """
        ...

    def epoch_seconds(self, keys: Sequence[str], repeats: int) -> NDArray[Any]:
        """Seconds of one epoch's training, (repeats, keys): one run at a time, in turn."""
        ...

    def outputs(self, key: str, weights: Weights) -> NDArray[Any]:
        """What a network of a run's model gives for the test examples, (examples, outputs).

        In float64.
        """
        ...

    def step_losses(self, key: str, steps: int) -> NDArray[Any]:
        """The objective of each of the first so many batches of a run, as it was trained."""
        ...

    def first_gradient(self, key: str) -> NDArray[Any]:
        """The gradient of the objective of a run's first batch, in float64, all in one row."""
        ...

    def gradient_check(self, key: str) -> CheckedGradient:
        """The gradient of a run's objective as training begins, against finite differences."""
        ...


class Analysis(Spec):
    """What is computed of several stored runs. `name` tells two of one kind apart.

    A kind of analysis says in `READS` which measurements of probes it is made of. `VERSION` is
    raised whenever its numbers change.
    """

    READS: ClassVar[frozenset[str]] = frozenset()
    VERSION: ClassVar[int] = 1

    name: Name

    def identity(self, runs: Sequence[AnalysedRun], probes: Sequence[Observer]) -> str:
        """A digest of what is computed, of which runs, and of what which probes measured."""
        members = [[run.key, dict(run.condition), run.replicate] for run in runs]
        read = [probe.identity for probe in probes if self.READS & set(probe.axes)]
        content = {"version": self.VERSION, "runs": members, "probes": read}
        return digest(content | {"analysis": self.as_json()})

    def faults(self, factors: Sequence[Factor], probes: Sequence[Observer]) -> list[Fault]:  # noqa: ARG002 - a role
        """What keeps it from being computed in a study of these factors and probes."""
        return []

    @abstractmethod
    def compute(self, workbench: Workbench) -> tuple[Measurement, ...]:
        """What comes of it, named `name/quantity`, with its own axes and their coordinates.

        Raises a `ParibusError` where the runs do not allow it.
        """


def label_of(condition: Mapping[str, str]) -> str:
    """A condition in a few words, as tables and charts have it.

    >>> label_of({"activation": "relu", "hidden": "128"})
    'relu · 128'
    """
    return " · ".join(condition.values()) or "one condition"
