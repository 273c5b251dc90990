"""A measurement along an axis of its own, at the last epoch: runs as faint lines, their mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from paribus.report.axes import Span, spanning
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.layout import Layout, layout_of
from paribus.report.marks import chosen, legend_of, scale_of
from paribus.report.means import carried, means, rounded, thinned
from paribus.report.measured import finished, measured
from paribus.report.quantities import quantity, replicates
from paribus.results.tidy import StudyResults, condition_label, positions

MAX_ROWS = 6000
FEWEST, MOST = 30, 200
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Scales:
    """Whether the axis along which it was measured, and the values, are logarithmic."""

    across: bool
    up: bool


def along(
    results: StudyResults, metric: str, axis: str, log_axis: bool = False, log: bool = False
) -> Figure:
    """A measurement at the last epoch along `axis`: a faint line per finished run, and the mean.

    Raises `NotMeasuredError` where no finished run has it along that axis.
    """
    shown, layout, scales = quantity(metric), layout_of(results), _Scales(log_axis, log)
    curves = {
        condition_label(one): _curves(results, dict(one), metric, axis, shown.scale)
        for one in results.conditions
    }
    runs = sum(frame["replicate"].nunique() for frame in curves.values())
    if not runs:
        raise NotMeasuredError(f"not measured along {axis!r}: {metric}")
    most = int(np.clip(MAX_ROWS // runs, FEWEST, MOST))
    singles, averages = [], []
    for label, frame in curves.items():
        names = _names(layout, label)
        kept = _drawable(frame, axis, scales)
        singles += _singles(kept, axis, names, most, log_axis)
        wide = thinned(carried(kept, axis), MOST, log_axis)
        averages += [names | _placed(row, axis) for row in means(wide)] if len(kept) else []
    note = _note(curves, averages, axis, most, scales)
    x = _across([row["x"] for row in singles], axis, log_axis)
    y = spanning([row["y"] for row in (*singles, *averages)], shown.title, log)
    panels = layout.panels
    return Figure(
        name=f"along-{metric.replace('/', '-')}",
        title=f"{shown.title} along {axis.replace('_', ' ')}",
        note=note,
        description=f"Line chart of {shown.title} along {axis}, a faint line per run. {note}",
        panels=tuple(
            Panel(_chart(panel, layout, x, y), 280 if len(panels) == 1 else 190, panel)
            for panel in panels
        ),
        data={"runs": singles, "means": averages},
        series=() if layout.context else layout.series,
        legend=layout.legend,
    )


def _across(values: Sequence[float], axis: str, log: bool) -> Span:
    """From the first place to the last, without a margin."""
    span = spanning(values, axis.replace("_", " ").capitalize(), log)
    ends = (min(values), max(values))
    return Span(span.title, ends, span.log) if ends[0] < ends[1] else span


def _curves(
    results: StudyResults, condition: Mapping[str, str], metric: str, axis: str, scale: float
) -> pd.DataFrame:
    """Rows of replicate, place on the axis and value, of the finished runs."""
    frames = []
    for replicate, key in finished(results, dict(condition)):
        found = measured(results, key, metric)
        if found is None or found.dims != (axis,):
            continue
        at = np.asarray(positions(found, axis), np.float64)
        values = found.values.astype(np.float64) * scale
        frames.append(pd.DataFrame({axis: at, "replicate": replicate, "value": values}))
    if not frames:
        return pd.DataFrame({axis: [], "replicate": [], "value": []})
    joined = pd.concat(frames, ignore_index=True)
    return joined.loc[np.isfinite(joined["value"])]


def _names(layout: Layout, label: str) -> dict[str, str]:
    series, panel = layout.place[label]
    return {"series": series, "panel": panel, "label": label}


def _drawable(frame: pd.DataFrame, axis: str, scales: _Scales) -> pd.DataFrame:
    """Without what a logarithmic axis has no place for."""
    kept = frame.loc[frame[axis] > 0] if scales.across else frame
    return kept.loc[kept["value"] > 0] if scales.up else kept


def _singles(
    frame: pd.DataFrame, axis: str, names: Mapping[str, str], most: int, log: bool
) -> Rows:
    return [
        {
            "series": names["series"],
            "panel": names["panel"],
            # Tells lines apart: replicate 0 of one condition is not that of another.
            "run": f"{names['label']}, {replicate}",
            "x": float(f"{x:.6g}"),
            "y": rounded(y),
        }
        for replicate, run in frame.groupby("replicate")
        for line in [thinned(run.sort_values(axis), most, log)]
        for x, y in zip(line[axis].tolist(), line["value"].tolist(), strict=True)
    ]


def _placed(row: Mapping[str, Any], axis: str) -> dict[str, Any]:
    kept = {name: row[name] for name in ("n", "ended", "shown")}
    return kept | {"x": float(f"{row[axis]:.6g}"), "y": row["mean"]}


def _note(
    curves: Mapping[str, pd.DataFrame], averages: Rows, axis: str, most: int, scales: _Scales
) -> str:
    counts = [frame["replicate"].nunique() for frame in curves.values() if len(frame)]
    parts = [
        f"Measured at the last epoch of each run. Faint lines are finished runs, the strong line "
        f"is their mean; {replicates(counts)}. The interval of the mean is shown at the pointer."
    ]
    if any(row["ended"] for row in averages):
        parts.append("A run whose line ends counts in the mean with its last value from then on.")
    longest = max(
        frame.groupby("replicate").size().max() for frame in curves.values() if len(frame)
    )
    if longest > most:
        spread = "evenly spread by their logarithm" if scales.across else "evenly spread"
        parts.append(
            f"Of up to {longest:,} places along {axis}, at most {most} are drawn of each "
            f"run, {spread}, and at most {MOST} of the mean: peaks between them are not "
            "seen."
        )
    dropped = [
        what
        for what, off in ((axis, scales.across), ("the values", scales.up))
        if off
        and any((frame[axis if what == axis else "value"] <= 0).any() for frame in curves.values())
    ]
    if dropped:
        parts.append(
            f"Places where {' or '.join(dropped)} are 0 or less have none on a log scale."
        )
    return " ".join(parts)


def _chart(panel: str, layout: Layout, x_span: Span, y_span: Span) -> alt.LayerChart:
    own = alt.FieldEqualPredicate(field="panel", equal=panel)
    x = alt.X("x:Q", scale=x_span.scale, axis=x_span.axis(x_span.title))
    y = alt.Y("y:Q", scale=y_span.scale, axis=y_span.axis(None if panel else y_span.title))
    legend = legend_of(not layout.context)
    hue = alt.Stroke("series:N", scale=scale_of(layout.series), legend=legend, title=None)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("x:Q", title=x_span.title, format="~g"),
        alt.Tooltip("shown:N", title=y_span.title),
    ]
    runs = alt.Chart(alt.NamedData("runs")).transform_filter(own)
    averages = alt.Chart(alt.NamedData("means")).transform_filter(own)
    return alt.LayerChart(
        layer=[
            runs.mark_line(strokeWidth=1).encode(
                x, y, hue, alt.StrokeOpacity(**chosen(0.22, 0.04)), detail="run:N"
            ),
            averages.mark_line(strokeWidth=2.5).encode(
                x, y, hue, alt.StrokeOpacity(**chosen(1, 0.12))
            ),
            averages.mark_circle(size=160, fill="transparent", fillOpacity=0).encode(
                x, y, tooltip=tooltip
            ),
        ]
    )
