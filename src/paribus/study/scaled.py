"""A study at one scale: what is planned, trained and reported, with nothing left open."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from paribus.analyses.base import Analysis
from paribus.claims import AnyClaim
from paribus.design.adaptive import FIRST_TRIAL, Adaptive, Tuned
from paribus.design.confound import Case, confounds, consequences
from paribus.design.differences import Difference, Kind
from paribus.design.factor import Factor
from paribus.design.grid import Condition, Design, conditions
from paribus.errors import DeclarationError, Fault
from paribus.figures import AnyFigure
from paribus.functions import Function, as_function
from paribus.probes.base import Probe
from paribus.spec import Spec
from paribus.study.apparatus import Apparatus
from paribus.study.foreign import Foreign, trainer_document
from paribus.study.native import NATIVE

RESERVED = frozenset(
    {
        *("diverged_epoch", "epoch", "key", "layer", "metric", "model_steps", "parameters"),
        *("predicted", "replicate", "status", "stored", "true", "value"),
    }
)
"""Words that results use for themselves: names of dims, columns and facts of a run."""

MOST_RUNS = 1_000_000
"""Runs of a plan: a plan of more would take minutes to make."""


@dataclass(frozen=True)
class Reported:
    """Numbers that a source printed, by condition label, shown beside ours; never a target.

    `values` are in the metric's own unit (an accuracy of 88 % is 0.88).
    """

    metric: str
    values: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class ScaledStudy:
    """A study with its recipe, factors and replicates at one scale.

    `looks` are the numbers of replicates at which its claims may be judged, in their order;
    `replicates` is the number planned now.
    """

    name: str
    scale: str
    question: str
    recipe: Spec
    factors: tuple[Factor, ...]
    replicates: int
    looks: tuple[int, ...]
    trainer: Function | None = None
    design: Design | Adaptive = "factorial"
    probes: tuple[Probe, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    claims: tuple[AnyClaim, ...] = ()
    figures: tuple[AnyFigure, ...] = ()
    description: str = ""
    source: str = ""
    report: str = ""
    reported: Reported | tuple[Reported, ...] | None = None
    notes: tuple[str, ...] = ()
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    command: str = ""

    @property
    def apparatus(self) -> Apparatus:
        """How its runs are trained: by our engine, or by a function of the user's."""
        return NATIVE if self.trainer is None else Foreign(self.trainer)

    def resolved(self) -> list[tuple[Condition, Spec]]:
        """Every condition with its recipe.

        Raises `DeclarationError` with the faults of all conditions together.
        """
        return list(self._resolved)

    @cached_property
    def _resolved(self) -> list[tuple[Condition, Spec]]:
        self._check_factors()
        found, faults = [], []
        for condition in conditions(self.factors, self.grid):
            try:
                found.append((condition, self.recipe.with_fields(condition.sets)))
            except DeclarationError as error:
                labels = ", ".join(f"{name}={label}" for name, label in condition.labels.items())
                faults += [Fault(f"{labels}: {one.path}", one.problem) for one in error.faults]
        if faults:
            raise DeclarationError(f"Study {self.name!r}, scale {self.scale!r}", faults)
        faults = self.apparatus.faults(self, found)
        if faults:
            raise DeclarationError(f"Study {self.name!r}, scale {self.scale!r}", faults)
        return found

    @property
    def grid(self) -> Design:
        """The conditions that there are; an adaptive design chooses among all combinations."""
        return "factorial" if isinstance(self.design, Spec) else self.design

    @property
    def replicate_numbers(self) -> tuple[int, ...]:
        """The replicates of a condition that may be trained: a tuned study has trials besides."""
        trials = self.design.replicates if isinstance(self.design, Tuned) else 0
        return *range(self.replicates), *range(FIRST_TRIAL, FIRST_TRIAL + trials)

    @property
    def tested(self) -> tuple[AnyClaim, ...]:
        """The claims of this scale: those that can be tested on what it keeps."""
        return tuple(one for one in self.claims if not self.claim_faults(one))

    def claim_faults(self, claim: AnyClaim) -> list[Fault]:
        """What keeps a claim from being tested at this scale; a scale may leave levels out."""
        return claim.faults(self._labels)

    @cached_property
    def confounds(self) -> tuple[Difference, ...]:
        """What differs between conditions beyond what the factors are about."""
        return confounds(self.factors, self.recipe, self._compared[0], self.acknowledged)

    @cached_property
    def differences(self) -> dict[str, Any]:
        """Consequences of the factors, and confounds, as they are stored with the study."""
        cases, sizes = self._compared
        follow = consequences(self.factors, self.recipe, cases, sizes)
        return {
            "consequences": [one.as_json() for one in follow],
            "confounds": [one.as_json() for one in self.confounds],
        }

    @cached_property
    def _compared(self) -> tuple[list[Case], dict[Kind, list[Any]]]:
        return self.apparatus.compared(self.resolved())

    @property
    def _labels(self) -> list[Mapping[str, str]]:
        return [one.labels for one in conditions(self.factors, self.grid)]

    def analysis_faults(self, analysis: Analysis) -> list[Fault]:
        """What keeps an analysis from being computed at this scale."""
        return analysis.faults(self.factors, self.probes)

    @property
    def computed(self) -> tuple[Analysis, ...]:
        """The analyses of this scale: those that do not speak of levels which it leaves out."""
        return tuple(one for one in self.analyses if not self.analysis_faults(one))

    def _check_factors(self) -> None:
        faults = [fault for factor in self.factors for fault in factor.faults(self.recipe)]
        names = [factor.name for factor in self.factors]
        faults += [
            Fault("factors", f"two factors named {name!r}; give one of them another `name`")
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
        faults += [
            Fault("factors", f"{name!r} is a word of the results; give the factor a `name`")
            for name in sorted(RESERVED & set(names))
        ]
        faults += _overwritten(self.factors)
        faults += self._size_faults()
        if faults:
            raise DeclarationError(f"Study {self.name!r}, scale {self.scale!r}", faults)

    def _size_faults(self) -> list[Fault]:
        """A plan of more runs than there could ever be time for would not be made in time."""
        counts = [len(factor.labels) for factor in self.factors]
        one_each = 1 + sum(count - 1 for count in counts)
        found = math.prod(counts) if self.grid == "factorial" else one_each
        if found * self.replicates <= MOST_RUNS:
            return []
        problem = f"make {found:,} conditions, in {self.replicates:,} replicates each"
        return [Fault("factors", f"{problem}; allowed are {MOST_RUNS:,} runs in all")]

    @property
    def primary(self) -> str:
        """The metric that tables and charts show first, as far as that is known beforehand."""
        return self.apparatus.primary(self, ())

    def document(self) -> dict[str, Any]:
        """The study as JSON-ready data: what a report needs without this declaration."""
        return {
            "name": self.name,
            "scale": self.scale,
            "question": self.question,
            "description": self.description,
            "source": self.source,
            "report": self.report,
            "notes": list(self.notes),
            "factors": [_factor_document(factor) for factor in self.factors],
            "design": self.design.as_json() if isinstance(self.design, Spec) else self.design,
            "recipe": self.recipe.as_json(),
            "trainer": None if self.trainer is None else trainer_document(self.trainer),
            "replicates": self.replicates,
            "probes": [probe.as_json() for probe in self.probes],
            "identities": [probe.identity for probe in self.probes],
            "analyses": [analysis.as_json() for analysis in self.computed],
            "claims": [
                claim.as_json() | {"sentence": claim.sentence(self._labels)}
                for claim in self.tested
            ],
            "figures": [figure.as_json() for figure in self.figures],
            "primary": self.primary,
            "reported": _reported_document(self.reported),
            "differences": self.differences,
            "command": self.command,
        }


def _overwritten(factors: Sequence[Factor]) -> list[Fault]:
    """A level that a later factor undoes would be a label without its effect."""
    return [
        Fault("factors", f"{later.name!r} sets {path} too, which undoes levels of {factor.name!r}")
        for factor, later in combinations(factors, 2)
        for path in sorted({path for fields in factor.sets.values() for path in fields})
        if any(later.only([label]).overwrites(path) for label in later.labels)
    ]


def _factor_document(factor: Factor) -> dict[str, Any]:
    return {
        "name": factor.name,
        "labels": list(factor.labels),
        "sets": {
            label: {path: _plain(value) for path, value in fields.items()}
            for label, fields in factor.sets.items()
        },
    }


def _reported_document(reported: Reported | tuple[Reported, ...] | None) -> Any:
    """One metric's numbers, a list of several metrics', or none."""
    if isinstance(reported, tuple):
        return [_reported_document(one) for one in reported]
    if reported is None:
        return None
    values = dict(reported.values)
    return {"metric": reported.metric, "values": values, "source": reported.source}


def _plain(value: Any) -> Any:
    """A level's value as JSON-ready data."""
    if isinstance(value, Spec):
        return value.as_json()
    if isinstance(value, Path):
        return value.name  # where it lies is no part of what was trained
    if callable(value):
        return as_function(value).as_json()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value
