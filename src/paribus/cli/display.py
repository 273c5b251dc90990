"""What commands print for people: tables and lines on stdout."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from paribus.cli.screen import Screen
from paribus.cli.words import duration, interval, plural, size
from paribus.cli.working import worker_lines
from paribus.outgoing import printable
from paribus.results.means import Row, interval_words

if TYPE_CHECKING:
    from paribus.study.outcome import Outcome
    from paribus.study.study import Study

PIPE_WIDTH = 1000
"""Columns for what is read by a program or from a file: nothing is cut or broken there."""


def console() -> Screen:
    """Where results are printed: as wide as the terminal, or as the longest line."""
    out = Screen()
    if not out.is_terminal:
        out.width = PIPE_WIDTH
    return out


MOST_ROWS = 100
"""Tables of more rows are laid out here, line by line, where the lines fit."""


class TextTable:
    """A plain table whose cells are text as it is: brackets in a label are no markup."""

    def __init__(self, *columns: str, numbers: Sequence[str] = ()) -> None:
        self._columns = tuple(map(printable, columns))
        self._right = [column in numbers for column in columns]
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        self._rows.append(tuple(map(printable, cells)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, column)) for column in zip(*self._all, strict=True)]
        # Rich takes a second for a thousand rows, in which it may break cells.
        if len(self._rows) > MOST_ROWS and sum(widths) + 2 * len(widths) <= options.max_width:
            head, *rows = (self._line(cells, widths) for cells in self._all)
            yield Text(head, style="bold", no_wrap=True)
            for row in rows:
                yield Segment(row)
                yield Segment.line()
        else:
            yield self._table()

    @property
    def _all(self) -> list[tuple[str, ...]]:
        return [self._columns, *self._rows]

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for cell, width, right in zip(cells, widths, self._right, strict=True):
            spaces = " " * (width - (len(cell) if cell.isascii() else cell_len(cell)))
            padded.append(spaces + cell if right else cell + spaces)
        return "  ".join(padded)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column, right in zip(self._columns, self._right, strict=True):
            table.add_column(Text(column), justify="right" if right else "left")
        for cells in self._rows:
            table.add_row(*map(Text, cells))
        return table


def study_row(study: "Study") -> dict[str, Any]:
    """A study as a row of `paribus list --json`, at its default scale."""
    scaled = study.at()
    return {
        "name": study.name,
        "report": study.report,
        "question": study.question,
        "data": scaled.recipe.as_json()["data"]["kind"],
        "conditions": len(scaled.resolved()),
        "replicates": scaled.replicates,
        "scales": list(study.scale_names),
    }


def show_studies(rows: Sequence[Mapping[str, Any]]) -> None:
    """The built-in studies, by report."""
    table = TextTable("study", "report", "runs", "scales", "question", numbers=("runs",))
    for row in sorted(rows, key=lambda row: (row["report"], row["name"])):
        runs = f"{row['conditions']} x {row['replicates']}"
        scales = ", ".join(row["scales"])
        table.add_row(row["name"], row["report"], runs, scales, row["question"])
    console().print(table)


def show_table(rows: Sequence[Row]) -> None:
    """Means and intervals: a row for each condition, a column for each metric."""
    if not rows:
        return
    out = console()
    factors = list(rows[0]["condition"])
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    table = TextTable(*factors, "n", "diverged", *metrics, numbers=("n", "diverged", *metrics))
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        grouped.setdefault(tuple(row["condition"].values()), []).append(row)
    for labels, found in grouped.items():
        cells = [interval(row["mean"], row["low"], row["high"]) for row in found]
        table.add_row(*labels, str(found[0]["n"]), str(found[0]["diverged"]), *cells)
    out.print(table)
    made, rule = interval_words(rows), rows[0]["epoch_rule"]
    out.print(f"mean [95 % interval] over n replicates, {made}; epoch: {rule}")


def outcome_row(outcome: "Outcome", report: Path | None) -> dict[str, Any]:
    """What came of a run, as the last line of `paribus run --json`."""
    return {
        "study": outcome.plan.study.name,
        "scale": outcome.plan.study.scale,
        "runs": {
            "total": outcome.total,
            "trained": outcome.trained,
            "reused": outcome.reused,
            "diverged": outcome.diverged,
            "failed": len(outcome.failures),
        },
        "seconds": {phase: round(value, 6) for phase, value in outcome.seconds.items()},
        "model_steps": outcome.model_steps,
        "report": None if report is None else str(report),
    }


def show_outcome(outcome: "Outcome", report: Path | None) -> None:
    """What was trained, what failed, and where the report is."""
    out = console()
    seconds = outcome.seconds
    out.print(
        f"{plural(outcome.trained, 'run')} trained, {outcome.reused} reused, "
        f"{outcome.diverged} diverged, {len(outcome.failures)} failed in "
        f"{duration(seconds['total'])} ({seconds['compile']:.1f} s compiling, "
        f"{seconds['train']:.1f} s training)"
    )
    for notice in filter(None, outcome.leaks.values()):
        out.print(f"note: {notice}", soft_wrap=True)
    if note := outcome.standing.record.get("note"):
        out.print(f"note: {note}", soft_wrap=True)
    if outcome.probed:
        out.print(f"{plural(outcome.probed, 'stored run')} measured by probes asked for later")
    for message in sorted(set(outcome.failures.values())):
        out.print(f"failed: {message}", soft_wrap=True)
    for name, message in outcome.analysis_failures.items():
        out.print(f"failed: analysis {name}: {message}", soft_wrap=True)
    if report is not None:
        out.print(f"report: {report}", soft_wrap=True)


def show_status(rows: Sequence[Mapping[str, Any]]) -> None:
    """What a lab holds of each study, and what each worker trains now."""
    names = ("total", "done", "diverged", "failed", "running")
    table = TextTable("study", "scale", *names, "time left", numbers=names)
    for row in rows:
        left = "-" if row["seconds_left"] is None else duration(row["seconds_left"])
        table.add_row(row["study"], row["scale"], *(str(row[name]) for name in names), left)
    out = console()
    out.print(table)
    for line in worker_lines(rows):
        out.print(line, soft_wrap=True)


def show_data(rows: Sequence[Mapping[str, Any]]) -> None:
    """The data sets and where they are."""
    table = TextTable("data", "state", "size", "where", numbers=("size",))
    for row in rows:
        bytes_ = size(row["bytes"]) if row["bytes"] else "-"
        table.add_row(row["name"], row["state"], bytes_, row["path"] or "-")
    console().print(table)
