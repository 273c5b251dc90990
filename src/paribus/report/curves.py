"""Curves over epochs: learning curves per condition, and probes per layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from paribus.report.axes import Span, spanning
from paribus.report.figures import Figure
from paribus.report.layout import layout_of
from paribus.report.marks import Frame, curve_panels
from paribus.report.means import MAX_POINTS, carried, means, rounded, thinned
from paribus.report.quantities import Quantity, quantity, replicates
from paribus.report.theme import Series, ramp
from paribus.results.tidy import StudyResults, condition_label

Rows = list[dict[str, Any]]


def learning_curves(results: StudyResults, metric: str, log: bool | None = None) -> Figure | None:
    """Mean of a metric per epoch and condition, with 95 % intervals over replicates.

    Diverged runs are left out of means and drawn one by one up to where they end. `log` asks for
    a logarithmic scale or forbids it; without, the values decide. None where the metric was not
    measured.
    """
    shown, layout = quantity(metric), layout_of(results)
    values = _scaled(results, results.metrics, metric, shown)
    if values["value"].notna().sum() == 0:
        return None
    if log is None and shown.unit == "%":
        log = False
    frame = _frame(values, shown.title, layout.series, layout.context, log)
    rows, ends = [], []
    for condition in results.conditions:
        label = condition_label(condition)
        series, panel = layout.place[label]
        chosen = results.select(values, condition)
        names = {"series": series, "panel": panel, "label": label}
        rows += _means(chosen.loc[chosen["status"] == "finished"], frame.span, names)
        ends += _diverged(chosen.loc[chosen["status"] == "diverged"], frame.span, names)
    name = metric.replace("/", "-")
    panels = curve_panels(frame, layout.panels, f"{name}-mean", f"{name}-diverged")
    note = _note(rows, ends, values, frame)
    return Figure(
        name=f"curve-{name}",
        title=_title(shown, "by epoch", frame),
        note=note,
        description=f"Line chart of {shown.title} against epoch, one line per condition. {note}",
        panels=panels,
        data={f"{name}-mean": rows, f"{name}-diverged": ends},
        series=() if layout.context else layout.series,
        legend=layout.legend,
    )


def layer_curves(results: StudyResults, metric: str) -> Figure | None:
    """Mean of a per-layer measurement by epoch: one panel per condition, one line per layer.

    None where it was not measured.
    """
    shown = quantity(metric)
    values = _scaled(results, results.layers, metric, shown)
    layers = values["layer"].unique().tolist()
    if values["value"].notna().sum() == 0:
        return None
    series = tuple(map(Series, layers, ramp(len(layers))))
    frame = _frame(values, shown.title, series)
    rows: Rows = []
    for condition in results.conditions:
        chosen = results.select(values, condition)
        chosen = chosen.loc[chosen["status"] == "finished"]
        panel = condition_label(condition)
        for layer in layers:
            names = {"series": layer, "panel": panel, "label": f"{panel}, {layer}"}
            rows += _means(chosen.loc[chosen["layer"] == layer], frame.span, names)
    name = metric.replace("/", "-")
    drawn = {row["panel"] for row in rows}
    titles = [condition_label(condition) for condition in results.conditions]
    note = _note(rows, [], values, frame)
    return Figure(
        name=f"layers-{name}",
        title=_title(shown, "per layer by epoch", frame),
        note=note,
        description=f"Line charts of {shown.name} against epoch, one line per layer. {note}",
        panels=curve_panels(
            frame,
            [title for title in titles if title in drawn] or titles[:1],
            f"{name}-layers",
            f"{name}-none",
        ),
        data={f"{name}-layers": rows, f"{name}-none": []},
        series=frame.series,
        group="layer",
    )


def _scaled(
    results: StudyResults, frame: pd.DataFrame, metric: str, shown: Quantity
) -> pd.DataFrame:
    """The values of one metric in the unit shown (NaN: not finite), with each run's status."""
    chosen = frame.loc[frame["metric"] == metric]
    value = chosen["value"] * shown.scale
    by = [*results.factors, "replicate"]
    chosen = chosen.assign(value=value.where(np.isfinite(value)))
    return chosen.merge(results.runs[[*by, "status"]], on=by)


def _frame(
    values: pd.DataFrame,
    title: str,
    series: tuple[Series, ...],
    context: bool = False,
    log: bool | None = None,
) -> Frame:
    """The vertical axis: what finished runs span once training has begun, with a margin.

    The number before training is left out: it would flatten all that follows.
    """
    known = values.loc[values["value"].notna()]
    finished = known.loc[known["status"] == "finished"]
    chosen = finished if len(finished) else known
    epoch, value = chosen["epoch"].to_numpy(), chosen["value"].to_numpy()
    value = value[epoch > 0] if epoch.max() > 0 else value
    epochs = (int(epoch.min()), int(epoch.max()))
    return Frame(spanning(value.tolist(), title, log), epochs, series, context)


def _means(chosen: pd.DataFrame, span: Span, names: Mapping[str, str]) -> Rows:
    rows = means(thinned(carried(chosen, "epoch")))
    return [
        dict(names)
        | row
        | {
            name: None if row[name] is None else span.clipped(row[name])
            for name in ("low", "high")
        }
        for row in rows
        if span.holds(row["mean"])
    ]


def _diverged(chosen: pd.DataFrame, span: Span, names: Mapping[str, str]) -> Rows:
    """The diverged runs one by one; `last` marks where each ends."""
    known = chosen.loc[chosen["value"].notna()]
    rows: Rows = []
    for replicate, run in known.groupby("replicate"):
        drawn = thinned(run.sort_values("epoch"))
        end = int(drawn["epoch"].max())
        rows += [
            dict(names)
            | {
                "replicate": int(replicate),  # pyright: ignore[reportArgumentType] (key is Any)
                "epoch": int(epoch),
                "value": rounded(span.clipped(value)),
                "last": bool(epoch == end),
                "shown": f"replicate {replicate} diverged after this epoch",
            }
            for epoch, value in zip(drawn["epoch"], drawn["value"], strict=True)
            if epoch > 0 or span.holds(value)
        ]
    return rows


def _title(shown: Quantity, rest: str, frame: Frame) -> str:
    return f"{shown.title} {rest}" + (", log scale" if frame.span.log else "")


def _note(rows: Rows, ends: Rows, values: pd.DataFrame, frame: Frame) -> str:
    counts = [row["n"] for row in rows]
    if not counts:
        parts = ["No finished run."]
    elif max(counts) == 1:
        parts = ["One replicate per condition: no interval."]
    else:
        parts = [
            f"Mean over {replicates(counts)}; bands are 95 % intervals of the mean (Student's t)."
        ]
    if any(row["ended"] for row in rows):
        parts.append(
            "A run that has ended counts with its last value from then on; epochs at which only "
            "some of the runs still in training were measured are left out."
        )
    if len(set(values["epoch"].tolist())) > MAX_POINTS:
        parts.append(f"At most {MAX_POINTS} epochs, evenly spread, are drawn.")
    if frame.context:
        parts.append("Faint lines are the other conditions.")
    if ends:
        parts.append("Dashed lines that end in a cross are diverged runs.")
    start = values.loc[(values["epoch"] == 0) & values["value"].notna(), "value"].tolist()
    if not all(map(frame.span.holds, start)):
        parts.append("Epoch 0, before training, is left out where it would flatten the rest.")
    return " ".join(parts)
