"""Curves over epochs: learning curves per condition, and probes per layer."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from paribus.report.figures import Figure
from paribus.report.layout import layout_of
from paribus.report.marks import Frame, curve_panels
from paribus.report.quantities import NBSP, Quantity, decimals, number, quantity, replicates
from paribus.report.theme import Series, ramp
from paribus.results.tidy import StudyResults, condition_label
from paribus.statistics.intervals import Interval, mean_interval

MAX_EPOCHS = 200
Rows = list[dict[str, Any]]


def learning_curves(results: StudyResults, metric: str) -> Figure | None:
    """Mean of a metric per epoch and condition, with 95 % intervals over replicates.

    Diverged runs are left out of means and drawn one by one up to where they end. None where the
    metric was not measured.
    """
    shown, layout = quantity(metric), layout_of(results)
    values = _scaled(results, results.metrics, metric, shown)
    if values.empty:
        return None
    frame = _frame(values, shown.title, layout.series, layout.context)
    rows, ends = [], []
    for condition in results.conditions:
        label = condition_label(condition)
        series, panel = layout.place[label]
        chosen = results.select(values, condition)
        names = {"series": series, "panel": panel, "label": label}
        rows += _means(chosen.loc[chosen["status"] == "finished"], frame, names)
        ends += _diverged(chosen.loc[chosen["status"] == "diverged"], frame, names)
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
    )


def layer_curves(results: StudyResults, metric: str) -> Figure | None:
    """Mean of a per-layer measurement by epoch: one panel per condition, one line per layer.

    None where it was not measured.
    """
    shown = quantity(metric)
    values = _scaled(results, results.layers, metric, shown)
    layers = values["layer"].unique().tolist()
    if values.empty:
        return None
    frame = _frame(values, shown.title, tuple(map(Series, layers, ramp(len(layers)))))
    rows: Rows = []
    for condition in results.conditions:
        chosen = results.select(values, condition)
        chosen = chosen.loc[chosen["status"] == "finished"]
        panel = condition_label(condition)
        for layer in layers:
            names = {"series": layer, "panel": panel, "label": f"{panel}, {layer}"}
            rows += _means(chosen.loc[chosen["layer"] == layer], frame, names)
    name = metric.replace("/", "-")
    titles = [condition_label(condition) for condition in results.conditions]
    note = _note(rows, [], values, frame)
    return Figure(
        name=f"layers-{name}",
        title=_title(shown, "per layer by epoch", frame),
        note=note,
        description=f"Line charts of {shown.name} against epoch, one line per layer. {note}",
        panels=curve_panels(frame, titles, f"{name}-layers", f"{name}-none"),
        data={f"{name}-layers": rows, f"{name}-none": []},
        series=frame.series,
        group="layer",
    )


def _scaled(
    results: StudyResults, frame: pd.DataFrame, metric: str, shown: Quantity
) -> pd.DataFrame:
    """The finite values of one metric in the unit shown, with each run's status."""
    chosen = frame.loc[frame["metric"] == metric]
    chosen = chosen.assign(value=chosen["value"] * shown.scale)
    chosen = chosen.loc[np.isfinite(chosen["value"])]
    epochs = np.unique(chosen["epoch"].to_numpy())
    if len(epochs) > MAX_EPOCHS:
        kept = epochs[np.linspace(0, len(epochs) - 1, MAX_EPOCHS).round().astype(int)]
        chosen = chosen.loc[chosen["epoch"].isin(kept)]
    by = [*results.factors, "replicate"]
    return chosen.merge(results.runs[[*by, "status"]], on=by)


def _frame(
    values: pd.DataFrame, title: str, series: tuple[Series, ...], context: bool = False
) -> Frame:
    """The vertical axis: what finished runs span once training has begun, with a margin.

    The number before training is left out: it would flatten all that follows.
    """
    finished = values.loc[values["status"] == "finished"]
    chosen = finished if len(finished) else values
    epoch, span = chosen["epoch"].to_numpy(), chosen["value"].to_numpy()
    span = span[epoch > 0] if epoch.max() > 0 else span
    low, high = float(span.min()), float(span.max())
    epochs = (int(epoch.min()), int(epoch.max()))
    if low > 0 and high / low > 20:
        margin = (high / low) ** 0.05
        return Frame(
            f"{title}, log scale", (low / margin, high * margin), True, epochs, series, context
        )
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return Frame(title, (low - margin, high + margin), False, epochs, series, context)


def _means(chosen: pd.DataFrame, frame: Frame, names: Mapping[str, str]) -> Rows:
    intervals = {
        epoch: mean_interval(group.tolist()) for epoch, group in chosen.groupby("epoch")["value"]
    }
    places = decimals(
        [one.mean for one in intervals.values()], [_half(one) for one in intervals.values()]
    )
    return [
        dict(names)
        | {
            "epoch": int(epoch),  # pyright: ignore[reportArgumentType] (a group's key is Any)
            "mean": _rounded(one.mean),
            "low": _clipped(frame, one.low),
            "high": _clipped(frame, one.high),
            "n": one.n,
            "shown": said(one, places),
        }
        for epoch, one in intervals.items()
        if one.mean is not None and frame.holds(one.mean)
    ]


def said(interval: Interval, places: int) -> str:
    """A mean with its interval and n, for a tooltip."""
    mean = number(interval.mean, places)
    if interval.low is None:
        return f"{mean} (n{NBSP}={NBSP}{interval.n}, no interval)"
    low, high = number(interval.low, places), number(interval.high, places)
    return f"{mean} (95 % interval {low} to {high}, n{NBSP}={NBSP}{interval.n})"


def _diverged(chosen: pd.DataFrame, frame: Frame, names: Mapping[str, str]) -> Rows:
    """The diverged runs one by one; `last` marks where each ends."""
    last = chosen.groupby("replicate")["epoch"].transform("max")
    return [
        dict(names)
        | {
            "replicate": int(replicate),
            "epoch": int(epoch),
            "value": _clipped(frame, value),
            "last": bool(epoch == end),
            "shown": f"replicate {replicate} diverged after this epoch",
        }
        for replicate, epoch, value, end in zip(
            chosen["replicate"], chosen["epoch"], chosen["value"], last, strict=True
        )
        if epoch > 0 or frame.holds(value)
    ]


def _title(shown: Quantity, rest: str, frame: Frame) -> str:
    return f"{shown.title} {rest}" + (", log scale" if frame.log else "")


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
    if counts and min(counts) < max(counts):
        parts.append("Where n falls, runs have ended: the mean is of those still in training.")
    if len(set(values["epoch"].tolist())) == MAX_EPOCHS:
        parts.append(f"{MAX_EPOCHS} epochs, evenly spread, are drawn.")
    if frame.context:
        parts.append("Faint lines are the other conditions.")
    if ends:
        parts.append("Dashed lines that end in a cross are diverged runs.")
    start = values.loc[values["epoch"] == 0, "value"].tolist()
    if not all(map(frame.holds, start)):
        parts.append("Epoch 0, before training, is left out where it would flatten the rest.")
    return " ".join(parts)


def _half(interval: Interval) -> float | None:
    if interval.low is None or interval.high is None:
        return None
    return (interval.high - interval.low) / 2


def _clipped(frame: Frame, value: float | None) -> float | None:
    return None if value is None else _rounded(frame.clipped(value))


def _rounded(value: float | None) -> float | None:
    """Five significant digits: more than a screen shows, and half the page's size."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")
