"""Conditions side by side: of their recipes only what differs, and what was measured of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.design.differences import shown
from paribus.report.exhibits import Cell, NotMeasuredError, Sheet
from paribus.report.sheets import metric_columns
from paribus.results.table import metric_names
from paribus.results.tidy import StudyResults, condition_label
from paribus.spec import leaves

ABSENT = "\u2014"
Recipes = Mapping[str, Mapping[str, Any]]
"""The recipe of one stored run of each condition, by the condition's label."""


def side_by_side(part: StudyResults, recipes: Recipes) -> Sheet:
    """A column per condition of the part; a row per recipe field that differs, then per metric."""
    labels = [condition_label(one) for one in part.conditions]
    rows = [*_differing(labels, recipes), *_counts(part), *_means(part)]
    unread = [label for label in labels if label not in recipes]
    note = "Fields of the recipe that are the same in all of them are left out."
    if unread:
        note += f" No run is stored yet of {', '.join(unread)}."
    return Sheet(
        name="side-by-side",
        title="Conditions side by side",
        note=f"{note} Means are over finished replicates at the last epoch of each run, with "
        "their 95 % intervals below.",
        heads=("what", *labels),
        rows=tuple(rows),
    )


def _differing(labels: Sequence[str], recipes: Recipes) -> list[tuple[Cell, ...]]:
    fields = {label: dict(leaves(recipe)) for label, recipe in recipes.items()}
    rows = []
    for name in dict.fromkeys(name for one in fields.values() for name in one):
        values = [_told(fields.get(label), name) for label in labels]
        if (
            len({value for value, label in zip(values, labels, strict=True) if label in fields})
            > 1
        ):
            rows.append((Cell(name), *map(Cell, values)))
    return rows


def _told(fields: Mapping[str, Any] | None, name: str) -> str:
    if fields is None:
        return ABSENT
    return shown(fields[name]) if name in fields else "no such field"


def _counts(part: StudyResults) -> list[tuple[Cell, ...]]:
    parameters, stored = [], []
    for one in part.conditions:
        runs = part.select(part.runs, one)
        status = runs["status"].value_counts()
        diverged = int(status.get("diverged", 0))
        # Of a user's own trainer nobody knows them, and 0 are stored.
        trained = int(runs["parameters"].iloc[0]) if len(runs) else 0
        parameters.append(Cell(f"{trained:,}" if trained else ABSENT))
        stored.append(Cell(str(len(runs)), f"{diverged} diverged" if diverged else ""))
    differing = [(Cell("parameters"), *parameters)] if len(set(parameters)) > 1 else []
    return [*differing, (Cell("runs stored"), *stored)]


def _means(part: StudyResults) -> list[tuple[Cell, ...]]:
    try:
        sheet = metric_columns(part, metric_names(part))
    except NotMeasuredError:
        return []
    first = sheet.labels
    titles = sheet.heads[first : len(sheet.heads) - 2]
    return [
        (Cell(title), *(row[first + place] for row in sheet.rows))
        for place, title in enumerate(titles)
    ]
