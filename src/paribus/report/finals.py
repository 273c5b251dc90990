"""Figures of the numbers at the end of training: per condition, and against parameters."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from paribus.report.figures import Figure, Panel
from paribus.report.layout import Layout, layout_of
from paribus.report.marks import chosen, filled, scale_of
from paribus.report.means import said
from paribus.report.quantities import Quantity, column_decimals, quantity, replicates
from paribus.results.table import Row, final_values, table
from paribus.results.tidy import StudyResults, condition_label
from paribus.statistics.intervals import Interval

Rows = list[dict[str, Any]]


def final_figure(results: StudyResults, metric: str, layout: Layout | None = None) -> Figure:
    """Mean and interval of a metric at the last epoch per condition, replicates as faint dots.

    `layout` gives the colours, where those of a larger study are to be kept.
    """
    shown, layout = quantity(metric), layout or layout_of(results)
    rows = table(results, (metric,))
    points = points_of(results, rows, layout, shown)
    dots = _dots(results, metric, layout, shown, {p["label"]: p["name"] for p in points})
    note = _note(rows, "small dots are single replicates")
    stem = "final-" + metric.replace("/", "-")
    chart = _final_chart(points, dots, shown, layout, stem)
    return Figure(
        name=stem,
        title=f"{shown.name} at the last epoch",
        note=note,
        description=f"Dot plot of {shown.title} at the last epoch, one row per condition. {note}",
        panels=(Panel(chart, 28 * len(points)),),
        data={f"{stem}-points": points, f"{stem}-dots": dots},
        series=() if layout.context else layout.series,
        legend=layout.legend,
    )


def parameter_figure(results: StudyResults, metric: str) -> Figure | None:
    """A metric at the last epoch against the number of parameters.

    None unless conditions differ in their parameters.
    """
    if len(set(results.runs["parameters"].tolist())) < 2:
        return None
    shown, layout = quantity(metric), layout_of(results)
    rows = table(results, (metric,))
    points = [one for one in points_of(results, rows, layout, shown) if one["mean"] is not None]
    note = _note(rows, "the horizontal axis is logarithmic")
    stem = "parameters-" + metric.replace("/", "-")
    chart = _parameter_chart(points, shown, layout, f"{stem}-points")
    return Figure(
        name=stem,
        title=f"{shown.name} against parameters",
        note=note,
        description=f"Plot of {shown.title} at the last epoch against trained parameters. {note}",
        panels=(Panel(chart, 260),),
        data={f"{stem}-points": points},
        series=() if layout.context else layout.series,
        legend=layout.legend,
    )


def points_of(results: StudyResults, rows: Sequence[Row], layout: Layout, shown: Quantity) -> Rows:
    """One row per condition: where it is drawn, its mean and its interval in the unit shown."""
    places = column_decimals(rows, shown)
    points = []
    for row in rows:
        label = condition_label(row["condition"])
        low, mean, high = (_scaled(row[name], shown) for name in ("low", "mean", "high"))
        runs = results.select(results.runs, row["condition"])
        diverged = f" ({row['diverged']} diverged)" if row["diverged"] else ""
        points.append(
            {
                "label": label,
                "name": label + diverged,
                "series": layout.place[label][0],
                "low": _possible(low, shown),
                "mean": mean,
                "n": row["n"],
                "diverged": row["diverged"],
                "high": _possible(high, shown),
                "shown": said(Interval(mean, low, high, row["n"], ""), places),
                "parameters": int(runs["parameters"].iloc[0]) if len(runs) else None,
            }
        )
    return points


def _dots(
    results: StudyResults,
    metric: str,
    layout: Layout,
    shown: Quantity,
    names: Mapping[str, str],
) -> Rows:
    finals: pd.DataFrame = final_values(results, metric)
    return [
        {
            "label": label,
            "name": names[label],
            "series": layout.place[label][0],
            "value": _scaled(float(value), shown),
            "replicate": int(replicate),
        }
        for condition in results.conditions
        for label in [condition_label(condition)]
        for chosen in [results.select(finals, condition)]
        for value, replicate in zip(chosen["value"], chosen["replicate"], strict=True)
        if math.isfinite(value)
    ]


def _final_chart(
    points: Rows, dots: Rows, shown: Quantity, layout: Layout, stem: str
) -> alt.LayerChart:
    order = [point["name"] for point in points]
    axis = alt.Axis(labelLimit=150, grid=False, labelPadding=8, labelOpacity=1)
    y = alt.Y("name:N", sort=order, title=None, axis=axis, scale=alt.Scale(domain=order))
    scale = _span([*_bounds(points), *(dot["value"] for dot in dots)], shown)
    ticks = alt.Axis(grid=True, tickCount=6, title=f"{shown.title}, last epoch")
    base = alt.Chart(alt.NamedData(f"{stem}-points")).encode(y=y)
    x = alt.X("mean:Q", scale=scale, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("shown:N", title=shown.title),
    ]
    single = alt.Chart(alt.NamedData(f"{stem}-dots")).encode(
        alt.X("value:Q", scale=scale, axis=ticks), y
    )
    return alt.LayerChart(
        layer=[
            single.mark_circle(size=36, opacity=1).encode(
                *filled(layout.series, 0.35, 0.08),
                tooltip=["label:N", "replicate:O", alt.Tooltip("value:Q", title=shown.title)],
            ),
            base.mark_rule(strokeWidth=2).encode(
                alt.X("low:Q", scale=scale, axis=ticks), *_rule(layout), x2="high:Q"
            ),
            base.mark_circle(size=90, opacity=1).encode(
                x, *filled(layout.series, 1, 0.15), tooltip=tooltip
            ),
        ]
    )


def _parameter_chart(points: Rows, shown: Quantity, layout: Layout, data: str) -> alt.LayerChart:
    scale = _span(_bounds(points), shown)
    ticks = alt.Axis(tickCount=5, title=f"{shown.title}, last epoch")
    x = alt.X(
        "parameters:Q",
        scale=alt.Scale(type="log", nice=False, padding=24),
        axis=alt.Axis(format="~s", tickCount=4, title="Trained parameters (log scale)"),
    )
    base = alt.Chart(alt.NamedData(data)).encode(x=x)
    y = alt.Y("mean:Q", scale=scale, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("parameters:Q", format=","),
        alt.Tooltip("shown:N", title=shown.title),
    ]
    marks: list[alt.Chart] = [
        base.mark_rule(strokeWidth=2).encode(
            alt.Y("low:Q", scale=scale, axis=ticks), *_rule(layout), y2="high:Q"
        ),
        base.mark_circle(size=90, opacity=1).encode(
            y, *filled(layout.series, 1, 0.15), tooltip=tooltip
        ),
    ]
    if len(points) <= 8:
        label = alt.Chart(alt.NamedData(data)).mark_text(style="note", align="left", dx=9, dy=-9)
        opacity = alt.FillOpacity(**chosen(1, 0.15))
        marks.append(label.encode(x, y, opacity, text="label:N"))
    return alt.LayerChart(layer=marks)


def _rule(layout: Layout) -> list[Any]:
    stroke = alt.Stroke("series:N", scale=scale_of(layout.series), legend=None)
    return [stroke, alt.StrokeOpacity(**chosen(1, 0.15))]


def _bounds(points: Rows) -> list[float]:
    found = [point[name] for point in points for name in ("low", "mean", "high")]
    return [value for value in found if value is not None]


def _span(values: Sequence[float], shown: Quantity) -> alt.Scale:
    """A linear scale over the values with a margin, cut at what the quantity can be."""
    if not values:
        return alt.Scale(domain=[0, 1])
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin
    if shown.unit == "%":
        low, high = max(low, 0.0), min(high, 100.0)
    elif min(values) >= 0:
        low = max(low, 0.0)
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def _possible(value: float | None, shown: Quantity) -> float | None:
    """A bound of an interval as drawn: a share ends at 0 and 100 %, whatever Student's t says."""
    return min(max(value, 0.0), 100.0) if value is not None and shown.unit == "%" else value


def _scaled(value: float | None, shown: Quantity) -> float | None:
    return None if value is None else float(f"{value * shown.scale:.6g}")


def _note(rows: Sequence[Row], rest: str) -> str:
    counts = [row["n"] for row in rows]
    if max(counts) <= 1:
        return f"Last epoch of each run. One replicate per condition: no interval; {rest}."
    return (
        f"Last epoch of each run. Mean over {replicates(counts)}, with the 95 % interval of the "
        f"mean (Student's t); {rest}."
    )
