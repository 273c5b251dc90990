"""What of a study a page shows, as its address says it: so that a link shows the same again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from paribus.errors import UnknownNameError
from paribus.results.tidy import condition_label
from paribus.ui.shelf import Held

Condition = Mapping[str, str]
EPOCH = "epoch-"
"""What the name of a figure's slider begins with in an address, as in the page's script."""


@dataclass(frozen=True)
class View:
    """The metric drawn, levels that conditions must have (any of a factor's), conditions compared.

    Conditions are named by their labels. `page` counts those of the list of runs from 1. `epochs`
    are where sliders stand, by the address' names for them: the page's script reads them.
    """

    metric: str = ""
    only: tuple[str, ...] = ()
    compare: tuple[str, ...] = ()
    page: int = 1
    epochs: tuple[tuple[str, str], ...] = ()

    def query(self, **changes: Any) -> str:
        """The part of an address, from its `?` on, that shows this with some changes."""
        one = replace(self, **changes)
        pairs = [
            *([("metric", one.metric)] if one.metric else []),
            *(("only", level) for level in one.only),
            *(("compare", label) for label in one.compare),
            *([("page", str(one.page))] if one.page > 1 else []),
            *one.epochs,
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
    asked = (given.get("page") or ["1"])[-1]
    page = whole_number(asked)
    if not page:
        raise UnknownNameError("page of runs", asked, ["1"])
    return View(metric, only, compare, page, _epochs(given))


def whole_number(text: str) -> int | None:
    """The number that an address names, by its first nine digits; None for another text."""
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def _epochs(given: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, str(whole_number(values[-1])))
        for name, values in given.items()
        if name.startswith(EPOCH) and whole_number(values[-1]) is not None
    )


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
