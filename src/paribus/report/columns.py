"""The table of a report: one row per condition, means with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.report.quantities import Quantity, column_decimals, number, quantity
from paribus.results.table import Row, metric_names, table
from paribus.results.tidy import StudyResults, condition_label

CLASSES = ("test/precision", "test/recall", "train/accuracy")
LOSSES = ("validation/loss", "train/loss")


@dataclass(frozen=True)
class Cell:
    """A mean as text and, where there is one, its interval."""

    mean: str
    interval: str


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    labels: tuple[str, ...]
    parameters: str
    n: int
    diverged: int
    cells: tuple[Cell, ...]
    reported: str | None


@dataclass(frozen=True)
class Table:
    """The table ready to be set: heads of its columns and its rows."""

    factors: tuple[str, ...]
    metrics: tuple[str, ...]
    reported: str | None
    lines: tuple[Line, ...]


def report_table(results: StudyResults) -> Table:
    """The primary metric and its companions at the last epoch, conditions in declared order."""
    primary = results.document["primary"]
    known = metric_names(results)
    others = CLASSES if primary.endswith("accuracy") else LOSSES
    metrics = [name for name in (primary, *others) if name in known]
    columns = [_column(table(results, (name,)), quantity(name)) for name in metrics]
    rows = table(results, metrics[:1]) if metrics else []
    reported = results.document.get("reported") or {}
    shown = quantity(reported["metric"]) if reported else None
    lines = [
        Line(
            labels=tuple(row["condition"].values()) or (condition_label(row["condition"]),),
            parameters=_parameters(results, row["condition"]),
            n=row["n"],
            diverged=row["diverged"],
            cells=tuple(column[place] for column in columns),
            reported=_reported(reported, shown, row) if shown else None,
        )
        for place, row in enumerate(rows)
    ]
    return Table(
        factors=results.factors or ("condition",),
        metrics=tuple(quantity(name).title for name in metrics),
        reported=shown.title if shown else None,
        lines=tuple(lines),
    )


def _column(rows: Sequence[Row], shown: Quantity) -> list[Cell]:
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


def _parameters(results: StudyResults, condition: Mapping[str, str]) -> str:
    counts = results.select(results.runs, condition)["parameters"]
    return f"{int(counts.iloc[0]):,}" if len(counts) else number(None, 0)


def _reported(reported: Mapping, shown: Quantity, row: Row) -> str:
    """A number from the source, with the digits that it was given in."""
    value = reported["values"].get(condition_label(row["condition"]))
    return number(None, 0) if value is None else f"{float(f'{value * shown.scale:.10g}'):g}"
