"""Tables besides that of the primary metric: columns of metrics at the last epoch."""

from collections.abc import Sequence

from paribus.report.columns import diverged_runs, means_column, with_limits
from paribus.report.exhibits import Cell, NotMeasuredError, Sheet
from paribus.report.quantities import quantity
from paribus.results.derived import TRAINED
from paribus.results.table import metric_names, table
from paribus.results.tidy import StudyResults


def metric_columns(results: StudyResults, metrics: Sequence[str]) -> Sheet:
    """A row per condition: of each metric the mean and its interval, n and diverged runs.

    Metrics that were not measured are named in the note; raises `NotMeasuredError` where that is
    all of them.
    """
    known = metric_names(results)
    shown = [name for name in metrics if name in known]
    absent = [name for name in metrics if name not in known]
    if not shown:
        raise NotMeasuredError(f"not measured: {', '.join(absent)}")
    rows = table(results, (shown[0],))
    columns = [means_column(table(results, (name,)), quantity(name)) for name in shown]
    if TRAINED in shown:
        columns[shown.index(TRAINED)] = with_limits(results, columns[shown.index(TRAINED)])
    return Sheet(
        name="columns-" + "-".join(name.replace("/", "-") for name in shown),
        title=", ".join(_names(shown)),
        note=_note(shown, absent),
        heads=(
            *(results.factors or ("condition",)),
            *(quantity(name).title for name in shown),
            "n",
            "diverged",
        ),
        rows=tuple(
            (
                *map(Cell, tuple(row["condition"].values()) or ("one condition",)),
                *(column[place] for column in columns),
                Cell(str(row["n"])),
                Cell(diverged_runs(results, row)),
            )
            for place, row in enumerate(rows)
        ),
        labels=len(results.factors) or 1,
    )


def _note(shown: Sequence[str], absent: Sequence[str]) -> str:
    parts = [
        "Mean over finished replicates at the last epoch of each run, with its 95 % interval "
        "(Student's t) below; n: replicates averaged."
    ]
    if TRAINED in shown:
        parts.append(
            "Epochs until the run ended: where it reached its threshold or stopped early, or at "
            "the last epoch planned; runs that got that far are counted, and could have gone on."
        )
    if absent:
        parts.append(f"Not measured: {', '.join(absent)}.")
    return " ".join(parts)


def _names(metrics: Sequence[str]) -> list[str]:
    first, *rest = [quantity(name).name for name in metrics]
    return [first, *(name[:1].lower() + name[1:] for name in rest)]
