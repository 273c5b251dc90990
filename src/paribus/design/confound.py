"""What differs between conditions beyond what a study varies, and what follows from varying it.

A factor is about some fields of the recipe. A field that its levels change besides is a
*confound*: whatever is found may come from it. So are other data, and another number of optimizer
updates, unless the factor is about those. What cannot but follow from the factor is a
*consequence*: the number of parameters, say, of networks of different widths.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from paribus.design.differences import MISSING, Difference, Kind
from paribus.design.factor import Factor
from paribus.errors import DeclarationError, Fault, near_match
from paribus.spec import Spec

IDENTITIES: tuple[Kind, ...] = ("initial weights",)
"""Kinds whose values say no more than which are equal."""


@dataclass(frozen=True)
class Case:
    """A condition: its labels by factor, its recipe as JSON, and what follows from the recipe.

    `data` is in words that differ where the data do.
    """

    labels: Mapping[str, str]
    recipe: Mapping[str, Any]
    updates: int
    data: str


def changed(first: Mapping[str, Any], second: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """The dotted paths at which two declarations, as JSON, differ.

    A part that is of another kind, or not there at all, is one difference, and so is another
    function of a user's own; other parts are compared field by field.

    >>> list(changed({"rule": {"rate": 1, "decay": 0}}, {"rule": {"rate": 2, "decay": 0}}))
    ['rule.rate']
    """
    for name, value in first.items():
        other = second.get(name, MISSING)
        if value == other:
            continue
        alike = isinstance(value, Mapping) and isinstance(other, Mapping) and "code" not in value
        if alike and value.keys() == other.keys() and value.get("kind") == other.get("kind"):
            yield from changed(value, other, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def own_paths(
    factor: Factor, factors: Sequence[Factor], base: Spec, cases: Sequence[Case]
) -> frozenset[str]:
    """The fields that a factor is about; a path stands for all that lies below it.

    They are what the factor declares in `about`; else its path, where that is a field of the
    recipe; else, of a factor that is only a name, the fields that some level sets alone. Of a
    level that sets several, none of which any level sets alone, the first is taken. A field that
    a level sets to the value which it has anyway does not count.
    """
    if factor.about:
        return frozenset(factor.about)
    if any(found_at(case.recipe, factor.path) is not MISSING for case in cases):
        return frozenset({factor.path})
    effective = _effective(factor, factors, base, cases)
    alone = {paths[0] for paths in effective if len(paths) == 1}
    first = {
        paths[0] for paths in effective if paths and not any(covered(one, alone) for one in paths)
    }
    return frozenset(alone | first)


def confounds(
    factors: Sequence[Factor],
    base: Spec,
    cases: Sequence[Case],
    acknowledged: Mapping[str, str],
) -> tuple[Difference, ...]:
    """What the levels of each factor change beyond what it is about.

    `base` is the recipe that factors vary; `acknowledged` has reasons by path, or "updates".
    """
    found = []
    for factor in factors:
        own = own_paths(factor, factors, base, cases)
        along = _Along(factor.name, cases, _places_alike(cases, factor.name))
        for path in _varying(along):
            if not covered(path, own):
                values = [found_at(case.recipe, path) for case in cases]
                found += _differences("field", along, values, path)
        if not covered("epochs", own):
            found += _differences("updates", along, _updates(cases))
        if not _about_data(own):
            found += _differences("data", along, _data(cases), "data")
    return tuple(_excused(one, acknowledged) for one in found)


def consequences(
    factors: Sequence[Factor],
    base: Spec,
    cases: Sequence[Case],
    sizes: Mapping[Kind, Sequence[Any]],
) -> tuple[Difference, ...]:
    """What follows from each factor: `sizes` has a value for each case, by kind of difference.

    Of initial weights the value is a number that says no more than which are equal.
    """
    found = []
    for factor in factors:
        own = own_paths(factor, factors, base, cases)
        along = _Along(factor.name, cases, _places_alike(cases, factor.name))
        for kind, values in sizes.items():
            alike = kind in IDENTITIES
            found += _differences(kind, along, _renumbered(along, values) if alike else values)
        if covered("epochs", own):
            found += _differences("updates", along, _updates(cases))
        if _about_data(own):
            found += _differences("data", along, _data(cases), "data")
    return tuple(found)


def acknowledgement_faults(
    acknowledged: Mapping[str, str], found: Iterable[Difference]
) -> list[Fault]:
    """What is acknowledged without a reason, or is no confound among those found."""
    if not acknowledged:
        return []
    names = {name_of(one) for one in found}
    faults = []
    for path, reason in acknowledged.items():
        if not any(covered(name, {path}) for name in names):
            problem = f"is no confound of the study{near_match(path, names)}"
            faults.append(Fault(f"acknowledged.{path}", problem))
        if not reason.strip():
            problem = f"got {reason!r}; give the reason why it is so, in a sentence"
            faults.append(Fault(f"acknowledged.{path}", problem))
    return faults


def name_of(difference: Difference) -> str:
    """What a confound is acknowledged by: its field's path, or "updates"."""
    return difference.field or difference.kind


