"""The forest plot: the paired differences that claims speak of, each with interval and margin."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from paribus.claims.assessment import Verdict
from paribus.claims.comparing import ahead, not_behind
from paribus.claims.findings import Finding, LinkFinding
from paribus.claims.metric import phrase
from paribus.claims.pairs import Equal, NotWorse
from paribus.claims.telling import shared, sides
from paribus.claims.units import Unit
from paribus.report.figures import Figure, Panel
from paribus.report.keys import CROSS, Shape, Swatch
from paribus.report.means import rounded
from paribus.report.quantities import MINUS, decimals, number, replicates
from paribus.report.theme import CATEGORICAL

Rows = list[dict[str, Any]]
ROW = 42
"""Height of a row: a line of text, and the interval below it."""
MAX_OPEN = 24
"""Rows beyond which the reader opens the figure."""
DRAWN: dict[Verdict, tuple[Shape, str]] = {
    "supported": ("circle", CATEGORICAL[7]),
    "refuted": ("cross", CATEGORICAL[4]),
    "undecided": ("ring", CATEGORICAL[1]),
}
"""The mark of a verdict: its shape tells it without its colour."""


@dataclass(frozen=True)
class _Comparison:
    """A link of a claim that is a difference of two conditions; claims count from 1."""

    claim: int
    finding: Finding
    link: LinkFinding

    @property
    def unit(self) -> Unit:
        return self.finding.declared.unit

    @property
    def label(self) -> str:
        first, second = sides(self.link.conditions)
        layer = f", layer {self.link.layer}" if self.link.layer else ""
        told = f"{first} {MINUS} {second}{shared(self.link.conditions)}{layer}"
        mark = "" if self.finding.registered else ", exploratory"
        return f"{self.claim}{mark}: {told}"


def forest_plots(found: Sequence[Finding], primary: str) -> list[Figure]:
    """The paired differences of all claims: a figure for each metric, the primary one first.

    Those that were tested with a mean; counts of replicates, trends and single conditions are no
    differences in a metric's unit.
    """
    comparisons = list(_comparisons(found))
    groups = dict.fromkeys((one.finding.metric, one.unit) for one in comparisons)
    order = sorted(groups, key=lambda group: group[0] != primary)
    return [
        _forest([one for one in comparisons if (one.finding.metric, one.unit) == group])
        for group in order
    ]


def _comparisons(found: Sequence[Finding]) -> Iterable[_Comparison]:
    for place, finding in enumerate(found, 1):
        for link in finding.links:
            tested = len(link.differences) > 1 and link.estimate is not None
            same = link.method == "identical runs"
            if len(link.conditions) == 2 and (tested or same):
                yield _Comparison(place, finding, link)


def _forest(comparisons: Sequence[_Comparison]) -> Figure:
    first = comparisons[0]
    metric, unit = first.finding.metric, first.unit
    scale = 100.0 if unit in ("points", "per cent") else 1.0
    rows = _rows(comparisons, scale)
    margins = [
        {"place": place, "value": rounded(bound * scale), "shown": row["margin"]}
        for place, (one, row) in enumerate(zip(comparisons, rows, strict=True))
        for bound in margins_of(one.finding)
    ]
    name = _name(metric, unit)
    note = _note(comparisons, bool(margins))
    what = phrase(metric)
    of = {"points": " (points)", "per cent": " (% of the second)"}.get(unit, "")
    return Figure(
        name=name,
        title=f"Paired differences in {what}",
        note=note,
        description=f"Forest plot of paired differences in {what}, one row per comparison. {note}",
        panels=(Panel(_chart(name, rows, margins, f"Difference in {what}{of}"), ROW * len(rows)),),
        data={f"{name}-rows": rows, f"{name}-margins": margins},
        key=_key(rows, bool(margins)),
        folded=len(rows) > MAX_OPEN,
    )


def _rows(comparisons: Sequence[_Comparison], scale: float) -> Rows:
    halves = [
        scale * (one.link.high - one.link.low) / 2
        for one in comparisons
        if one.link.low is not None and one.link.high is not None
    ]
    places = decimals([scale * (one.link.estimate or 0.0) for one in comparisons], halves)
    rows = []
    for place, one in enumerate(comparisons):
        link, margin = one.link, one.finding.margin * scale
        low, mean, high = (
            None if value is None else value * scale
            for value in (link.low, link.estimate, link.high)
        )
        interval = f"{number(low, places)} to {number(high, places)}"
        rows.append(
            {
                "place": place,
                "label": one.label,
                "claim": one.finding.claim,
                "low": rounded(low),
                "mean": rounded(mean),
                "high": rounded(high),
                "verdict": link.verdict,
                "colour": DRAWN[link.verdict][1],
                "shown": f"{number(mean, places)} (interval {interval})",
                "margin": f"{margin:g}",
                "n": link.n,
            }
        )
    return rows


def margins_of(finding: Finding) -> list[float]:
    """Where the margin of a claim about pairs lies, as a difference first - second.

    One end for a claim that the first is better, or not worse; two for equality; none at 0, where
    every plot has a line.
    """
    claim = finding.declared
    if claim.margin == 0:
        return []
    if isinstance(claim, Equal):
        return [-claim.margin, claim.margin]
    beyond = not_behind if isinstance(claim, NotWorse) else ahead
    region = beyond(claim.metric, claim.margin)
    return [end for end in (region.low, region.high) if math.isfinite(end)]


def _chart(name: str, rows: Rows, margins: Rows, title: str) -> alt.LayerChart:
    ends = [row[end] for row in rows for end in ("low", "mean", "high") if row[end] is not None]
    values = [0.0, *ends, *(one["value"] for one in margins)]
    room = 0.04 * (max(values) - min(values)) or 1.0
    span = alt.Scale(domain=[min(values) - room, max(values) + room], nice=False, zero=False)
    ticks = alt.Axis(grid=True, tickCount=5, title=title)
    axis = alt.Axis(labels=False, grid=False)
    y = alt.Y("place:O", sort=None, title=None, axis=axis)
    lines = alt.Chart(alt.NamedData(f"{name}-rows")).encode(y=y)
    mean = alt.X("mean:Q", scale=span, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="comparison"),
        alt.Tooltip("claim:N", title="claim"),
        alt.Tooltip("verdict:N"),
        alt.Tooltip("shown:N", title=title),
        alt.Tooltip("n:Q"),
        alt.Tooltip("margin:N"),
    ]
    hue = alt.Stroke("colour:N", scale=None)
    # One row's line goes through all of them.
    zero = lines.transform_filter("datum.place === 0").mark_rule(style="zero")
    drop = 9
    layers = [
        zero.encode(alt.XDatum(0, scale=span, axis=ticks), y=alt.Undefined),
        alt.Chart(alt.NamedData(f"{name}-margins"))
        .mark_tick(style="truth", orient="vertical", thickness=3, size=16, yOffset=drop)
        .encode(alt.X("value:Q", scale=span, axis=ticks), y=y, tooltip=["shown:N"]),
        lines.mark_rule(strokeWidth=2, yOffset=drop, y2Offset=drop).encode(
            alt.X("low:Q", scale=span, axis=ticks), hue, x2="high:Q"
        ),
        *(_marks(lines, verdict, drop).encode(mean, tooltip=tooltip) for verdict in DRAWN),
        lines.mark_text(
            style="note", align="left", baseline="middle", dy=-9, limit=alt.ExprRef("width")
        ).encode(x=alt.value(0), text="label:N"),
    ]
    return alt.LayerChart(layer=layers)


def _marks(base: alt.Chart, verdict: Verdict, drop: int) -> alt.Chart:
    shape, colour = DRAWN[verdict]
    chosen = base.transform_filter(alt.FieldEqualPredicate(field="verdict", equal=verdict))
    if shape == "circle":
        return chosen.mark_circle(size=110, color=colour, opacity=1, yOffset=drop)
    outline = "circle" if shape == "ring" else CROSS
    return chosen.mark_point(
        shape=outline,
        size=110 if shape == "ring" else 70,
        stroke=colour,
        fill=None,
        strokeWidth=2.4,
        opacity=1,
        yOffset=drop,
    )


def _key(rows: Rows, margins: bool) -> tuple[Swatch, ...]:
    present = {row["verdict"] for row in rows}
    marks = [
        Swatch(verdict, colour, shape=shape)
        for verdict, (shape, colour) in DRAWN.items()
        if verdict in present
    ]
    return (*marks, Swatch("margin of the claim", shape="stroke")) if margins else tuple(marks)


def _note(comparisons: Sequence[_Comparison], margins: bool) -> str:
    units = dict.fromkeys(one.link.unit for one in comparisons)
    counts = [one.link.n for one in comparisons]
    over = replicates(counts).replace("replicate", " and ".join(units))
    methods = dict.fromkeys(
        one.link.method for one in comparisons if one.link.method != "identical runs"
    )
    first = f"First {MINUS} second, mean over pairs, {over}; {' | '.join(methods)}."
    same = any(one.link.method == "identical runs" for one in comparisons)
    parts = [
        first if methods else "All runs compared are identical.",
        "The line at 0 is no difference, the short stroke the claim's margin." if margins else "",
        "Identical runs lie at 0 without an interval." if same and methods else "",
        "Rows begin with the number of their claim. A verdict rests on the interval and, among "
        "registered claims, on the corrected p-value.",
    ]
    return " ".join(filter(None, parts))


def _name(metric: str, unit: Unit) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", metric.lower()).strip("-")
    return f"forest-{slug}{'-relative' if unit == 'per cent' else ''}"
