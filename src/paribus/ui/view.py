"""What of a study a page shows, as its address says it: so that a link shows the same again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from paribus.errors import UnknownNameError
from paribus.results.tidy import condition_label
from paribus.ui.shelf import Held

Condition = Mapping[str, str]


@dataclass(frozen=True)
class View:
    """The metric drawn, levels that conditions must have (any of a factor's), conditions compared.

    Conditions are named by their labels. `page` counts those of the list of runs from 1.
    """

    metric: str = ""
    only: tuple[str, ...] = ()
    compare: tuple[str, ...] = ()
    page: int = 1

    def query(self, **changes: Any) -> str:
        """The part of an address, from its `?` on, that shows this with some changes."""
        one = replace(self, **changes)
        pairs = [
            *([("metric", one.metric)] if one.metric else []),
            *(("only", level) for level in one.only),
            *(("compare", label) for label in one.compare),
            *([("page", str(one.page))] if one.page > 1 else []),
        ]
        return f"?{urlencode(pairs)}" if pairs else "?"


def view_of(query: Iterable[tuple[str, str]], held: Held) -> View:
    """The view that an address asks for.

    Raises `UnknownNameError` for a metric, level or condition that the study does not have.
    Parameters of other names are left alone.
    """
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    metric = (given.get("metric") or [""])[-1]
    _check("metric", [metric] if metric else [], held.metrics)
    only = tuple(dict.fromkeys(given.get("only", [])))
    _check("level", only, [level for levels in levels_of(held).values() for level in levels])
    compare = tuple(dict.fromkeys(given.get("compare", [])))
    _check("condition", compare, [condition_label(one) for one in conditions_of(held)])
    page = (given.get("page") or ["1"])[-1]
    if not page.isascii() or not page.isdigit() or not int(page[:9]) >= 1:
        raise UnknownNameError("page of runs", page, ["1"])
    return View(metric, only, compare, int(page[:9]))


def levels_of(held: Held) -> dict[str, dict[str, str]]:
    """By factor, the levels as an address names them, each with its label."""
    return {
        factor["name"]: {f"{factor['name']}={label}": label for label in factor["labels"]}
        for factor in held.entry.document["factors"]
    }


def conditions_of(held: Held) -> list[Condition]:
    """The planned conditions, in declared order where runs of the study are stored."""
    if held.results is not None:
        return list(held.results.conditions)
    return list({condition_label(m.condition): m.condition for m in held.entry.members}.values())


def passing(conditions: Sequence[Condition], only: Sequence[str]) -> list[Condition]:
    """The conditions that have, of each factor of which levels are named, one of these."""
    named = {name for one in conditions for name in one if any(_of(name, level) for level in only)}
    return [
        one
        for one in conditions
        if all(f"{name}={one[name]}" in only for name in one if name in named)
    ]


def _of(factor: str, level: str) -> bool:
    return level.startswith(f"{factor}=")


def _check(kind: str, given: Sequence[str], known: Sequence[str]) -> None:
    for one in given:
        if one not in known:
            raise UnknownNameError(kind, one, known)
