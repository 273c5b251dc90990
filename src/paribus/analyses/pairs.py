"""Pairs of conditions whose runs an analysis sets against each other."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.analyses.base import AnalysedRun, label_of
from paribus.claims.selection import Condition, Link, Selection, labels_of, scope
from paribus.design.factor import Factor
from paribus.design.grid import conditions
from paribus.errors import Fault

Pairs = Annotated[tuple[tuple[Selection, Selection], ...], Field(min_length=1)]
"""Pairs of conditions, said as in claims; everything that they do not name is the same in both."""


def repeated(pairs: Sequence[tuple[Any, Any]]) -> list[Fault]:
    """Pairs that name one condition twice."""
    return [
        Fault(f"pairs.{number}", f"got {first!r} twice; a pair has two conditions")
        for number, (first, second) in enumerate(pairs)
        if _plain(first) == _plain(second)
    ]


def faults_of_pairs(pairs: Sequence[tuple[Any, Any]], factors: Sequence[Factor]) -> list[Fault]:
    """What keeps the pairs from being found among the conditions of these factors."""
    known = [condition.labels for condition in conditions(factors, "factorial")]
    return [
        Fault(f"pairs.{number}.{fault.path}".rstrip("."), fault.problem)
        for number, (first, second) in enumerate(pairs)
        for fault in _links(first, second, known)[1]
    ]


def links_among(pairs: Sequence[tuple[Any, Any]], runs: Sequence[AnalysedRun]) -> list[Link]:
    """The pairs of conditions of which there are runs."""
    known = list({label_of(run.condition): run.condition for run in runs}.values())
    return [link for pair in pairs for link in _links(*pair, known)[0]]


def names_of(links: Sequence[Link]) -> NDArray[np.str_]:
    """Pairs in words."""
    return np.asarray([f"{label_of(first)} to {label_of(second)}" for first, second in links])


def _links(
    first: Any, second: Any, known: Sequence[Condition]
) -> tuple[tuple[Link, ...], list[Fault]]:
    """The pairs of conditions that two selections name, or why there are none."""
    here, faults = scope(known, {}, {"first": first, "second": second})
    if faults:
        return (), faults
    links = here.pairs(first, second)
    if not links:
        return (), [Fault("", "the study has no two conditions that fit and agree in all else")]
    if any(one == other for one, other in links):
        return (), [Fault("", "names a condition twice; a pair has two conditions")]
    return links, []


def _plain(selection: Any) -> Any:
    if isinstance(selection, Mapping):
        return {name: labels_of(labels) for name, labels in selection.items()}
    return labels_of(selection)
