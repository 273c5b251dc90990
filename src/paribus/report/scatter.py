"""One point per run: a metric against another."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from paribus.figures import RunScatter
from paribus.report.axes import Span, spanning
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.keys import CROSS, Swatch
from paribus.report.layout import Layout, layout_of
from paribus.report.marks import chosen, filled, legend_of, scale_of
from paribus.report.means import rounded
from paribus.report.measured import require
from paribus.report.quantities import Quantity, number, quantity
from paribus.results.table import final_values
from paribus.results.tidy import StudyResults, condition_label

Rows = list[dict[str, Any]]


def run_scatter(results: StudyResults, declared: RunScatter) -> Figure:
    """A point per finished run, at its last epoch; runs that `unless` says no to are crosses.

    Raises `NotMeasuredError` where a metric is missing.
    """
    names = [name for name in (declared.x, declared.y, declared.unless) if name]
    require(results, names)
    layout = layout_of(results)
    x, y = quantity(declared.x), quantity(declared.y)
    frame = _joined(results, names)
    kept = frame.loc[
        ((frame[declared.x] > 0) | (not declared.log_x))
        & ((frame[declared.y] > 0) | (not declared.log_y))
    ]
    rows = _rows(results, kept, declared, layout)
    if not rows:
        raise NotMeasuredError("no finished run has a finite value of both")
    across = spanning([row["x"] for row in rows], x.title, declared.log_x, x.unit == "%")
    up = spanning([row["y"] for row in rows], y.title, declared.log_y, y.unit == "%")
    note = _note(rows, declared, len(frame) - len(kept))
    panels = layout.panels
    return Figure(
        name=f"runs-{declared.y}-{declared.x}".replace("/", "-"),
        title=f"{y.name} against {x.name[:1].lower()}{x.name[1:]}",
        note=note,
        description=f"Scatter plot of {y.title} against {x.title}, a point per run. {note}",
        panels=tuple(
            Panel(_chart(panel, layout, across, up), 300 if len(panels) == 1 else 200, panel)
            for panel in panels
        ),
        data={"runs": rows},
        series=() if layout.context else layout.series,
        legend=layout.legend,
        key=_key(rows, declared),
    )


def _joined(results: StudyResults, names: Sequence[str]) -> pd.DataFrame:
    """A row per finished run with the last value of every metric, finite ones only."""
    by = [*results.factors, "replicate"]
    joined = None
    for name in dict.fromkeys(names):
        values = final_values(results, name)
        values = values.assign(value=values["value"] * quantity(name).scale)
        column = values[[*by, "value"]].rename(columns={"value": name})
        joined = column if joined is None else joined.merge(column, on=by)
    assert joined is not None
    return joined.loc[joined[[*names]].abs().max(axis=1) < float("inf")].dropna()


def _rows(
    results: StudyResults, frame: pd.DataFrame, declared: RunScatter, layout: Layout
) -> Rows:
    rows = []
    for condition in results.conditions:
        label = condition_label(condition)
        series, panel = layout.place[label]
        for run in results.select(frame, condition).to_dict("records"):
            met = not declared.unless or float(run[declared.unless]) != 0
            rows.append(
                {
                    "series": series,
                    "panel": panel,
                    "label": label,
                    "replicate": int(run["replicate"]),
                    "x": rounded(run[declared.x]),
                    "y": rounded(run[declared.y]),
                    "met": met,
                    "said": "" if met else _unless(declared),
                }
            )
    return rows


def _unless(declared: RunScatter) -> str:
    return declared.unless_label or f"{declared.unless} is 0"


def _note(rows: Rows, declared: RunScatter, left_out: int) -> str:
    total, crosses = len(rows), sum(not row["met"] for row in rows)
    parts = [f"One point per finished run, at its last epoch; {total} runs."]
    for name in (declared.x, declared.y):
        shown: Quantity = quantity(name)
        values = [row["x" if name == declared.x else "y"] for row in rows]
        span = f"{number(min(values), 3)} to {number(max(values), 3)}"
        parts.append(f"{shown.title}: {span}.")
    if crosses:
        share = "all" if crosses == total else f"{crosses} of {total}"
        parts.append(f"Crosses: {_unless(declared)} ({share}).")
    if left_out:
        parts.append(f"{left_out} runs with a value of 0 or less have no place on a log scale.")
    return " ".join(parts)


def _key(rows: Rows, declared: RunScatter) -> tuple[Swatch, ...]:
    if all(row["met"] for row in rows):
        return ()
    cross = Swatch(_unless(declared), shape="cross")
    return (
        (cross,)
        if not any(row["met"] for row in rows)
        else (Swatch("other runs", shape="circle"), cross)
    )


def _chart(panel: str, layout: Layout, across: Span, up: Span) -> alt.LayerChart:
    x = alt.X("x:Q", scale=across.scale, axis=across.axis(across.title))
    y = alt.Y("y:Q", scale=up.scale, axis=up.axis(up.title))
    own = alt.FieldEqualPredicate(field="panel", equal=panel)
    base = alt.Chart(alt.NamedData("runs")).transform_filter(own)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("replicate:O"),
        alt.Tooltip("x:Q", title=across.title),
        alt.Tooltip("y:Q", title=up.title),
        alt.Tooltip("said:N", title="remark"),
    ]
    legend = legend_of(not layout.context, points=True)
    fill, opacity = filled(layout.series, 0.75, 0.08)
    fill = alt.Fill("series:N", scale=scale_of(layout.series), legend=legend, title=None)
    circles = base.transform_filter("datum.met").mark_circle(size=55, opacity=1)
    crosses = base.transform_filter("!datum.met").mark_point(
        shape=CROSS, size=50, strokeWidth=1.6, opacity=1, fillOpacity=0
    )
    hue = alt.Stroke("series:N", scale=scale_of(layout.series), legend=legend, title=None)
    faint = alt.StrokeOpacity(**chosen(0.8, 0.06))
    return alt.LayerChart(
        layer=[
            crosses.encode(x, y, hue, faint, tooltip=tooltip),
            circles.encode(x, y, fill, opacity, tooltip=tooltip),
        ]
    )
