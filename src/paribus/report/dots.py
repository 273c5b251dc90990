"""Rows of dots with their median: what several repeats of one thing gave."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from paribus.report.axes import Span
from paribus.report.theme import ACCENT

Rows = list[dict[str, Any]]


def dot_rows(names: Sequence[str], span: Span, stacked: int = 1) -> tuple[alt.LayerChart, int]:
    """A plot with a row per name, and its height.

    Data sets: `dots` with name, place (0, 1, ... within the row), value, `censored` (drawn as a
    triangle: the value is a lower bound) and shown; `medians` with name, value and shown. With
    `stacked` places a row is so many lines high, one per repeat, so that equal values show.
    """
    axis = alt.Axis(labelLimit=190, grid=False, labelPadding=8, labelOpacity=1)
    y = alt.Y("name:N", sort=None, title=None, axis=axis, scale=alt.Scale(domain=list(names)))
    x = alt.X("value:Q", scale=span.scale, axis=_ticks(span))
    dots = alt.Chart(alt.NamedData("dots"))
    medians = alt.Chart(alt.NamedData("medians"))
    tooltip = [
        alt.Tooltip("name:N", title="condition"),
        alt.Tooltip("place:O", title="repeat"),
        alt.Tooltip("shown:N", title=span.title),
    ]
    offset = [alt.YOffset("place:O")] if stacked > 1 else []
    base = dots.encode(x, y, *offset, tooltip=tooltip)
    told = [alt.Tooltip("name:N", title="condition"), alt.Tooltip("shown:N", title="median")]
    height = max(34, 11 * stacked + 12)
    layers = [
        base.transform_filter("!datum.censored").mark_circle(
            size=46, fill=ACCENT, fillOpacity=0.8, opacity=1
        ),
        base.transform_filter("datum.censored").mark_point(
            shape="triangle-right", size=70, stroke=ACCENT, strokeWidth=1.8, opacity=1
        ),
        medians.mark_tick(
            orient="vertical", thickness=2.5, size=height - 10, color=ACCENT, opacity=1
        ).encode(x, y, tooltip=told),
        medians.mark_text(
            style="note", align="left", baseline="middle", dx=9, dy=-height / 2 + 8
        ).encode(x, y, text="shown:N"),
    ]
    return alt.LayerChart(layer=layers), height * len(names)


def _ticks(span: Span) -> alt.Axis:
    axis = span.axis(span.title)
    axis.grid = True  # pyright: ignore[reportAttributeAccessIssue] (altair's own way)
    return axis
