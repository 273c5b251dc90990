"""What the size of the test set alone leaves open, beside the spread over replicates."""

import math
from dataclasses import dataclass

import numpy as np

from paribus.report.exhibits import Cell, Sheet
from paribus.report.quantities import decimals, number
from paribus.results.table import final_values, metric_names
from paribus.results.tidy import StudyResults, condition_label
from paribus.statistics.power import spread_of_test_set

METRIC = "test/accuracy"


@dataclass(frozen=True)
class Spread:
    """A sentence on the two spreads, and the table of all conditions."""

    sentence: str
    sheet: Sheet


@dataclass(frozen=True)
class _Row:
    label: str
    mean: float
    replicates: float | None
    test_set: float
    examples: int
    n: int


def spread_of_accuracy(results: StudyResults) -> Spread | None:
    """How far a finite test set and the replicates each spread the test accuracy, in points.

    None where test accuracy is not the primary metric, or the number of examples is not recorded.
    """
    if results.document["primary"] != METRIC or METRIC not in metric_names(results):
        return None
    rows = _rows(results)
    if not rows:
        return None
    heads = ("condition", "mean (%)", "over replicates", "of the test set alone", "examples", "n")
    return Spread(
        _sentence(rows),
        Sheet(
            name="test-set",
            title="Spread of the test accuracy",
            note="In points. Over replicates: the standard deviation of single runs. Of the test "
            "set alone: sqrt(a (1 \u2212 a) / N), how far the accuracy a of one network would "
            "spread over other test sets of N examples.",
            heads=heads,
            rows=tuple(_cells(one, _places(rows)) for one in rows),
            folded=True,
        ),
    )


def _rows(results: StudyResults) -> list[_Row]:
    finals = final_values(results, METRIC)
    rows = []
    for condition in results.conditions:
        values = results.select(finals, condition)["value"].to_numpy(np.float64)
        values = values[np.isfinite(values)]
        counts = [
            results.provenance[key].get("examples", {}).get("test")
            for key in results.keys_of(condition)
        ]
        sizes = {count for count in counts if count}
        if len(values) and len(sizes) == 1:
            (examples,) = sizes
            mean = float(values.mean())
            rows.append(
                _Row(
                    condition_label(condition),
                    mean,
                    float(values.std(ddof=1)) if len(values) > 1 else None,
                    spread_of_test_set(min(mean, 1.0), examples),
                    examples,
                    len(values),
                )
            )
    return rows


def _places(rows: list[_Row]) -> int:
    return decimals([100 * one.test_set for one in rows], [])


def _cells(one: _Row, places: int) -> tuple[Cell, ...]:
    spread = None if one.replicates is None else 100 * one.replicates
    return (
        Cell(one.label),
        Cell(number(100 * one.mean, places)),
        Cell(number(spread, places)),
        Cell(number(100 * one.test_set, places)),
        Cell(f"{one.examples:,}"),
        Cell(str(one.n)),
    )


def _sentence(rows: list[_Row]) -> str:
    sizes = sorted({one.examples for one in rows})
    examples = " or ".join(f"{size:,}" for size in sizes)
    alone = _range([one.test_set for one in rows])
    spreads = [one.replicates for one in rows if one.replicates is not None]
    beside = f"; single runs spread over replicates by {_range(spreads)}" if spreads else ""
    return (
        f"The {examples} test examples alone leave the test accuracy of one network open by "
        f"{alone} (standard error){beside}. All runs share these examples, so no interval over "
        "replicates covers them: what holds, holds on this test set."
    )


def _range(shares: list[float]) -> str:
    low, high = 100 * min(shares), 100 * max(shares)
    places = 2 if math.isclose(high, 0) or high < 10 else 1
    if f"{low:.{places}f}" == f"{high:.{places}f}":
        return f"{high:.{places}f} points"
    return f"{low:.{places}f} to {high:.{places}f} points"