def covered(path: str, own: frozenset[str] | set[str]) -> bool:
    """Whether a field is among these, or lies below one of them."""
    return any(path == one or path.startswith(f"{one}.") for one in own)


def found_at(recipe: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a declaration as JSON, or `MISSING`."""
    here: Any = recipe
    for name in path.split("."):
        here = here.get(name, MISSING) if isinstance(here, Mapping) else MISSING
    return here


def _about_data(own: frozenset[str]) -> bool:
    return any(covered(one, {"data"}) for one in own)


def _updates(cases: Sequence[Case]) -> list[int]:
    return [case.updates for case in cases]


def _data(cases: Sequence[Case]) -> list[str]:
    return [case.data for case in cases]


def _effective(
    factor: Factor, factors: Sequence[Factor], base: Spec, cases: Sequence[Case]
) -> list[list[str]]:
    """The fields that each level changes from what the recipe has without it, as declared.

    Beside the first level of every other factor, and each other level of one of them: a level
    may set what the recipe has anyway, but another factor has changed.
    """
    found: dict[str, dict[str, None]] = {label: {} for label in factor.labels}
    first = cases[0].labels
    for places in _places_alike(cases, factor.name):
        group = [cases[place] for place in places]
        others = {name: label for name, label in group[0].labels.items() if name != factor.name}
        if sum(label != first[name] for name, label in others.items()) > 1:
            continue
        plain = _without(factor, factors, base, others)
        if plain is None:
            continue
        for case in group:
            found[case.labels[factor.name]] |= dict.fromkeys(changed(plain, case.recipe))
    return [_as_declared(paths, factor.sets[label]) for label, paths in found.items()]


def _without(
    factor: Factor, factors: Sequence[Factor], base: Spec, others: Mapping[str, str]
) -> dict[str, Any] | None:
    """The recipe that only the other factors have changed; none where it cannot be."""
    sets: dict[str, Any] = {}
    for one in factors:
        if one.name != factor.name:
            sets |= one.sets[others[one.name]]
    try:
        return base.with_fields(sets).as_json()
    except DeclarationError:
        return None


def _as_declared(paths: Mapping[str, None], fields: Mapping[str, Any]) -> list[str]:
    declared = list(fields)

    def place(path: str) -> int:
        return next((n for n, one in enumerate(declared) if covered(path, {one})), len(declared))

    return sorted(paths, key=place)


@dataclass(frozen=True)
class _Along:
    """All conditions; the places of those that differ in nothing but one factor, by its name."""

    name: str
    cases: Sequence[Case]
    places: Sequence[Sequence[int]]


def _varying(along: _Along) -> list[str]:
    """The fields that change with a factor, all else equal; without those below another."""
    found: dict[str, None] = {}
    for places in along.places:
        for first, other in pairwise(places):
            found |= dict.fromkeys(changed(along.cases[first].recipe, along.cases[other].recipe))
    return [path for path in found if not covered(path, set(found) - {path})]


def _places_alike(cases: Sequence[Case], name: str) -> list[list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for place, case in enumerate(cases):
        others = tuple(label for factor, label in case.labels.items() if factor != name)
        found.setdefault(others, []).append(place)
    return list(found.values())


def _differences(
    kind: Kind, along: _Along, values: Sequence[Any], path: str = ""
) -> Iterator[Difference]:
    """The one difference that these values make along a factor; none where they are equal."""
    name, cases = along.name, along.cases
    if all(values[place] == values[places[0]] for places in along.places for place in places):
        return
    levels: dict[str, Any] = {}
    by_level = True
    for case, value in zip(cases, values, strict=True):
        if value is not MISSING:
            by_level &= levels.setdefault(case.labels[name], value) == value
    conditions = [
        {"condition": dict(case.labels), "value": value}
        for case, value in zip(cases, values, strict=True)
        if value is not MISSING and not by_level
    ]
    yield Difference(kind, name, path, levels if by_level else {}, conditions)


def _renumbered(along: _Along, values: Sequence[Any]) -> list[int]:
    """Which are equal among cases that differ in nothing but the factor, as numbers from 0 on."""
    found = [0] * len(along.cases)
    for places in along.places:
        numbers: dict[Any, int] = {}
        for place in places:
            found[place] = numbers.setdefault(values[place], len(numbers))
    return found


def _excused(one: Difference, acknowledged: Mapping[str, str]) -> Difference:
    name = name_of(one)
    reasons = [reason for path, reason in acknowledged.items() if covered(name, {path})]
    return Difference(one.kind, one.factor, one.field, one.levels, one.conditions, *reasons[:1])
