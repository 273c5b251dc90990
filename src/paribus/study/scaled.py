"""A study at one scale: what is planned, trained and reported, with nothing left open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from paribus.design.factor import Factor
from paribus.design.grid import Condition, Design, conditions
from paribus.errors import DeclarationError, Fault
from paribus.probes.base import Probe
from paribus.spec import Spec
from paribus.training.recipe import Recipe

RESERVED = frozenset(
    {
        *("diverged_epoch", "epoch", "key", "layer", "metric", "model_steps", "parameters"),
        *("predicted", "replicate", "status", "stored", "true", "value"),
    }
)
"""Words that results use for themselves: names of dims, columns and facts of a run."""


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
    """A study with its recipe, factors and replicates at one scale."""

    name: str
    scale: str
    question: str
    recipe: Recipe
    factors: tuple[Factor, ...]
    replicates: int
    design: Design = "factorial"
    probes: tuple[Probe, ...] = ()
    description: str = ""
    source: str = ""
    reported: Reported | None = None
    notes: tuple[str, ...] = ()
    command: str = ""

    def resolved(self) -> list[tuple[Condition, Recipe]]:
        """Every condition with its recipe.

        Raises `DeclarationError` with the faults of all conditions together.
        """
        self._check_factors()
        found, faults = [], []
        for condition in conditions(self.factors, self.design):
            try:
                found.append((condition, self.recipe.with_fields(condition.sets)))
            except DeclarationError as error:
                labels = ", ".join(f"{name}={label}" for name, label in condition.labels.items())
                faults += [Fault(f"{labels}: {one.path}", one.problem) for one in error.faults]
        if faults:
            raise DeclarationError(f"Study {self.name!r}, scale {self.scale!r}", faults)
        return found

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
        if faults:
            raise DeclarationError(f"Study {self.name!r}, scale {self.scale!r}", faults)

    @property
    def primary(self) -> str:
        """The metric that tables and charts show first."""
        return "test/accuracy" if self.recipe.data.facts().classification else "test/loss"

    def document(self) -> dict[str, Any]:
        """The study as JSON-ready data: what a report needs without this declaration."""
        reported = None
        if self.reported is not None:
            reported = {
                "metric": self.reported.metric,
                "values": dict(self.reported.values),
                "source": self.reported.source,
            }
        return {
            "name": self.name,
            "scale": self.scale,
            "question": self.question,
            "description": self.description,
            "source": self.source,
            "notes": list(self.notes),
            "factors": [_factor_document(factor) for factor in self.factors],
            "design": self.design,
            "recipe": self.recipe.as_json(),
            "replicates": self.replicates,
            "probes": [probe.as_json() for probe in self.probes],
            "primary": self.primary,
            "reported": reported,
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


def _plain(value: Any) -> Any:
    """A level's value as JSON-ready data."""
    if isinstance(value, Spec):
        return value.as_json()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value
