"""Which conditions a claim speaks of, and how they are found among those of a study.

A label names a level where the claim concerns one factor; a mapping (factor -> label) names
levels of several. Several labels stand for each of them, and a factor that is not named for each
of its levels.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any

from pydantic import BeforeValidator

from paribus.errors import DeclarationError, Fault, near_match

Condition = Mapping[str, str]
"""The label of every factor, by the factor's name."""
Link = tuple[Condition, ...]
"""Conditions that are set against each other, in the order that the family gives them."""


def _label(value: Any) -> str:
    if isinstance(value, bool | int | float):
        raise ValueError(f"got {value!r}; labels are text: write '{value}'")
    if not isinstance(value, str):
        raise ValueError(f"got {value!r}; should be the label of a level, as text")
    return value


def _labels(value: Any) -> tuple[str, ...]:
    labels = tuple(_label(one) for one in value)
    if not labels:
        raise ValueError("got no labels; name one or more")
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise ValueError(f"names {', '.join(map(repr, repeated))} more than once")
    return labels


def _one_or_more(value: Any) -> str | tuple[str, ...]:
    return _labels(value) if isinstance(value, list | tuple) else _label(value)


def _by_factor(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"got {value!r}; should be a mapping, factor -> label")
    return {_label(factor): _one_or_more(labels) for factor, labels in value.items()}


def _selection(value: Any) -> Any:
    return _by_factor(value) if isinstance(value, Mapping) else _one_or_more(value)


ByFactor = Annotated[Mapping[str, str | Sequence[str]], BeforeValidator(_by_factor)]
"""Labels by the name of their factor; an empty mapping leaves all open."""
Selection = Annotated[
    str | Sequence[str] | Mapping[str, str | Sequence[str]], BeforeValidator(_selection)
]
"""A label, several, or labels by factor; an empty mapping is every condition."""


@dataclass(frozen=True)
class Scope:
    """The conditions of a study at the levels that a claim's `at` keeps.

    `factor` is the one whose levels the claim names by label alone, None where it names none so.
    """

    conditions: tuple[Condition, ...]
    at: Mapping[str, tuple[str, ...]]
    factor: str | None

    def named(self, selection: Any) -> dict[str, tuple[str, ...]]:
        """The labels of a selection, by factor."""
        if isinstance(selection, Mapping):
            return {name: labels_of(labels) for name, labels in selection.items()}
        assert self.factor is not None, "labels alone were resolved to no factor"
        return {self.factor: labels_of(selection)}

    def points(self, selection: Any) -> list[Condition]:
        """Every combination of the labels that a selection names."""
        named = self.named(selection)
        return [dict(zip(named, labels, strict=True)) for labels in product(*named.values())]

    def singles(self, selection: Any) -> tuple[Link, ...]:
        """Each condition of a selection, alone."""
        return tuple(link for point in self.points(selection) for link in self.links((point,)))

    def pairs(self, first: Any, second: Any) -> tuple[Link, ...]:
        """Each condition of one selection with each of another, all else the same."""
        sides = product(self.points(first), self.points(second))
        return tuple(link for pair in sides for link in self.links(pair))

    def links(self, points: Sequence[Condition]) -> tuple[Link, ...]:
        """The conditions at these points, once for every combination of the other factors."""
        own = {name for point in points for name in point}
        found: dict[tuple[str, ...], dict[int, Condition]] = {}
        for condition in self.conditions:
            rest = tuple(label for name, label in condition.items() if name not in own)
            for place, point in enumerate(points):
                if all(condition[name] == label for name, label in point.items()):
                    found.setdefault(rest, {})[place] = condition
        return tuple(
            tuple(members[place] for place in range(len(points)))
            for members in found.values()
            if len(members) == len(points)
        )


def scope(
    conditions: Sequence[Condition], at: ByFactor, selections: Mapping[str, Any]
) -> tuple[Scope, list[Fault]]:
    """The conditions that a claim can speak of, and every factor and label that is not there.

    `selections` are the claim's own, by the name of their field.
    """
    levels = _levels(conditions)
    given = {name: labels_of(labels) for name, labels in at.items()}
    faults = _unknown("at", given, levels)
    for field, selection in selections.items():
        if isinstance(selection, Mapping):
            named = {name: labels_of(labels) for name, labels in selection.items()}
            faults += _unknown(field, named, levels)
            faults += [
                Fault(f"{field}.{name}", "is named in `at` too; name a factor in one of them")
                for name in named
                if name in given
            ]
    plain = {name: labels_of(one) for name, one in selections.items() if not _is_mapping(one)}
    factor, unresolved = _factor_of(plain, levels, taken=set(given))
    kept = tuple(
        condition
        for condition in conditions
        if all(condition.get(name) in labels for name, labels in given.items())
    )
    return Scope(kept, given, factor), faults + unresolved


