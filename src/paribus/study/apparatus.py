"""What a study has to know of how its runs are trained: by our engine, or by a user's function.

The one seam between the two: `paribus.study.native` and `paribus.study.foreign` stand behind it,
and what plans, counts, stores and compares runs asks here instead of looking into their recipes.
Who does the training is chosen in `paribus.study.engine`.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from paribus.analyses.base import Analysis
from paribus.claims import AnyClaim
from paribus.data.base import DataSpec
from paribus.design.adaptive import Adaptive
from paribus.design.confound import Case
from paribus.design.differences import Kind
from paribus.design.factor import Factor
from paribus.design.grid import Condition, Design
from paribus.errors import Fault
from paribus.probes.base import Probe
from paribus.spec import Spec

Resolved = Sequence[tuple[Condition, Spec]]
"""Every condition of a study with its recipe."""


@dataclass(frozen=True)
class Extent:
    """How much a run of a recipe is, as far as that is known before it is trained.

    Runs of one `cohort` share what is costly to set up, and take the same time; `cost` compares
    runs of one study. `parameters`, optimizer `steps` and `epochs` are None where only the user's
    own code knows them.
    """

    cohort: Hashable
    cost: float
    parameters: int | None = None
    steps: int | None = None
    epochs: int | None = None


class Declared(Protocol):
    """A study at one scale, as far as it matters to how its runs are trained."""

    @property
    def recipe(self) -> Spec: ...
    @property
    def factors(self) -> tuple[Factor, ...]: ...
    @property
    def design(self) -> Design | Adaptive: ...
    @property
    def probes(self) -> tuple[Probe, ...]: ...
    @property
    def analyses(self) -> tuple[Analysis, ...]: ...
    @property
    def tested(self) -> tuple[AnyClaim, ...]: ...


class Apparatus(ABC):
    """How the runs of a study are trained, as far as that concerns its plan.

    `grouped` is what a cohort of its runs is called.
    """

    grouped: str

    @abstractmethod
    def faults(self, study: Declared, found: Resolved) -> list[Fault]:
        """What of a study's declaration does not fit how its runs are trained."""

    @abstractmethod
    def compared(self, found: Resolved) -> tuple[list[Case], dict[Kind, list[Any]]]:
        """The conditions as they are looked through for confounds; what follows from each."""

    @abstractmethod
    def extent(self, recipe: Spec) -> Extent:
        """How much a run of a recipe is."""

    @abstractmethod
    def made_by(self, recipe: Spec) -> Mapping[str, Any]:
        """What a run's key is made of besides recipe, data and replicate, JSON-ready."""

    @abstractmethod
    def primary(self, study: Declared, measured: Sequence[str]) -> str:
        """The metric that tables and charts show first, given what runs have measured so far."""

    @abstractmethod
    def notices(self, recipes: Sequence[Spec]) -> list[str]:
        """What a user should know of such recipes before training."""


def data_of(recipe: Spec) -> DataSpec | None:
    """The bare declaration of a recipe's data; None where only the user's own code knows it."""
    data = getattr(recipe, "data", None)
    return data.bare() if isinstance(data, DataSpec) else None


def done_to_data(recipe: Spec) -> dict[str, Any]:
    """What a recipe says is done to its data after they are loaded, by the name of the field.

    As JSON; without what says that nothing is done.
    """
    data, bare = getattr(recipe, "data", None), data_of(recipe)
    if not isinstance(data, DataSpec) or bare is None:
        return {}
    stored = bare.as_json()
    return {name: value for name, value in data.as_json().items() if value != stored[name]}
