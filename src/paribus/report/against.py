"""Metrics at the last epoch against a number: of parameters, or the level of a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt

from paribus.report.axes import Span, spanning
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.finals import points_of
from paribus.report.keys import Swatch
from paribus.report.labels import label_marks, labelled
from paribus.report.layout import Layout, factor_of_numbers, layout_of
from paribus.report.marks import chosen, filled, legend_of, scale_of
from paribus.report.measured import require
from paribus.report.quantities import Quantity, quantity, replicates
from paribus.report.selection import restricted, restricted_layout
from paribus.report.theme import ACCENT, Series, can_be_coloured, is_number, series_of
from paribus.results.table import table
from paribus.results.tidy import StudyResults, condition_label

HEIGHT = 240
MOST_NAMES = 12
SPLITS = ("test", "validation", "train")
DASHES = {"test": (1, 0), "train": (5, 3), "validation": (2, 2)}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Plot:
    """What the panels of one figure share: the horizontal axis, the colours, and lines or none."""

    x: Span
    series: tuple[Series, ...]
    lines: bool
    names: bool
    ticks: tuple[float, ...] = ()


def against_parameters(
    results: StudyResults, metrics: Sequence[str], conditions: Sequence[str] = ()
) -> Figure:
    """Metrics at the last epoch against the number of trained parameters, on a log axis.

    Splits of one quantity share a panel. `conditions` chooses levels of the first factor. Raises
    `NotMeasuredError` where a metric is missing.
    """
    require(results, metrics)
    if not results.runs["parameters"].any():
        raise NotMeasuredError("how many parameters were trained, which only the trainer knows")
    part = restricted(results, conditions)
    layout = restricted_layout(layout_of(results), part)
    rows = _rows(part, metrics, layout)
    for row in rows:
        row["x"] = row["parameters"]
    span = spanning([row["x"] for row in rows], "Trained parameters", log=True)
    series = layout.series if not layout.context else (Series("condition", ACCENT),)
    if layout.context:
        rows = [row | {"series": "condition"} for row in rows]
    several = len({_panel_and_split(metric)[0] for metric in metrics}) > 1
    names = 1 < len(part.conditions) <= MOST_NAMES and (layout.context or not several)
    plot = _Plot(span, series, lines=False, names=names)
    figure = _figure(plot, rows, metrics, "trained parameters")
    return replace(figure, series=() if layout.context else layout.series, legend=layout.legend)


def against_levels(
    results: StudyResults, metrics: Sequence[str], factor: str, log: bool = False
) -> Figure:
    """Metrics at the last epoch against the levels of a factor, which are numbers.

    Means of one condition of the other factors are joined by a line. Splits of one quantity share
    a panel. Raises `NotMeasuredError` where a metric or the factor is missing, or a level is a
    word.
    """
    require(results, metrics)
    _refuse_words(results, factor)
    others = {condition_label(one): _others(one, factor) for one in results.conditions}
    names = list(dict.fromkeys(others.values()))
    if not can_be_coloured(names):
        raise NotMeasuredError(f"{len(names)} conditions besides {factor}: too many for colours")
    series = series_of(names) if names != [""] else (Series("", ACCENT),)
    places = dict.fromkeys(others, ("", ""))
    rows = _rows(results, metrics, Layout(series, places))
    level = {condition_label(one): float(one[factor]) for one in results.conditions}
    rows = [row | {"series": others[row["label"]], "x": level[row["label"]]} for row in rows]
    title = factor.replace("_", " ").capitalize()
    plot = _Plot(
        spanning(level.values(), title, log),
        series,
        lines=True,
        names=False,
        ticks=tuple(level.values()),
    )
    figure = _figure(plot, rows, metrics, title.lower())
    varied = [name for name in results.factors if name != factor and _varies(results, name)]
    return replace(
        figure,
        name=f"levels-{figure.name}",
        series=series if names != [""] else (),
        legend=factor_of_numbers(varied, names),
    )


def _refuse_words(results: StudyResults, factor: str) -> None:
    if factor not in results.factors:
        raise NotMeasuredError(f"the study has no factor {factor!r}")
    labels = list(dict.fromkeys(one[factor] for one in results.conditions))
    words = [label for label in labels if not is_number(label)]
    if words:
        raise NotMeasuredError(f"levels of {factor} are no numbers: {', '.join(words)}")


def _varies(results: StudyResults, factor: str) -> bool:
    return len({one[factor] for one in results.conditions}) > 1


def _others(condition: Mapping[str, str], factor: str) -> str:
    return " · ".join(label for name, label in condition.items() if name != factor)


def _rows(results: StudyResults, metrics: Sequence[str], layout: Layout) -> Rows:
    """A row per condition and metric, with the panel and the split that it belongs to."""
    if not results.conditions:
        raise NotMeasuredError("none of the conditions is part of this study at this scale")
    found = []
    titles = _titles(metrics)
    for metric in metrics:
        panel, split = titles[metric], _panel_and_split(metric)[1]
        points = points_of(results, table(results, (metric,)), layout, quantity(metric))
        found += [
            point | {"panel": panel, "split": split, "y": point["mean"]}
            for point in points
            if point["mean"] is not None
        ]
    return found


def _panel_and_split(metric: str) -> tuple[str, str]:
    """The title of a metric without its split, and the split; a metric of none is its own."""
    shown = quantity(metric)
    first, _, second = metric.partition("/")
    split = next((name for name in (first, second) if name in SPLITS), "")
    if not split:
        return shown.title, ""
    bare = first if second == split else second
    name = bare.replace("_", " ").capitalize()
    return Quantity(name, shown.unit, shown.scale, True, split).title, split


def _titles(metrics: Sequence[str]) -> dict[str, str]:
    """The panel of each metric: that of its quantity, with its split where it has no companion."""
    panels = {metric: _panel_and_split(metric)[0] for metric in metrics}
    shared = {panel for panel in panels.values() if list(panels.values()).count(panel) > 1}
    return {
        metric: panel if panel in shared else quantity(metric).title
        for metric, panel in panels.items()
    }


def _figure(plot: _Plot, rows: Rows, metrics: Sequence[str], against: str) -> Figure:
    panels = list(dict.fromkeys(_titles(metrics).values()))
    splits = [name for name in SPLITS if any(row["split"] == name for row in rows)]
    several = len(splits) > 1
    drawn = tuple(_panel(plot, title, rows, len(panels) > 1) for title in panels)
    parts = ["Last epoch of each run."]
    counts = [row["n"] for row in rows]
    if max(counts, default=0) > 1:
        told = f"Mean over {replicates(counts)}, with the 95 % interval of the mean (Student's t)."
        parts.append(told)
    else:
        parts.append("One replicate per condition: no interval.")
    diverged = {(row["label"], row["diverged"]) for row in rows if row["diverged"]}
    if diverged:
        left_out = sum(count for _, count in diverged)
        parts.append(f"Diverged and left out: {left_out} run{'' if left_out == 1 else 's'}.")
    note = " ".join(parts)
    named = [title.partition(" (")[0] for title in panels]
    *most, end = [named[0], *(name[:1].lower() + name[1:] for name in named[1:])]
    what = f"{', '.join(most)} and {end}" if most else end
    return Figure(
        name="against-" + "-".join(metric.replace("/", "-") for metric in metrics),
        title=f"{what} against {against}",
        note=note,
        description=f"Plots of {', '.join(panels)} against {against}. {note}",
        panels=drawn,
        data={"means": rows},
        key=_key(splits, plot.lines) if several else (),
    )


def _key(splits: Sequence[str], lines: bool) -> tuple[Swatch, ...]:
    dashed = " (dashed)" if lines else ""
    return tuple(
        Swatch(split + (dashed if split == "train" else ""), shape=_shape(split))
        for split in splits
    )


def _shape(split: str) -> Any:
    return {"train": "ring", "validation": "square"}.get(split, "circle")


def _panel(plot: _Plot, title: str, rows: Rows, several: bool) -> Panel:
    own = [row for row in rows if row["panel"] == title]
    bounds = [row[name] for row in own for name in ("low", "y", "high")]
    span = spanning([one for one in bounds if one is not None], title, percent="%" in title)
    splits = list(dict.fromkeys(row["split"] for row in own))
    if plot.names and own:
        first = [row for row in own if row["split"] == splits[0]]
        labelled([row for row in first if "name" in row], plot.x, span, HEIGHT)
    y = alt.Y("y:Q", scale=span.scale, axis=span.axis(None if several else span.title))
    layers = [mark for split in splits for mark in _marks(plot, y, title, split)]
    if plot.names:
        layers.append(_names(plot, y, title, splits[0] if splits else ""))
    return Panel(alt.LayerChart(layer=layers), HEIGHT, span.title if several else "")


def _marks(plot: _Plot, y: alt.Y, title: str, split: str) -> list[alt.Chart]:
    x = alt.X("x:Q", scale=plot.x.scale, axis=_ticks(plot))
    base = (
        alt.Chart(alt.NamedData("means"))
        .transform_filter(alt.FieldEqualPredicate(field="panel", equal=title))
        .transform_filter(alt.FieldEqualPredicate(field="split", equal=split))
    )
    hue = alt.Stroke(
        "series:N",
        scale=scale_of(plot.series),
        legend=legend_of(len(plot.series) > 1, points=not plot.lines),
        title=None,
    )
    opacity = alt.StrokeOpacity(**chosen(1, 0.15))
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("x:Q", title=plot.x.title, format=",~r"),
        alt.Tooltip("split:N"),
        alt.Tooltip("shown:N", title=title),
    ]
    low = y.copy()
    low.shorthand = "low:Q"
    marks = [base.mark_rule(strokeWidth=1.5).encode(x, low, hue, opacity, y2="high:Q")]
    if plot.lines:
        line = base.mark_line(strokeWidth=2, strokeDash=list(DASHES.get(split, (1, 0))))
        marks.append(line.encode(x, y, hue, opacity))
    point = base.mark_point(
        size=56, opacity=1, shape="square" if split == "validation" else "circle"
    )
    fill = filled(plot.series, *((0, 0) if split == "train" else (1, 0.15)))
    marks.append(point.encode(x, y, hue, opacity, *fill, tooltip=tooltip))
    return marks


def _names(plot: _Plot, y: alt.Y, title: str, split: str) -> alt.Chart:
    base = (
        alt.Chart(alt.NamedData("means"))
        .transform_filter(alt.FieldEqualPredicate(field="panel", equal=title))
        .transform_filter(alt.FieldEqualPredicate(field="split", equal=split))
    )
    x = alt.X("x:Q", scale=plot.x.scale, axis=_ticks(plot))
    return label_marks(base, x, y, alt.FillOpacity(**chosen(1, 0.15)))


def _ticks(plot: _Plot) -> alt.Axis:
    """At the levels themselves, as far as their labels leave each other room."""
    if not plot.ticks:
        return alt.Axis(format="~s", tickCount=4, title=plot.x.title)
    ticks = sorted(set(plot.ticks))
    return alt.Axis(values=ticks, format=",~r", labelOverlap="greedy", title=plot.x.title)