def _unknown(
    field: str, named: Mapping[str, tuple[str, ...]], levels: Mapping[str, Sequence[str]]
) -> list[Fault]:
    faults = []
    for name, labels in named.items():
        if name not in levels:
            problem = f"no factor named {name!r}{near_match(name, levels)}"
            faults.append(Fault(f"{field}.{name}", problem))
            continue
        faults += [
            Fault(f"{field}.{name}", f"no level {label!r}{near_match(label, levels[name])}")
            for label in labels
            if label not in levels[name]
        ]
    return faults


def _factor_of(
    plain: Mapping[str, tuple[str, ...]], levels: Mapping[str, Sequence[str]], taken: set[str]
) -> tuple[str | None, list[Fault]]:
    """The one factor that has all labels named alone; `taken` are settled by `at`."""
    wanted = [(field, label) for field, labels in plain.items() for label in labels]
    if not wanted:
        return None, []
    open_to = {name: labels for name, labels in levels.items() if name not in taken}
    counts = {
        name: sum(label in labels for _, label in wanted) for name, labels in open_to.items()
    }
    best = max(counts.values(), default=0)
    nearest = [name for name in counts if counts[name] == best]
    if best == len(wanted):
        if len(nearest) == 1:
            return nearest[0], []
        label, factors = wanted[0][1], " and ".join(map(repr, nearest))
        problem = f"{label!r} is a level of {factors}; say which: {{{nearest[0]!r}: {label!r}}}"
        return None, [Fault(wanted[0][0], problem)]
    return None, _strangers(wanted, open_to, nearest if best else list(open_to))


def _strangers(
    wanted: Sequence[tuple[str, str]], levels: Mapping[str, Sequence[str]], among: Sequence[str]
) -> list[Fault]:
    """The labels, with their fields, that keep the rest from being of one factor."""
    known = {label for name in among for label in levels[name]}
    where = f"of factor {among[0]!r}" if len(among) == 1 else "of any factor"
    missing = [pair for pair in wanted if not any(pair[1] in one for one in levels.values())]
    faults = [
        Fault(field, f"no level {label!r} {where}{near_match(label, known)}")
        for field, label in missing
    ]
    if faults:
        return faults
    field, label = next(pair for pair in wanted if pair[1] not in levels[among[0]])
    own = next(name for name, labels in levels.items() if label in labels)
    problem = f"{label!r} is a level of {own!r}, others here of {among[0]!r}"
    return [Fault(field, f"{problem}; give each with its factor: {{{own!r}: {label!r}}}")]


def _levels(conditions: Iterable[Condition]) -> dict[str, list[str]]:
    levels: dict[str, list[str]] = {}
    for condition in conditions:
        for name, label in condition.items():
            found = levels.setdefault(name, [])
            if label not in found:
                found.append(label)
    return levels


def levels_of(conditions: Iterable[Condition], factor: str) -> tuple[str, ...]:
    """The labels of a factor, in the order of the conditions; none for one that is not there."""
    return tuple(_levels(conditions).get(factor, ()))


def number(label: str) -> float | None:
    """The finite number that a label is, if it is one.

    >>> number("1e-3"), number("relu"), number("inf")
    (0.001, None, None)
    """
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def refuse_equal(subject: str, first: Any, second: Any) -> None:
    """Raises `DeclarationError` where two selections of a claim are the same."""
    if _plain(first) == _plain(second):
        problem = f"got {second!r} on both sides; a claim sets two conditions against each other"
        raise DeclarationError(subject, [Fault("second", problem)])


def _plain(selection: Any) -> Any:
    if isinstance(selection, Mapping):
        return {name: labels_of(labels) for name, labels in selection.items()}
    return labels_of(selection)


def _is_mapping(selection: Any) -> bool:
    return isinstance(selection, Mapping)


def labels_of(labels: str | Sequence[str]) -> tuple[str, ...]:
    """One label or several, as several."""
    return (labels,) if isinstance(labels, str) else tuple(labels)
