"""Running a study with everything that follows: progress, table, findings, report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from paribus.cli.progress import Display
from paribus.errors import ParibusError
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.plan import Plan
from paribus.study.run import run_plan

if TYPE_CHECKING:
    from paribus.claims.findings import Finding
    from paribus.results.table import Row


@dataclass(frozen=True)
class Told:
    """What is said of a study when it has run: nothing where no run of it is stored."""

    rows: "Sequence[Row]" = ()
    findings: "Sequence[Finding]" = ()
    report: Path | None = None


def run_and_report(plan: Plan, options: RunOptions) -> tuple[Outcome, Told]:
    """Trains what is missing; then the table, the findings and the report."""
    with Display() as display:
        outcome = run_plan(plan, replace(options, watch=display))
    if outcome.trained + outcome.reused == 0:
        return outcome, Told()
    begun = time.perf_counter()
    try:
        # Here, so that training does not wait until what draws charts is loaded.
        from paribus.cli.stored import table_rows, write_report_of  # noqa: PLC0415
        from paribus.report.contents import contents  # noqa: PLC0415
    except ImportError as error:  # of a library that finds no room in memory, for one
        name = plan.study.name
        raise ParibusError(
            f"the runs are stored, but what writes reports cannot be loaded: {error}. "
            f"Put that right, then write it with: paribus report {name}"
        ) from None

    results = outcome.results()
    shown = contents(results)
    path = write_report_of(results, options.lab, None, shown)
    outcome.seconds["report"] = time.perf_counter() - begun
    outcome.seconds["total"] += outcome.seconds["report"]
    rows = table_rows(results, [results.document["primary"]], "last")
    return outcome, Told(rows, shown.found, path)
