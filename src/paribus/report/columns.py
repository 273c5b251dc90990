"""The table of a report: one row per condition, means with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.report.exhibits import Cell
from paribus.report.quantities import Quantity, as_given, column_decimals, number, quantity
from paribus.results.derived import TRAINED, with_derived
from paribus.results.table import Row, final_values, metric_names, table
from paribus.results.tidy import StudyResults, condition_label

CLASSES = ("test/precision", "test/recall", "train/accuracy")
LOSSES = ("validation/loss", "train/loss")
MOST_FOREIGN = 6
"""Metrics of a trainer of the user's own that the table has beside the first."""


@dataclass(frozen=True)
class Head:
    """The head of a column of means, and of the source's numbers beside it where it has them."""

    title: str
    reported: str | None = None


@dataclass(frozen=True)
class Line:
    """One row of the table; `reported` has a text, or None, for each cell."""

    labels: tuple[str, ...]
    parameters: str
    n: int
    diverged: str
    cells: tuple[Cell, ...]
    reported: tuple[str | None, ...]


@dataclass(frozen=True)
class Table:
    """The table ready to be set: heads of its columns, its rows, the sources of other numbers.

    `sized`: it is known how many parameters were trained.
    """

    factors: tuple[str, ...]
    metrics: tuple[Head, ...]
    lines: tuple[Line, ...]
    sources: tuple[str, ...]
    sized: bool = True


def report_table(results: StudyResults) -> Table:
    """The primary metric and its companions at the last epoch, conditions in declared order.

    Metrics for which a source reported numbers are among them, measured or not, those numbers
    beside ours.
    """
    measured_itself = metric_names(results)
    results = with_derived(results)
    primary = results.document["primary"]
    known = metric_names(results)
    reported = reported_numbers(results)
    others = CLASSES if primary.endswith("accuracy") else LOSSES
    if results.document.get("trainer"):  # who says what is worth looking at by yielding it
        others = tuple(name for name in measured_itself if name != primary)[:MOST_FOREIGN]
    wanted = dict.fromkeys((primary, *reported, *others))
    measured = [name for name in wanted if name in known]
    metrics = [name for name in wanted if name in known or name in reported] if measured else []
    shown = {name: quantity(name) for name in metrics}
    columns = {name: _column(results, name, shown[name], name in known) for name in metrics}
    rows = table(results, measured[:1]) if measured else []
    lines = [
        Line(
            labels=tuple(row["condition"].values()) or (condition_label(row["condition"]),),
            parameters=_parameters(results, row["condition"]),
            n=row["n"],
            diverged=diverged_runs(results, row),
            cells=tuple(columns[name][place] for name in metrics),
            reported=tuple(
                _reported(reported[name], shown[name], row) if name in reported else None
                for name in metrics
            ),
        )
        for place, row in enumerate(rows)
    ]
    return Table(
        factors=results.factors or ("condition",),
        metrics=tuple(_head(shown[name], name in reported) for name in metrics),
        lines=tuple(lines),
        sources=tuple(
            dict.fromkeys(one["source"] for one in reported.values() if one.get("source"))
        ),
        sized=bool(results.runs["parameters"].any()) or not results.document.get("trainer"),
    )


def reported_numbers(results: StudyResults) -> dict[str, Mapping[str, Any]]:
    """What a source reported, by metric: its `values` by condition and its `source`."""
    reported = results.document.get("reported") or []
    found = [reported] if isinstance(reported, Mapping) else reported
    return {one["metric"]: one for one in found}


def diverged_runs(results: StudyResults, row: Row) -> str:
    """How many runs of a condition diverged, and at which first epoch: "2 (epochs 1 to 3)"."""
    epochs = results.select(results.runs, row["condition"])["diverged_epoch"].dropna()
    if not row["diverged"] or epochs.empty:
        return str(row["diverged"])
    first, last = int(epochs.min()), int(epochs.max())
    where = f"epoch {first}" if first == last else f"epochs {first} to {last}"
    return f"{row['diverged']} ({where})"


def _column(results: StudyResults, name: str, shown: Quantity, measured: bool) -> list[Cell]:
    if not measured:
        return [Cell(number(None, 0), "not measured")] * len(results.conditions)
    cells = means_column(table(results, (name,)), shown)
    return with_limits(results, cells) if name == TRAINED else cells


def _head(shown: Quantity, reported: bool) -> Head:
    title = shown.title
    return Head(title, f"reported {title[:1].lower()}{title[1:]}" if reported else None)


def means_column(rows: Sequence[Row], shown: Quantity) -> list[Cell]:
    """A cell per row of one metric: its mean and, below, its interval."""
    places = column_decimals(rows, shown)
    return [_cell(row, shown, places) for row in rows]


def _cell(row: Row, shown: Quantity, places: int) -> Cell:
    mean, low, high = row["mean"], row["low"], row["high"]
    if mean is None:
        return Cell(number(None, places), "")
    text = number(mean * shown.scale, places)
    if low is None or high is None:
        return Cell(text, "no interval")
    return Cell(
        text, f"{number(low * shown.scale, places)} to {number(high * shown.scale, places)}"
    )


def with_limits(results: StudyResults, cells: Sequence[Cell]) -> list[Cell]:
    """The cells with how many of the runs ended only because no more epochs were planned."""
    finals = final_values(results, TRAINED)
    told = []
    for condition, cell in zip(results.conditions, cells, strict=True):
        planned = results.document["recipe"].get("epochs")
        for factor in results.document["factors"]:
            planned = factor["sets"].get(condition[factor["name"]], {}).get("epochs", planned)
        values = results.select(finals, condition)["value"].tolist()
        if not values or planned is None:
            told.append(cell)
            continue
        full = sum(value >= planned for value in values)
        below = f"{full} of {len(values)} at the limit of {planned:,}"
        kept = [cell.below] if full < len(values) else []
        told.append(Cell(cell.text, "; ".join([*kept, below] if full else kept)))
    return told


def _parameters(results: StudyResults, condition: Mapping[str, str]) -> str:
    counts = results.select(results.runs, condition)["parameters"]
    return f"{int(counts.iloc[0]):,}" if len(counts) else number(None, 0)


def _reported(reported: Mapping, shown: Quantity, row: Row) -> str:
    """A number from the source, with the digits that it was given in."""
    value = reported["values"].get(condition_label(row["condition"]))
    return number(None, 0) if value is None else as_given(value, shown)
