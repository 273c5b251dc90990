"""What commands print for people: tables and lines on stdout."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paribus.cli.words import duration, interval, plural, size
from paribus.design.differences import sentences
from paribus.study.estimate import Estimate
from paribus.study.outcome import Outcome
from paribus.study.plan import Plan
from paribus.study.study import Study

if TYPE_CHECKING:
    from paribus.results.table import Row

PIPE_WIDTH = 1000
"""Columns for what is read by a program or from a file: nothing is cut or broken there."""


def console() -> Console:
    """Where results are printed: as wide as the terminal, or as the longest line."""
    out = Console(highlight=False, markup=False)
    if not out.is_terminal:
        out.width = PIPE_WIDTH
    return out


class TextTable:
    """A plain table whose cells are text as it is: brackets in a label are no markup."""

    def __init__(self, *columns: str, numbers: Sequence[str] = ()) -> None:
        self._table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            self._table.add_column(Text(column), justify="right" if column in numbers else "left")

    def add_row(self, *cells: str) -> None:
        self._table.add_row(*map(Text, cells))

    def __rich__(self) -> Table:
        return self._table


def study_row(study: Study) -> dict[str, Any]:
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


def show_plan(plan: Plan, found: Estimate) -> None:
    """Conditions with their parameters, then what is to be trained and what it will take."""
    out = console()
    factors = [factor.name for factor in plan.study.factors]
    table = TextTable(
        *factors, "replicates", "parameters", "steps per run", numbers=("parameters",)
    )
    for labels, runs in _by_condition(plan).items():
        first = runs[0]
        table.add_row(*labels, str(len(runs)), f"{first.parameters:,}", f"{first.steps:,}")
    out.print(table)
    time = "unknown" if found.seconds is None else duration(found.seconds)
    time = f"about {time}" if time[0].isdigit() else time
    out.print(
        f"{plural(len(plan.runs), 'run')} in {plural(len(plan.cohorts), 'cohort')}: "
        f"{found.to_train:,} to train, {found.stored:,} already in the lab"
    )
    out.print(f"time: {time} ({found.basis}); {found.model_steps:,} optimizer steps in all")
    out.print(
        f"bytes: {size(found.stored_bytes)} in the lab, {size(found.memory_bytes)} in memory"
    )
    for line in _differences(plan):
        out.print(line, soft_wrap=True)
    for notice in plan.notices():
        out.print(f"note: {notice}", soft_wrap=True)


def _differences(plan: Plan) -> Iterator[str]:
    found = plan.study.differences
    for sentence in sentences(found["consequences"]):
        yield f"consequence: {sentence}"
    for sentence in sentences(found["confounds"]):
        yield f"confound: {sentence}"
    if plan.study.factors and not found["confounds"]:
        yield "confounds: none found"


def _by_condition(plan: Plan) -> dict[tuple[str, ...], list[Any]]:
    found: dict[tuple[str, ...], list[Any]] = {}
    for run in plan.runs:
        found.setdefault(tuple(run.condition.values()), []).append(run)
    return found


def show_table(rows: "Sequence[Row]") -> None:
    """Means and intervals: a row for each condition, a column for each metric."""
    if not rows:
        return
    from paribus.results.table import interval_words  # noqa: PLC0415 - it loads pandas

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


def outcome_row(outcome: Outcome, report: Path | None) -> dict[str, Any]:
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


def show_outcome(outcome: Outcome, report: Path | None) -> None:
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
        out.print(f"note: {notice}", soft_wrap=True, markup=False)
    if note := outcome.standing.record.get("note"):
        out.print(f"note: {note}", soft_wrap=True, markup=False)
    if outcome.probed:
        out.print(f"{plural(outcome.probed, 'stored run')} measured by probes asked for later")
    for message in sorted(set(outcome.failures.values())):
        out.print(f"failed: {message}", soft_wrap=True, markup=False)
    for name, message in outcome.analysis_failures.items():
        out.print(f"failed: analysis {name}: {message}", soft_wrap=True, markup=False)
    if report is not None:
        out.print(f"report: {report}", soft_wrap=True, markup=False)


def show_status(rows: Sequence[Mapping[str, Any]]) -> None:
    """What a lab holds of each study."""
    names = ("total", "done", "diverged", "failed", "running")
    table = TextTable("study", "scale", *names, "time left", numbers=names)
    for row in rows:
        left = "-" if row["seconds_left"] is None else duration(row["seconds_left"])
        table.add_row(row["study"], row["scale"], *(str(row[name]) for name in names), left)
    console().print(table)


def show_data(rows: Sequence[Mapping[str, Any]]) -> None:
    """The data sets and where they are."""
    table = TextTable("data", "state", "size", "where", numbers=("size",))
    for row in rows:
        bytes_ = size(row["bytes"]) if row["bytes"] else "-"
        table.add_row(row["name"], row["state"], bytes_, row["path"] or "-")
    console().print(table)
