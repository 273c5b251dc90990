"""The differences of every condition to every other as a matrix, and as a table."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from paribus.claims.assessment import LEVEL
from paribus.claims.selection import Condition
from paribus.claims.stored import StoredEvidence
from paribus.report.estimates import p_text
from paribus.report.exhibits import Absent, Cell, Exhibit, Sheet
from paribus.report.figures import Figure, Panel
from paribus.report.keys import Swatch
from paribus.report.means import rounded
from paribus.report.pairs import Pair, compared
from paribus.report.quantities import MINUS, decimals, number, quantity, replicates
from paribus.report.theme import NEGATIVE, POSITIVE
from paribus.results.table import metric_names
from paribus.results.tidy import StudyResults, condition_label

MAX_CONDITIONS = 20
STRONGEST = 0.55
"""Opacity of the strongest colour: text on it keeps a contrast of 7 : 1, in light and dark."""
NAME = "pairs"
POINTS = 100.0
"""The scale of a share as it is shown: its differences are in points."""
NOTHING = number(None, 0)
Rows = list[dict[str, Any]]


def all_pairs(results: StudyResults) -> list[Exhibit]:
    """The matrix of paired differences in the primary metric at the last epoch, and its table.

    Nothing where there are no two conditions to compare. The p-values are of no difference,
    two-sided, corrected by Holm's method for all pairs.
    """
    primary = results.document["primary"]
    evidence = StoredEvidence(results)
    conditions = evidence.conditions
    if len(conditions) < 2 or primary not in metric_names(results):
        return []
    if len(conditions) > MAX_CONDITIONS:
        count = len(conditions) * (len(conditions) - 1) // 2
        return [
            Absent(
                "Every condition against every other",
                f"{len(conditions)} conditions make {count:,} pairs, and a correction for so many "
                f"leaves little to be found; at most {MAX_CONDITIONS} conditions are set against "
                "each other. Declare the comparisons that matter as claims",
            )
        ]
    pairs = compared(evidence, primary)
    if all(one.mean is None for one in pairs):
        return []
    labels = _labels(conditions)
    sheet = _table(pairs, labels, primary)
    return [sheet] if len(labels) == 2 else [_matrix(pairs, labels, primary), sheet]


def _labels(conditions: Sequence[Condition]) -> list[str]:
    """Conditions by the factors that differ among them: the others say nothing in a matrix."""
    varied = [name for name in conditions[0] if len({one[name] for one in conditions}) > 1]
    return [condition_label({name: one[name] for name in varied}) for one in conditions]


def _matrix(pairs: Sequence[Pair], labels: Sequence[str], primary: str) -> Figure:
    shown = quantity(primary)
    unit = " (points)" if shown.scale == POINTS else ""
    rows = _cells(pairs, labels)
    note = _note(pairs, "Row minus column")
    return Figure(
        name=NAME,
        title=f"Every condition against every other: {shown.name[0].lower()}{shown.name[1:]}"
        f"{', in points' if unit else ''}",
        note=note,
        description=f"Matrix of paired differences in {shown.name}{unit}. {note}",
        panels=(Panel(_chart(rows, labels, f"difference{unit}"), 30 * len(labels)),),
        data={NAME: rows},
        key=(
            Swatch("row above column", POSITIVE, STRONGEST),
            Swatch("row below column", NEGATIVE, STRONGEST),
        ),
    )


def _cells(pairs: Sequence[Pair], labels: Sequence[str]) -> Rows:
    """A row per cell; the diagonal has none."""
    places = _decimals(pairs)
    largest = max((abs(one.mean) for one in pairs if one.mean is not None), default=0.0)
    rows = []
    for one in pairs:
        for row, column, sign in ((one.first, one.second, 1), (one.second, one.first, -1)):
            mean = None if one.mean is None else sign * one.mean + 0.0  # no -0.0
            share = abs(mean) / largest if mean and largest else 0.0
            rows.append(
                {
                    "row": labels[row],
                    "column": labels[column],
                    "hue": NEGATIVE if (mean or 0) < 0 else POSITIVE,
                    "strength": rounded(STRONGEST * share**0.5),
                    "text": _short(one, mean, places),
                    "long": one.said or _short(one, mean, places),
                    "bold": one.p is not None and one.p < LEVEL,
                    "shown": _said(one, sign, places),
                }
            )
    return rows


def _short(one: Pair, mean: float | None, places: int) -> str:
    if one.said:
        return "=" if one.said == "identical" else "?"
    mark = "*" if one.p is not None and one.p < LEVEL else ""
    return f"{mean or 0.0:z.{places}f}{mark}".replace("-", MINUS)


def _said(one: Pair, sign: int, places: int) -> str:
    if one.mean is None or one.p is None:
        return one.said
    low, high = sorted((sign * (one.low or 0.0), sign * (one.high or 0.0)))
    interval = f"95 % interval {number(low, places)} to {number(high, places)}"
    p = p_text(one.p)
    told = f"adjusted p {p}" if p.startswith("<") else f"adjusted p = {p}"
    return f"{number(sign * one.mean, places)} ({interval}, n = {one.n}, {told})"


def _decimals(pairs: Sequence[Pair]) -> int:
    halves = [(one.high - one.low) / 2 for one in pairs if one.low is not None and one.high]
    return min(decimals([one.mean for one in pairs], [half for half in halves if half > 0]), 4)


def _chart(rows: Rows, labels: Sequence[str], title: str) -> alt.LayerChart:
    # Numbers appear where the window leaves a cell room for them; the table has them all.
    longest = max(len(row["text"]) for row in rows)
    wide = f"width / {len(labels)} >= {6 * longest + 6}"
    word = f"width / {len(labels)} >= 70"
    flat = {"grid": False, "domain": False, "ticks": False, "labelLimit": 130}
    scale = alt.Scale(domain=list(labels))
    x = alt.X(
        "column:N",
        scale=scale,
        sort=None,
        title="Column",
        axis=alt.Axis(orient="top", labelAngle=-40, **flat),
    )
    y = alt.Y("row:N", scale=scale, sort=None, title="Row", axis=alt.Axis(**flat))
    base = alt.Chart(alt.NamedData(NAME)).encode(x, y)
    cells = base.mark_rect(style="cell").encode(
        alt.Fill("hue:N", scale=None),
        alt.FillOpacity("strength:Q", scale=None),
        tooltip=[
            alt.Tooltip("row:N"),
            alt.Tooltip("column:N", title="minus"),
            alt.Tooltip("shown:N", title=title),
        ],
    )
    words = [
        base.transform_filter(f"datum.bold === {str(bold).lower()}")
        .mark_text(fontSize=11, fontWeight="bold" if bold else "normal")
        .encode(text=alt.TextValue("", condition={"test": when, "field": field}))
        for bold in (False, True)
        for field, when in (("text", f"{wide} && !({word})"), ("long", f"{wide} && {word}"))
    ]
    return alt.LayerChart(layer=[cells, *words])


def _table(pairs: Sequence[Pair], labels: Sequence[str], primary: str) -> Sheet:
    places = _decimals(pairs)
    shown = quantity(primary)
    unit = " (points)" if shown.scale == POINTS else ""
    rows = []
    for one in pairs:
        interval = f"{number(one.low, places)} to {number(one.high, places)}"
        rows.append(
            (
                Cell(f"{labels[one.first]} {MINUS} {labels[one.second]}"),
                Cell(number(one.mean, places) if not one.said else one.said, interval),
                Cell(str(one.n)),
                Cell(p_text(one.p, NOTHING)),
            )
        )
    return Sheet(
        name=f"{NAME}-table",
        title=f"All pairs: {shown.name[0].lower()}{shown.name[1:]}",
        note=_note(pairs, "First minus second"),
        heads=("pair", f"difference{unit}", "n", "adjusted p"),
        rows=tuple(rows),
        folded=len(rows) > 3,
    )


def _note(pairs: Sequence[Pair], order: str) -> str:
    tested = [one for one in pairs if one.p is not None]
    said = {one.said for one in pairs}
    parts = [
        f"{order}, last epoch, mean of paired differences over {replicates([o.n for o in tested])}"
        if tested
        else f"{order}, last epoch",
        f"; paired Student t, corrected for {len(tested)} pair{'s' * (len(tested) > 1)} (Holm)"
        if tested
        else "",
        f". * and bold: adjusted p below {LEVEL:g}" if tested else "",
        ". =: identical runs, not tested" if "identical" in said else "",
        ". ?: some replicates stalled and others learned, or too few runs, so that no mean speaks "
        "for a condition"
        if said & {"some stalled", "too few runs"}
        else "",
        ". None of these is a finding unless it was claimed: they are exploratory.",
    ]
    return "".join(parts)
