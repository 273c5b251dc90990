"""Seconds per epoch, measured apart from the runs of the study."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.report.axes import Span
from paribus.report.dots import dot_rows
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure, Panel
from paribus.report.measured import analysed, places
from paribus.report.quantities import decimals, number
from paribus.results.tidy import StudyResults

DIMS = ("condition", "repeat")
Rows = list[dict[str, Any]]


def epoch_times(results: StudyResults, analysis: str = "time") -> Figure:
    """A dot per repeat and the median of them, a row per condition.

    Raises `NotMeasuredError` where the analysis is not stored.
    """
    (found,) = analysed(results, f"{analysis}/epoch_seconds")
    if found.dims != DIMS:
        raise NotMeasuredError(f"{analysis}/epoch_seconds by condition and repeat")
    seconds = found.values.astype(np.float64)
    measured = [bool(row.any()) for row in np.isfinite(seconds)]
    if not any(measured):
        raise NotMeasuredError(f"{analysis}/epoch_seconds of any condition")
    names = [name for name, kept in zip(places(found, "condition"), measured, strict=True) if kept]
    dots, medians = _rows(names, seconds[measured])
    ends = [row["value"] for row in dots]
    span = Span("Seconds per epoch", (0.0, 1.12 * max(ends)))
    chart, height = dot_rows(names, span)
    note = (
        f"Dots are {seconds.shape[1]} repeats, measured one run at a time and in turn, the line "
        "is their median; no interval. Seconds of training one epoch on the machine named below."
    )
    return Figure(
        name=f"{analysis}-epoch-seconds",
        title="Time of one epoch",
        note=note,
        description=f"Dot plot of seconds per epoch, one row per condition. {note}",
        panels=(Panel(chart, height),),
        data={"dots": dots, "medians": medians},
    )


def _rows(names: Sequence[str], seconds: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """The repeats and the median of each condition."""
    middle = np.nanmedian(seconds, axis=1).tolist()
    digits = decimals(middle, [])
    dots: Rows = [
        {
            "name": name,
            "place": repeat,
            "value": float(f"{value:.5g}"),
            "censored": False,
            "shown": f"{number(value, digits)} s",
        }
        for name, row in zip(names, seconds.tolist(), strict=True)
        for repeat, value in enumerate(row)
        if np.isfinite(value)
    ]
    medians: Rows = [
        {"name": name, "value": float(f"{value:.5g}"), "shown": f"{number(value, digits)} s"}
        for name, value in zip(names, middle, strict=True)
    ]
    return dots, medians
