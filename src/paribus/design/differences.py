"""What differs between the conditions of a study: as it is stored, of two conditions, in words.

`confound.py` finds the differences. They are stored with the study, and read here for a plan, a
report, or the two conditions that a finding compares. Only JSON-ready data come in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["field", "updates", "data", "parameters", "operations", "initial weights"]

MISSING = object()
FEW = 4
"""Different values up to which each is named, with its levels."""

HEADS: Mapping[Kind, str] = {
    "updates": "optimizer updates",
    "data": "training data",
    "parameters": "parameters",
    "operations": "operations of a forward pass per example",
    "initial weights": "initial weights",
}
NUMBERS = ("updates", "parameters", "operations")
"""Kinds of which the largest and the smallest value are compared."""


@dataclass(frozen=True)
class Difference:
    """What differs between the levels of a factor, the other factors being equal.

    `field` is the dotted path of a recipe's field, for the kinds "field" and "data". `levels` has
    the value by label. Where it depends on other factors too, `levels` is empty and `conditions`
    has a `condition` (labels by factor) and a `value` each. `acknowledged` is the reason that the
    study gives for a confound.
    """

    kind: Kind
    factor: str
    field: str
    levels: Mapping[str, Any]
    conditions: Sequence[Mapping[str, Any]]
    acknowledged: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The difference as it is stored, and as `paribus plan --json` prints it."""
        return asdict(self)

    def value_at(self, labels: Mapping[str, str]) -> Any:
        """The value at conditions with these labels; `MISSING` where there is none, or several."""
        if self.levels:
            return self.levels.get(labels.get(self.factor, ""), MISSING)
        found = [
            one["value"]
            for one in self.conditions
            if all(one["condition"].get(name) == label for name, label in labels.items())
        ]
        return found[0] if found and all(one == found[0] for one in found) else MISSING


def between(
    differences: Mapping[str, Any], first: Mapping[str, str], second: Mapping[str, str]
) -> list[str]:
    """The confounds that differ between two conditions, a sentence each, with what excuses them.

    `differences` are those of a study's document; a condition is its labels by factor.
    """
    return _between(differences["confounds"], first, second)


def following(
    differences: Mapping[str, Any], first: Mapping[str, str], second: Mapping[str, str]
) -> list[str]:
    """What the factors bring with them and differs between two conditions, a sentence each."""
    return _between(differences["consequences"], first, second)


def sentences(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Confounds or consequences of a whole study, a sentence each, with what excuses them."""
    return [_excused(_told(one), one) for one in _read(found)]


def _between(
    stored: Sequence[Mapping[str, Any]], first: Mapping[str, str], second: Mapping[str, str]
) -> list[str]:
    found: dict[tuple[str, str], str] = {}
    apart = [name for name in first if name in second and first[name] != second[name]]
    for one in _read(stored):
        values = one.value_at(first), one.value_at(second)
        if one.factor not in apart or MISSING in values or values[0] == values[1]:
            continue
        # By all that tells the conditions apart, where the value depends on more than one factor.
        factors = apart if one.conditions else [one.factor]
        names = (" · ".join(labels[name] for name in factors) for labels in (first, second))
        factor = one.factor if one.kind == "field" else ""
        pair = Difference(one.kind, factor, one.field, dict(zip(names, values, strict=True)), ())
        found.setdefault((one.kind, one.field), _excused(_told(pair), one))
    return list(found.values())


def _read(stored: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    return (Difference(**one) for one in stored)


def _excused(told: str, one: Difference) -> str:
    return told if one.acknowledged is None else f"{told} (acknowledged: {one.acknowledged})"


def _told(one: Difference) -> str:
    """A difference in words, over all the levels that it has."""
    told = _over_conditions(one) if one.conditions else _over_levels(one)
    if one.kind == "field":
        return f"beyond the factor `{one.factor}`: {one.field} is {told}"
    by = f" by `{one.factor}`" if one.factor else ""
    return f"{HEADS[one.kind]}{by}: {told}"


def _over_conditions(one: Difference) -> str:
    values = [found["value"] for found in one.conditions]
    if one.kind == "initial weights" or not _all_numbers(values):
        return "different, but not the same at every level of other factors"
    ends = f"{shown(min(values))} to {shown(max(values))}"
    return f"{ends}, with other factors{_fold(one.kind, values)}"


def _over_levels(one: Difference) -> str:
    groups = _groups(one.levels)
    if one.kind == "initial weights":
        return _equal_or_not([labels for _, labels in groups])
    values = [value for value, _ in groups]
    if len(groups) <= FEW:
        return _each(groups) + _fold(one.kind, values)
    if not _all_numbers(values):
        return f"{len(groups)} different values at {len(one.levels)} levels"
    by_value = {value: labels[0] for value, labels in groups}
    low, high = min(values), max(values)
    ends = f"{shown(low)} at {by_value[low]} to {shown(high)} at {by_value[high]}"
    return ends + _fold(one.kind, values)


def _equal_or_not(groups: Sequence[list[str]]) -> str:
    shared = [f"equal at {_listed(labels)}" for labels in groups if len(labels) > 1]
    alone = [labels[0] for labels in groups if len(labels) == 1]
    if len(alone) > FEW:
        return ", ".join([*shared, f"different at {'the others' if shared else 'every level'}"])
    return ", ".join([*shared, *([f"different at {_listed(alone)}"] if alone else [])])


def _each(groups: Sequence[tuple[Any, list[str]]]) -> str:
    """Every value with its levels: those that stand apart first, the most common one last."""
    *apart, (common, labels) = sorted(groups, key=lambda group: len(group[1]))
    told = [f"{shown(value)} at {_listed(those)}" for value, those in apart]
    many = len(labels) > FEW and apart
    rest = f"the other {len(labels)}" if many else _listed(labels)
    return ", ".join([*told, f"{shown(common)} at {rest}"])


def _groups(levels: Mapping[str, Any]) -> list[tuple[Any, list[str]]]:
    found: list[tuple[Any, list[str]]] = []
    for label, value in levels.items():
        for known, labels in found:
            if known == value:
                labels.append(label)
                break
        else:
            found.append((value, [label]))
    return found


def _all_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _fold(kind: Kind, values: Sequence[Any]) -> str:
    """How many times the smallest the largest is, where that says anything."""
    if kind not in NUMBERS or min(values) <= 0:
        return ""
    ratio = max(values) / min(values)
    times = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
    return "" if times == "1" else f": a {times}-fold difference"


def shown(value: Any) -> str:
    """A field's value for people.

    >>> [shown(one) for one in (2500000, 0.0033, None, [16, 8], {"kind": "sgd", "momentum": 0.9})]
    ['2,500,000', '0.0033', 'not set', '(16, 8)', 'sgd(momentum=0.9)']
    """
    match value:
        case None:
            return "not set"
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.6g}"
        case list() | tuple():
            return f"({', '.join(map(shown, value))})"
        case {"function": name, "code": code}:
            return f"{name} (code {code[:8]})"
        case Mapping():
            fields = ((name, inner) for name, inner in value.items() if name != "kind")
            inside = ", ".join(f"{name}={shown(inner)}" for name, inner in fields)
            return f"{value['kind']}({inside})" if "kind" in value else inside
        case _:
            return str(value)


def _listed(words: Sequence[str]) -> str:
    *most, end = words
    return f"{', '.join(most)} and {end}" if most else end
