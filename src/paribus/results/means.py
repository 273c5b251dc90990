"""A mean over replicates with its interval, as a row of a table; from plain numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from paribus.errors import ParibusError
from paribus.statistics.bootstrap import FEWEST, bootstrap_interval
from paribus.statistics.intervals import Interval, mean_interval

EpochRule = Literal["last", "best validation"]
EPOCH_RULES: tuple[EpochRule, ...] = ("last", "best validation")
IntervalKind = Literal["t", "bootstrap"]
INTERVALS: tuple[IntervalKind, ...] = ("t", "bootstrap")


class Row(TypedDict):
    """One row of `paribus table --json`: a mean over the finished runs of one condition.

    `n` counts the runs averaged, `diverged` those left out because their loss did not stay
    finite; a number that does not exist, or is not finite, is None.
    """

    condition: dict[str, str]
    metric: str
    epoch_rule: str
    mean: float | None
    low: float | None
    high: float | None
    n: int
    diverged: int
    method: str


def interval_words(rows: Sequence[Row]) -> str:
    """How the intervals of a table were made: "Student's t" or "BCa bootstrap"."""
    bootstrapped = any(row["method"].startswith("BCa") for row in rows)
    return "BCa bootstrap" if bootstrapped else "Student's t"


def mean_row(
    condition: Mapping[str, str],
    metric: str,
    epoch_rule: EpochRule,
    values: Sequence[float],
    diverged: int,
    kind: IntervalKind = "t",
) -> Row:
    """The row of a condition: of the values of its finished runs, by replicate.

    Raises `ParibusError` where there are too few of them for a bootstrap.
    """
    finite = [value for value in values if math.isfinite(value)]
    interval = mean_interval(finite) if kind == "t" else _bootstrapped(finite, condition)
    left_out = len(values) - len(finite)
    said = "no finished run with this metric" if not values else interval.method
    return Row(
        condition=dict(condition),
        metric=metric,
        epoch_rule=epoch_rule,
        mean=interval.mean,
        low=interval.low,
        high=interval.high,
        n=interval.n,
        diverged=diverged,
        method=f"{said}; {left_out} not finite, left out" if left_out else said,
    )


def _bootstrapped(values: Sequence[float], condition: Mapping[str, str]) -> Interval:
    if len(values) < FEWEST:
        # Here, because it loads pandas, which tables of many runs do without.
        from paribus.results.tidy import condition_label  # noqa: PLC0415

        raise ParibusError(
            f"a bootstrap interval takes {FEWEST} finished replicates or more; "
            f"{condition_label(condition)} has {len(values)}. Use the t interval, or train more"
        )
    return bootstrap_interval(values)
