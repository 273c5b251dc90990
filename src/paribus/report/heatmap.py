"""Layers against the levels of a factor, as colours that follow a slider over epochs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.keys import Swatch
from paribus.report.means import rounded, said
from paribus.report.quantities import MINUS, decimals, quantity, replicates
from paribus.report.theme import ACCENT, NEGATIVE, POSITIVE
from paribus.results.tidy import StudyResults
from paribus.statistics.intervals import mean_interval

MAX_EPOCHS = 60
CELL = 24
DECADES = 9
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Colours:
    """How a number becomes a colour: the hue says its sign, the strength its size."""

    signed: bool
    smallest: float
    largest: float

    def strength(self, value: float) -> float:
        """From 0, the colour of the page, to 1."""
        size = abs(value)
        if self.largest == 0 or size == 0:
            return 0.0
        if self.signed:
            return math.sqrt(size / self.largest)
        if self.largest <= self.smallest:
            return 1.0
        steps = math.log(max(size, self.smallest) / self.smallest)
        return 0.06 + 0.94 * steps / math.log(self.largest / self.smallest)

    def hue(self, value: float) -> str:
        """Of the sign where there are two."""
        return ACCENT if not self.signed else POSITIVE if value >= 0 else NEGATIVE

    def key(self) -> tuple[Swatch, ...]:
        """Samples from the lowest number to the highest."""
        if self.signed:
            samples = [share * self.largest for share in (-1, -0.25, 0, 0.25, 1)]
        else:
            samples = (
                np.geomspace(self.smallest, self.largest, 5).tolist() if self.largest else [0]
            )
        return tuple(
            Swatch(f"{one:.2g}".replace("-", MINUS), self.hue(one), self.strength(one))
            for one in samples
        )


def layer_heatmap(results: StudyResults, metric: str, factor: str) -> Figure:
    """Mean of a per-layer measurement by layer and level of a factor, a panel per other condition.

    Raises `NotMeasuredError` where the metric or the factor is missing.
    """
    if factor not in results.factors:
        raise NotMeasuredError(f"the study has no factor {factor!r}")
    values = _values(results, metric)
    means, epochs, thinned = _means(values, results.factors)
    colours = _colours(means["mean"].tolist())
    shown = quantity(metric)
    rows = _rows(means, results, factor, colours)
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    declared = next(one["labels"] for one in results.document["factors"] if one["name"] == factor)
    present = {row["level"] for row in rows}
    labels = [label for label in declared if label in present]
    layers = sorted({row["layer"] for row in rows}, key=_place)
    note = _note(means["n"].tolist(), colours, thinned, len(epochs) > 1)
    return Figure(
        name=f"heatmap-{metric.replace('/', '-')}-{factor}",
        title=f"{shown.title} by layer and {factor.replace('_', ' ')}",
        note=note,
        description=f"Heat maps of {shown.title}, layer by {factor}, one epoch at a time. {note}",
        panels=tuple(
            Panel(
                _chart(panel, factor, labels, layers, shown.title),
                max(110, CELL * len(layers)),
                panel,
            )
            for panel in panels
        ),
        data={"cells": rows},
        group="layer",
        key=colours.key(),
        epochs=tuple(epochs),
    )


def _values(results: StudyResults, metric: str) -> pd.DataFrame:
    by = [*results.factors, "replicate"]
    chosen = results.layers.loc[results.layers["metric"] == metric]
    if chosen.empty:
        raise NotMeasuredError(f"not measured: {metric}")
    runs = results.runs.loc[results.runs["status"] == "finished", by]
    chosen = chosen.merge(runs, on=by)
    chosen = chosen.loc[np.isfinite(chosen["value"])]
    if chosen.empty:
        raise NotMeasuredError(f"no finished run has a finite {metric}")
    return chosen.assign(value=chosen["value"] * quantity(metric).scale)


def _means(values: pd.DataFrame, factors: Sequence[str]) -> tuple[pd.DataFrame, list[int], bool]:
    """Mean per condition, layer and epoch; the epochs, and whether some are left out."""
    epochs = sorted(set(values["epoch"].tolist()))
    thinned = len(epochs) > MAX_EPOCHS
    if thinned:
        epochs = [
            epochs[i] for i in np.linspace(0, len(epochs) - 1, MAX_EPOCHS).round().astype(int)
        ]
        values = values.loc[values["epoch"].isin(epochs)]
    by = [*factors, "layer", "epoch"]
    grouped = values.groupby(by, observed=True)["value"].agg(list).reset_index(name="values")
    grouped["mean"] = grouped["values"].map(np.mean)
    grouped["n"] = grouped["values"].map(len)
    return grouped, epochs, thinned


def _colours(means: Sequence[float]) -> _Colours:
    sizes = [abs(one) for one in means if one]
    largest = max(sizes, default=0.0)
    smallest = max(min(sizes, default=0.0), largest * 10.0**-DECADES)
    return _Colours(min(means) < 0, smallest, largest)


def _rows(means: pd.DataFrame, results: StudyResults, factor: str, colours: _Colours) -> Rows:
    places = decimals(means["mean"], [])
    varied = [
        name
        for name in results.factors
        if name != factor and len({one[name] for one in results.conditions}) > 1
    ]
    rows = []
    for row in means.to_dict("records"):
        interval = mean_interval(row["values"])
        rows.append(
            {
                "panel": " · ".join(f"{_words(name)} {row[name]}" for name in varied),
                "level": str(row[factor]),
                "layer": str(row["layer"]),
                "epoch": int(row["epoch"]),
                "hue": colours.hue(row["mean"]),
                "strength": rounded(colours.strength(row["mean"])),
                "shown": said(interval, places),
            }
        )
    order = {_panel_of(one, varied): None for one in results.conditions}
    rank = {panel: number for number, panel in enumerate(order)}
    return sorted(rows, key=lambda row: rank.get(row["panel"], 0))


def _panel_of(condition: Mapping[str, str], varied: Sequence[str]) -> str:
    return " · ".join(f"{_words(name)} {condition[name]}" for name in varied)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _place(layer: str) -> tuple[int, str]:
    return (int(layer), "") if layer.isdigit() else (0, layer)


def _chart(
    panel: str, factor: str, labels: Sequence[str], layers: Sequence[str], title: str
) -> alt.LayerChart:
    flat = alt.Axis(labelAngle=0, labelOverlap=True, grid=False, domain=False, ticks=False)
    x = alt.X("level:O", scale=alt.Scale(domain=list(labels)), axis=flat)
    y = alt.Y("layer:O", scale=alt.Scale(domain=list(reversed(layers))), axis=flat)
    base = alt.Chart(alt.NamedData("cells")).transform_filter(
        alt.FieldEqualPredicate(field="panel", equal=panel)
    )
    cells = base.transform_filter("datum.epoch == epoch").mark_rect(style="cell")
    chart = cells.encode(
        x.title(_words(factor).capitalize()),
        y.title("Layer"),
        alt.Fill("hue:N", scale=None),
        alt.FillOpacity("strength:Q", scale=None),
        tooltip=[
            alt.Tooltip("layer:N"),
            alt.Tooltip("level:N", title=_words(factor)),
            alt.Tooltip("epoch:Q"),
            alt.Tooltip("shown:N", title=title),
        ],
    )
    return alt.LayerChart(layer=[chart])


def _note(counts: Sequence[int], colours: _Colours, thinned: bool, slider: bool) -> str:
    parts = [
        f"Mean over {replicates(counts)} that finished; the interval is shown at the pointer.",
        "Layer 1 is nearest the input; a place without a frame is a layer that a network lacks.",
    ]
    if colours.signed:
        parts.append(
            "Blue is below 0, orange above; strength follows the square root of the size."
        )
    else:
        parts.append("Strength follows the logarithm of the size; 0 has none.")
        if colours.smallest * 10.0**DECADES <= colours.largest * 1.01:
            parts.append(f"Sizes {DECADES} powers of ten below the largest look alike.")
    if slider:
        parts.append("Colours mean the same at every epoch. A file shows the last epoch.")
    if thinned:
        parts.append(f"{MAX_EPOCHS} epochs, evenly spread, can be chosen.")
    return " ".join(parts)
