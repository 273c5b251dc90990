"""The function that is learnt, and what networks made of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from paribus.report.axes import Span, spanning
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.keys import Swatch
from paribus.report.marks import stroked
from paribus.report.means import rounded
from paribus.report.measured import finished, measured
from paribus.report.theme import Series, can_be_coloured, series_of
from paribus.results.tidy import StudyResults

MOST = 400
QUANTITIES = ("outputs/input", "outputs/fitted", "outputs/target")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Fit:
    """One run: its condition and replicate, and the curves, ordered by input."""

    condition: Mapping[str, str]
    replicate: int
    inputs: NDArray[Any]
    fitted: NDArray[Any]
    target: NDArray[Any]


def fitted_functions(results: StudyResults, replicate: int = 0) -> Figure:
    """True and fitted curves of one replicate, a panel per true function, a colour per condition.

    Of a condition without that replicate, its first finished one. Raises `NotMeasuredError`
    where no finished run has its outputs stored.
    """
    fits = [fit for one in results.conditions if (fit := _fit(results, dict(one), replicate))]
    if not fits:
        raise NotMeasuredError(f"not measured: {', '.join(QUANTITIES)}")
    groups = _groups(fits)
    shared = [_shared(group, results.factors) for group in groups]
    names = list(
        dict.fromkeys(
            _name(fit, held) for group, held in zip(groups, shared, strict=True) for fit in group
        )
    )
    if not can_be_coloured(names):
        raise NotMeasuredError(f"{len(names)} conditions are too many for colours")
    series = series_of(names)
    panels, truths, curves = [], [], []
    for group, held in zip(groups, shared, strict=True):
        title = " · ".join(held.values()) if len(groups) > 1 else ""
        truths += _rows(group[0].inputs, group[0].target, {"panel": title})
        for fit in group:
            label = _name(fit, held)
            names_of = {
                "panel": title,
                "series": label,
                "label": f"{label}, replicate {fit.replicate}",
            }
            curves += _rows(fit.inputs, fit.fitted, names_of)
        panels.append(title)
    return _figure(panels, series, truths, curves, fits, replicate)


def _fit(results: StudyResults, condition: dict[str, str], replicate: int) -> _Fit | None:
    runs = list(finished(results, condition))
    for number, key in sorted(runs, key=lambda run: run[0] != replicate):
        found = [measured(results, key, name) for name in QUANTITIES]
        if all(one is not None and one.values.ndim == 1 for one in found):
            inputs, fitted, target = (one.values.astype(np.float64) for one in found if one)
            order = np.argsort(inputs, kind="stable")
            return _Fit(condition, number, inputs[order], fitted[order], target[order])
    return None


def _groups(fits: Sequence[_Fit]) -> list[list[_Fit]]:
    """Fits of one true function each."""
    found: dict[bytes, list[_Fit]] = {}
    for fit in fits:
        found.setdefault(fit.inputs.tobytes() + fit.target.tobytes(), []).append(fit)
    return list(found.values())


def _shared(group: Sequence[_Fit], factors: Sequence[str]) -> dict[str, str]:
    """The labels that all conditions of a group have in common."""
    first = group[0].condition
    return {
        name: first[name] for name in factors if len({fit.condition[name] for fit in group}) == 1
    }


def _name(fit: _Fit, held: Mapping[str, str]) -> str:
    parts = [label for name, label in fit.condition.items() if name not in held]
    return " · ".join(parts) or "fitted"


def _rows(x: NDArray[Any], y: NDArray[Any], names: Mapping[str, str]) -> Rows:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).round().astype(int))
    return [
        dict(names) | {"x": rounded(one), "y": rounded(other)}
        for one, other in zip(x[kept].tolist(), y[kept].tolist(), strict=True)
        if math.isfinite(other)
    ]


def _figure(
    panels: Sequence[str],
    series: tuple[Series, ...],
    truths: Rows,
    curves: Rows,
    fits: Sequence[_Fit],
    replicate: int,
) -> Figure:
    others = sorted({fit.replicate for fit in fits} - {replicate})
    parts = [
        f"Replicate {replicate} of each condition at its last epoch, at the training examples "
        "that are evaluated; input and output as the network has them."
    ]
    if others:
        parts.append("Of conditions where it did not finish, another replicate (at the pointer).")
    if max(len(fit.inputs) for fit in fits) > MOST:
        parts.append(f"{MOST} points, evenly spread, are drawn of each curve.")
    note = " ".join(parts)
    x = spanning([row["x"] for row in curves], "Input", log=False)
    ends = (min(row["x"] for row in curves), max(row["x"] for row in curves))
    x = Span(x.title, ends)
    y = spanning([row["y"] for row in (*truths, *curves)], "Output", log=False)
    return Figure(
        name="fitted-functions",
        title="True and fitted functions",
        note=note,
        description=f"Line charts of the true function and of fitted ones. {note}",
        panels=tuple(
            Panel(_chart(panel, series, x, y), 280 if len(panels) == 1 else 240, panel)
            for panel in panels
        ),
        data={"truth": truths, "fitted": curves},
        series=series,
        key=(Swatch("true function", shape="stroke"),),
    )


def _chart(panel: str, series: tuple[Series, ...], x_span: Span, y_span: Span) -> alt.LayerChart:
    own = alt.FieldEqualPredicate(field="panel", equal=panel)
    x = alt.X("x:Q", scale=x_span.scale, axis=x_span.axis(x_span.title))
    y = alt.Y("y:Q", scale=y_span.scale, axis=y_span.axis(y_span.title))
    truth = alt.Chart(alt.NamedData("truth")).transform_filter(own)
    fitted = alt.Chart(alt.NamedData("fitted")).transform_filter(own)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("x:Q", title="input"),
        alt.Tooltip("y:Q", title="fitted"),
    ]
    return alt.LayerChart(
        layer=[
            fitted.mark_line(strokeWidth=1.8).encode(x, y, *stroked(series, 1, 0.1, True)),
            truth.mark_line(style="truth").encode(x, y),
            fitted.mark_circle(size=80, fill="transparent", fillOpacity=0).encode(
                x, y, tooltip=tooltip, detail=alt.Detail("series:N")
            ),
        ]
    )
