"""Running a study with everything that follows: progress, table, report."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.cli.progress import Display
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.plan import Plan
from paribus.study.run import run_plan

if TYPE_CHECKING:
    from paribus.results.table import Row


def run_and_report(
    plan: Plan, options: RunOptions
) -> "tuple[Outcome, Sequence[Row], Path | None]":
    """Trains what is missing; then the table and the report's path, if any run is stored."""
    with Display() as display:
        outcome = run_plan(plan, replace(options, watch=display))
    if outcome.trained + outcome.reused == 0:
        return outcome, [], None
    begun = time.perf_counter()
    # Here, so that training does not wait until what draws charts is loaded.
    from paribus.cli.stored import table_rows, write_report_of  # noqa: PLC0415

    results = outcome.results()
    path = write_report_of(results, options.lab, None)
    outcome.seconds["report"] = time.perf_counter() - begun
    outcome.seconds["total"] += outcome.seconds["report"]
    return outcome, table_rows(results, [plan.study.primary], "last"), path
