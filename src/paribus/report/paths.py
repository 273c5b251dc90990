"""The paths of runs through the space of weights, seen in its principal components."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from paribus.report.axes import Span, spanning
from paribus.report.exhibits import Cell, NotMeasuredError, Sheet
from paribus.report.figures import Figure, Panel
from paribus.report.keys import Swatch
from paribus.report.labels import label_marks, labelled
from paribus.report.marks import epoch_ticks
from paribus.report.means import rounded
from paribus.report.measured import analysed, places
from paribus.report.quantities import number, quantity
from paribus.report.theme import ramp
from paribus.results.tidy import StudyResults, positions

HEIGHT = 380
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class _Paths:
    """Coordinates (run, epoch, axis), accuracy and loss (run, epoch) or None, variance (axis)."""

    runs: Sequence[str]
    epochs: Sequence[int]
    coordinates: NDArray[Any]
    accuracy: NDArray[Any] | None
    loss: NDArray[Any] | None
    variance: Sequence[float]


def path_scatter(results: StudyResults, analysis: str = "path") -> Figure:
    """A line per run through the first two components, points coloured by epoch.

    The last point of each run is labelled with its accuracy. Raises `NotMeasuredError` where the
    analysis is not stored.
    """
    paths = _paths(results, analysis)
    colours = dict(zip(paths.epochs, ramp(len(paths.epochs)), strict=True))
    rows = _rows(paths, colours)
    x, y = (_span(paths, axis) for axis in (0, 1))
    if not rows:
        raise NotMeasuredError(f"{analysis}/coordinates of any run")
    ends = [dict(row) for row in {row["run"]: row for row in rows}.values()]
    labelled(ends, x, y, HEIGHT, rows)
    told = (
        " Labels are the accuracy on the test split at the last point."
        if paths.accuracy is not None
        else ""
    )
    shares = sum(paths.variance[:2])
    note = (
        f"{len(paths.runs)} runs, each a line from epoch {paths.epochs[0]} to {paths.epochs[-1]}, "
        f"{len(paths.epochs)} points of each; one set of principal components for all of them, "
        f"which explain {number(100 * shares, 1)} % of the variance together; the two axes have "
        f"scales of their own.{told}"
    )
    return Figure(
        name=f"{analysis}-scatter",
        title="Paths of the runs in principal components of their weights",
        note=note,
        description=f"Scatter plot of the first two principal components. {note}",
        panels=(Panel(_chart(x, y), HEIGHT),),
        data={"points": rows, "ends": ends},
        key=_key(paths, colours),
    )


def path_table(results: StudyResults, analysis: str = "path") -> Sheet:
    """The points of `path_scatter` as a table: x, y, epoch, run, accuracy, loss."""
    paths = _paths(results, analysis)
    accuracy, loss = quantity("test/accuracy"), quantity("test/loss")
    heads = ("run", "epoch", "x", "y")
    heads += (accuracy.title,) if paths.accuracy is not None else ()
    heads += (loss.title,) if paths.loss is not None else ()
    rows = []
    for i, run in enumerate(paths.runs):
        for j, epoch in enumerate(paths.epochs):
            cells = [run, str(epoch), *(number(float(v), 4) for v in paths.coordinates[i, j, :2])]
            if paths.accuracy is not None:
                cells.append(number(float(paths.accuracy[i, j]) * accuracy.scale, 2))
            if paths.loss is not None:
                cells.append(number(float(paths.loss[i, j]) * loss.scale, 4))
            rows.append(tuple(map(Cell, cells)))
    return Sheet(
        name=f"{analysis}-table",
        title="Points of the paths",
        note=f"{len(paths.runs)} runs at {len(paths.epochs)} epochs; x and y are the first two "
        "principal components of the weights of all runs together.",
        heads=heads,
        rows=tuple(rows),
        folded=True,
    )


def _paths(results: StudyResults, analysis: str) -> _Paths:
    coordinates, variance = analysed(results, f"{analysis}/coordinates", f"{analysis}/variance")
    if coordinates.dims != ("run", "epoch", "axis") or coordinates.values.shape[2] < 2:
        raise NotMeasuredError(f"two axes of {analysis}/coordinates")
    accuracy, loss = (
        found.values.astype(np.float64) if found is not None else None
        for found in (results.analyses.get(f"{analysis}/{name}") for name in ("accuracy", "loss"))
    )
    return _Paths(
        runs=places(coordinates, "run"),
        epochs=[int(one) for one in positions(coordinates, "epoch").tolist()],
        coordinates=coordinates.values.astype(np.float64),
        accuracy=accuracy,
        loss=loss,
        variance=[float(one) for one in variance.values.tolist()],
    )


def _rows(paths: _Paths, colours: dict[int, str]) -> Rows:
    return [
        {
            "run": run,
            "epoch": epoch,
            "x": rounded(paths.coordinates[i, j, 0]),
            "y": rounded(paths.coordinates[i, j, 1]),
            "colour": colours[epoch],
            "name": _percent(paths.accuracy, i, j) or run,
            "accuracy": _percent(paths.accuracy, i, j),
            "loss": number(float(paths.loss[i, j]), 4) if paths.loss is not None else "",
        }
        for i, run in enumerate(paths.runs)
        for j, epoch in enumerate(paths.epochs)
        if np.isfinite(paths.coordinates[i, j, :2]).all()
    ]


def _percent(accuracy: NDArray[Any] | None, run: int, epoch: int) -> str:
    if accuracy is None or not np.isfinite(accuracy[run, epoch]):
        return ""
    return f"{number(100 * float(accuracy[run, epoch]), 1)} %"


def _span(paths: _Paths, axis: int) -> Span:
    share = number(100 * paths.variance[axis], 1)
    title = f"Component {axis + 1} ({share} % of the variance)"
    return spanning(paths.coordinates[:, :, axis].ravel().tolist(), title, log=False)


def _key(paths: _Paths, colours: dict[int, str]) -> tuple[Swatch, ...]:
    """About six epochs, those at or after round numbers."""
    wanted = epoch_ticks(paths.epochs[0], paths.epochs[-1])
    near = [min(paths.epochs, key=lambda one: abs(one - tick)) for tick in wanted]
    shown = dict.fromkeys([*near, paths.epochs[-1]])
    return tuple(Swatch(f"epoch {one}", colours[one], shape="circle") for one in shown)


def _chart(x_span: Span, y_span: Span) -> alt.LayerChart:
    x = alt.X("x:Q", scale=x_span.scale, axis=x_span.axis(x_span.title))
    y = alt.Y("y:Q", scale=y_span.scale, axis=y_span.axis(y_span.title))
    points = alt.Chart(alt.NamedData("points"))
    lines = points.mark_line(style="context", strokeWidth=1.2, strokeOpacity=0.35)
    tooltip = [
        "run:N",
        "epoch:Q",
        alt.Tooltip("accuracy:N"),
        alt.Tooltip("loss:N"),
        alt.Tooltip("x:Q", title="component 1"),
        alt.Tooltip("y:Q", title="component 2"),
    ]
    return alt.LayerChart(
        layer=[
            lines.encode(x, y, detail="run:N", order="epoch:Q"),
            points.mark_circle(size=46, opacity=1).encode(
                x, y, alt.Fill("colour:N", scale=None), tooltip=tooltip
            ),
            label_marks(alt.Chart(alt.NamedData("ends")), x, y),
        ]
    )
