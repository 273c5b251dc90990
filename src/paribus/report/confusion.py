"""Confusion matrices: which class is taken for which, one panel per condition."""

from typing import Any

import altair as alt
import numpy as np

from paribus.report.figures import Figure, Panel
from paribus.report.quantities import number, replicates
from paribus.report.theme import ACCENT
from paribus.results.tidy import StudyResults, condition_label, positions

MAX_CLASSES = 30
MAX_WRITTEN = 12
Rows = list[dict[str, Any]]


def confusion_figure(results: StudyResults) -> Figure | None:
    """Mean confusion matrix of the finished runs of each condition, in shares of the true class.

    None where no finished run has one, or with more classes than a picture can show.
    """
    rows: Rows = []
    counts, titles = [], []
    for condition in results.conditions:
        label = condition_label(condition)
        cells, n = _cells(results, condition, label)
        if cells:
            rows += cells
            titles.append(label)
            counts.append(n)
    classes = list(dict.fromkeys(row["true"] for row in rows))
    if not rows or len(classes) > MAX_CLASSES:
        return None
    note = (
        "Share of each true class (%) by predicted class, test split, final model; mean over "
        f"{replicates(counts)}. Colour follows the square root of the share, so that rare "
        "mistakes show."
    )
    return Figure(
        name="confusion",
        title="Confusion matrices",
        note=note,
        description=f"Heat maps of true class against predicted class. {note}",
        panels=tuple(Panel(_chart(classes, title), 260, title) for title in titles),
        data={"confusion": rows},
        group="confusion",
        folded=True,
    )


def _cells(results: StudyResults, condition: Any, label: str) -> tuple[Rows, int]:
    runs = results.select(results.runs, condition)
    finished = runs.loc[runs["status"] == "finished", "key"]
    found = [matrix for key in finished if (matrix := results.confusion(key)) is not None]
    if not found:
        return [], 0
    mean = np.mean([matrix.values.astype(np.float64) for matrix in found], axis=0)
    totals = mean.sum(axis=1, keepdims=True)
    shares = 100 * mean / np.where(totals > 0, totals, 1)
    names = [str(name) for name in positions(found[0], "true")]
    rows = [
        {
            "panel": label,
            "true": true,
            "predicted": predicted,
            "share": float(f"{shares[i, j]:.4g}"),
            "shown": f"{number(shares[i, j], 1)} % of true class (mean {number(mean[i, j], 1)} "
            f"of {number(totals[i, 0], 1)} examples, n = {len(found)})",
        }
        for i, true in enumerate(names)
        for j, predicted in enumerate(names)
    ]
    return rows, len(found)


def _chart(classes: list[str], panel: str) -> alt.LayerChart:
    axis = alt.Axis(labelAngle=0 if max(map(len, classes)) <= 2 else -45, labelLimit=80)
    base = (
        alt.Chart(alt.NamedData("confusion"))
        .transform_filter(alt.FieldEqualPredicate(field="panel", equal=panel))
        .encode(
            x=alt.X("predicted:N", sort=classes, title="Predicted class", axis=axis),
            y=alt.Y("true:N", sort=classes, title="True class", axis=alt.Axis(labelLimit=80)),
        )
    )
    strength = alt.Scale(type="sqrt", domain=[0, 100], range=[0, 0.6])
    cells = base.mark_rect(fill=ACCENT).encode(
        fillOpacity=alt.FillOpacity("share:Q", scale=strength, legend=None),
        tooltip=[
            alt.Tooltip("true:N", title="true class"),
            alt.Tooltip("predicted:N", title="predicted as"),
            alt.Tooltip("shown:N", title="share"),
        ],
    )
    if len(classes) > MAX_WRITTEN:
        return alt.LayerChart(layer=[cells])
    written = base.mark_text(style="note", fontSize=9).encode(
        text=alt.Text("share:Q", format=".0f")
    )
    return alt.LayerChart(layer=[cells, written.transform_filter("datum.share >= 0.5")])
