"""Loss and accuracy along the line between two trained networks, on two axes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from paribus.report.axes import Span, spanning
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.marks import chosen, legend_of, scale_of
from paribus.report.means import rounded, said
from paribus.report.measured import places
from paribus.report.quantities import decimals, number, replicates
from paribus.report.theme import CATEGORICAL, Series
from paribus.results.tidy import StudyResults, positions
from paribus.statistics.intervals import mean_interval
from paribus.store.records import Measurement

DIMS = ("pair", "replicate", "position")
TRAIN_DASH = (5, 3)
LOSS, ACCURACY = CATEGORICAL[0], "#b85c00"
CURVES = {
    "train_loss": Series("train loss", LOSS, TRAIN_DASH),
    "test_loss": Series("test loss", LOSS),
    "train_accuracy": Series("train accuracy", ACCURACY, TRAIN_DASH),
    "test_accuracy": Series("test accuracy", ACCURACY),
}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Side:
    """One of the two vertical axes: its curves, its scale and where it stands."""

    series: tuple[Series, ...]
    span: Span
    orient: str
    data: str


def line_curves(results: StudyResults, analysis: str = "line") -> list[Figure]:
    """A figure per pair: loss on the left axis, accuracy on the right, train lines dashed.

    Means over replicates, which are faint lines. Raises `NotMeasuredError` where none of the
    four curves is stored.
    """
    found = {
        name: results.analyses[f"{analysis}/{name}"]
        for name in CURVES
        if f"{analysis}/{name}" in results.analyses
    }
    found = {name: one for name, one in found.items() if one.dims == DIMS}
    if not found:
        raise NotMeasuredError(f"not computed: {analysis}/train_loss and its companions")
    pairs = places(next(iter(found.values())), "pair")
    figures = []
    for place, pair in enumerate(pairs):
        barriers = _barriers(results, analysis, place)
        if any(np.isfinite(one.values[place]).any() for one in found.values()):
            figures.append(_figure(found, place, pair, f"{analysis}-{place + 1}", barriers))
    return figures


def _barriers(results: StudyResults, analysis: str, pair: int) -> str:
    """How far the highest loss between the two is above the straight line between theirs."""
    told = []
    for split in ("train", "test"):
        one = results.analyses.get(f"{analysis}/{split}_barrier")
        known = one.values[pair][np.isfinite(one.values[pair])] if one is not None else []
        if len(known):
            interval = mean_interval(list(known))
            told.append(f"{split} {said(interval, decimals([interval.mean], []))}")
    if not told:
        return ""
    return f" Highest loss between them above the straight line between theirs: {', '.join(told)}."


def _figure(
    found: dict[str, Measurement], place: int, pair: str, name: str, barriers: str
) -> Figure:
    rows: Rows = []
    means: Rows = []
    counts = []
    for curve, one in found.items():
        values = one.values[place].astype(np.float64) * (100 if "accuracy" in curve else 1)
        values = values[np.isfinite(values).any(axis=1)]
        counts.append(len(values))
        at = positions(one, "position").astype(np.float64)
        rows += _runs(curve, at, values)
        means += _means(curve, at, values)
    sides = [
        _side(rows, found, "loss", "Loss (mean per example)", "left"),
        _side(rows, found, "accuracy", "Accuracy (%)", "right"),
    ]
    sides = [one for one in sides if one is not None]
    at = [row["x"] for row in rows]
    note = _note(at, counts) + barriers
    return Figure(
        name=name,
        title=f"Along the line between two networks: {pair}",
        note=note,
        description=f"Line chart of loss and accuracy between two networks ({pair}). {note}",
        panels=(Panel(_chart(sides, (min(at), max(at))), 300),),
        data={"runs": rows, "means": means, "networks": _networks(pair)},
        series=tuple(CURVES[name] for name in found),
        group="line",
    )


def _note(at: Sequence[float], counts: Sequence[int]) -> str:
    ends = f"from {number(min(at), 1)} to {number(max(at), 1)}"
    if max(counts) > 1:
        told = (
            f"Mean over {replicates(counts)}, which are the faint lines; the interval is shown at "
            "the pointer."
        )
    else:
        told = "One replicate: no interval."
    return (
        f"Weights (1 \u2212 a) first + a second, for a {ends}; the two networks stand at the "
        f"vertical lines, a = 0 and a = 1. Dashed: train, solid: test. {told}"
    )


def _networks(pair: str) -> Rows:
    """Where the two stand, and their names."""
    first, _, second = pair.partition(" to ")
    return [{"x": 0, "name": first}, {"x": 1, "name": second or "second network"}]


def _runs(name: str, at: NDArray[Any], values: NDArray[Any]) -> Rows:
    return [
        _row(name, x, y) | {"replicate": replicate}
        for replicate, curve in enumerate(values)
        for x, y in zip(at, curve, strict=True)
        if math.isfinite(y)
    ]


def _means(name: str, at: NDArray[Any], values: NDArray[Any]) -> Rows:
    kept = np.isfinite(values).all(axis=0)
    intervals = [mean_interval(column) for column in values[:, kept].T.tolist()]
    digits = decimals([one.mean for one in intervals], [])
    return [
        _row(name, x, one.mean) | {"shown": said(one, digits)}
        for x, one in zip(at[kept], intervals, strict=True)
    ]


def _row(name: str, x: float, y: float | None) -> dict[str, Any]:
    return {
        "series": CURVES[name].label,
        "side": name.partition("_")[2],
        "x": float(f"{x:.6g}"),
        "y": rounded(y),
    }


def _side(
    rows: Rows, found: dict[str, Measurement], data: str, title: str, orient: str
) -> _Side | None:
    series = tuple(CURVES[name] for name in found if name.endswith(data))
    values = [row["y"] for row in rows if row["side"] == data]
    if not values:
        return None
    return _Side(series, spanning(values, title, percent=data == "accuracy"), orient, data)


def _chart(sides: Sequence[_Side], ends: tuple[float, float]) -> alt.LayerChart:
    scale = alt.Scale(domain=list(ends), nice=False)
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(title="Place a on the line", tickCount=7))
    ink = alt.Chart(alt.NamedData("networks")).encode(x)
    words = ink.mark_text(style="note", baseline="bottom", dy=-4)
    layers: list[Any] = [
        ink.mark_rule(style="limit"),
        words.encode(y=alt.value(0), text="name:N"),
    ]
    layers += [alt.LayerChart(layer=_marks(side, x)) for side in sides]
    return alt.LayerChart(layer=layers).resolve_scale(y="independent")


def _marks(side: _Side, x: alt.X) -> list[alt.Chart]:
    axis = side.span.axis(side.span.title)
    axis.orient = side.orient  # pyright: ignore[reportAttributeAccessIssue] (altair's own way)
    axis.titleColor = side.series[0].colour  # pyright: ignore[reportAttributeAccessIssue]
    axis.grid = side.orient == "left"  # pyright: ignore[reportAttributeAccessIssue]
    y = alt.Y("y:Q", scale=side.span.scale, axis=axis)
    # Both sides give the whole scale, so that files have one legend.
    known = tuple(CURVES.values())
    dashes = alt.Scale(
        domain=[one.label for one in known], range=[list(one.dash) for one in known]
    )
    hue = alt.Stroke("series:N", scale=scale_of(known), legend=legend_of(True), title=None)
    dash = alt.StrokeDash("series:N", scale=dashes, legend=legend_of(True), title=None)
    own = alt.FieldEqualPredicate(field="side", equal=side.data)
    runs = alt.Chart(alt.NamedData("runs")).transform_filter(own)
    means = alt.Chart(alt.NamedData("means")).transform_filter(own)
    tooltip = [
        alt.Tooltip("series:N", title="curve"),
        alt.Tooltip("x:Q", title="a"),
        alt.Tooltip("shown:N", title=side.span.title),
    ]
    detail = alt.Detail("replicate:N")
    return [
        runs.mark_line(strokeWidth=1).encode(
            x, y, hue, dash, detail, alt.StrokeOpacity(**chosen(0.25, 0.04))
        ),
        means.mark_line(strokeWidth=2.2).encode(
            x, y, hue, dash, alt.StrokeOpacity(**chosen(1, 0.12))
        ),
        means.mark_circle(size=120, fill="transparent", fillOpacity=0).encode(
            x, y, tooltip=tooltip, detail="series:N"
        ),
    ]
