"""A mean over replicates with its interval, as a row of a table; from plain numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict

from paribus.errors import ParibusError
from paribus.statistics.bootstrap import FEWEST, bootstrap_interval
from paribus.statistics.intervals import Interval, mean_intervals

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


class Sample(NamedTuple):
    """A condition, the values of its finished runs by replicate, and how many runs diverged."""

    condition: Mapping[str, str]
    values: Sequence[float]
    diverged: int


def interval_words(rows: Sequence[Row]) -> str:
    """How the intervals of a table were made: "Student's t" or "BCa bootstrap"."""
    bootstrapped = any(row["method"].startswith("BCa") for row in rows)
    return "BCa bootstrap" if bootstrapped else "Student's t"


def mean_rows(
    samples: Sequence[Sample],
    metric: str,
    epoch_rule: EpochRule,
    kind: IntervalKind = "t",
) -> list[Row]:
    """The rows of conditions, in their order.

    Raises `ParibusError` where there are too few values for a bootstrap.
    """
    finite = [list(filter(math.isfinite, sample.values)) for sample in samples]
    if kind == "t":
        intervals = mean_intervals(finite)
    else:
        intervals = [
            _bootstrapped(values, sample.condition)
            for values, sample in zip(finite, samples, strict=True)
        ]
    return [
        Row(
            condition=dict(sample.condition),
            metric=metric,
            epoch_rule=epoch_rule,
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            n=interval.n,
            diverged=sample.diverged,
            method=_method(interval, len(sample.values)),
        )
        for sample, interval in zip(samples, intervals, strict=True)
    ]


def _method(interval: Interval, values: int) -> str:
    said = interval.method if values else "no finished run with this metric"
    left_out = values - interval.n
    return f"{said}; {left_out} not finite, left out" if left_out else said


def _bootstrapped(values: Sequence[float], condition: Mapping[str, str]) -> Interval:
    if len(values) < FEWEST:
        # Here, because it loads pandas, which tables of many runs do without.
        from paribus.results.tidy import condition_label  # noqa: PLC0415

        raise ParibusError(
            f"a bootstrap interval takes {FEWEST} finished replicates or more; "
            f"{condition_label(condition)} has {len(values)}. Use the t interval, or train more"
        )
    return bootstrap_interval(values)
