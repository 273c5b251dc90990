"""Means over replicates, one row per condition and metric."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

import pandas as pd

from paribus.errors import ParibusError, UnknownNameError
from paribus.results.tidy import StudyResults, condition_label
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


def table(
    results: StudyResults,
    metrics: Sequence[str] = ("test/accuracy",),
    epoch_rule: EpochRule = "last",
    interval: IntervalKind = "t",
) -> list[Row]:
    """Mean and 95 % interval of each metric per condition, conditions in declared order.

    The interval is Student's t, or the BCa bootstrap for 20 replicates or more.

    `epoch_rule` says which epoch speaks for a run: "last" is the last one measured; "best
    validation" the earliest with the highest validation/accuracy, or where that is not measured
    the lowest validation/loss. Raises `UnknownNameError` for a metric or rule that is not there
    and `ParibusError` where "best validation" meets no validation split, or the bootstrap fewer
    replicates.
    """
    finals = {metric: final_values(results, metric, epoch_rule) for metric in metrics}
    return [
        _row(results, condition, finals[metric], metric, epoch_rule, interval)
        for metric in metrics
        for condition in results.conditions
    ]


def interval_words(rows: Sequence[Row]) -> str:
    """How the intervals of a table were made: "Student's t" or "BCa bootstrap"."""
    bootstrapped = any(row["method"].startswith("BCa") for row in rows)
    return "BCa bootstrap" if bootstrapped else "Student's t"


def final_values(
    results: StudyResults, metric: str, epoch_rule: EpochRule = "last"
) -> pd.DataFrame:
    """The one number that speaks for each finished run: factors, replicate, epoch, value.

    Diverged runs are left out. Errors as in `table`.
    """
    chosen = _of_metric(results, metric)
    if epoch_rule not in EPOCH_RULES:
        raise UnknownNameError("epoch rule", epoch_rule, EPOCH_RULES)
    by = [*results.factors, "replicate"]
    finished = results.runs.loc[results.runs["status"] == "finished", by]
    chosen = chosen.merge(finished, on=by).drop(columns="metric")
    if epoch_rule == "best validation":
        chosen = chosen.merge(_validation(results), on=[*by, "epoch"])
        chosen = chosen.sort_values([*by, "rank", "epoch"]).drop(columns="rank")
        return chosen.drop_duplicates(by, keep="first").reset_index(drop=True)
    return (
        chosen.sort_values([*by, "epoch"]).drop_duplicates(by, keep="last").reset_index(drop=True)
    )


def metric_names(results: StudyResults) -> list[str]:
    """Names of all metrics measured over epochs."""
    return sorted(set(results.metrics["metric"].astype("str")))


def _of_metric(results: StudyResults, metric: str) -> pd.DataFrame:
    chosen = results.metrics.loc[results.metrics["metric"] == metric]
    if chosen.empty:
        raise UnknownNameError("metric", metric, metric_names(results))
    return chosen


def _validation(results: StudyResults) -> pd.DataFrame:
    """Every epoch of every run with its rank: the lower, the better on the validation split."""
    names = metric_names(results)
    criterion = next((n for n in ("validation/accuracy", "validation/loss") if n in names), None)
    if criterion is None:
        raise ParibusError(
            "epoch rule 'best validation' needs a validation split, and no run of study "
            f"{results.document['name']!r} has one. Use the rule 'last', or hold examples out "
            "with the recipe's data.validation"
        )
    ranked = _of_metric(results, criterion).drop(columns="metric")
    ranked = ranked.rename(columns={"value": "rank"})
    if criterion == "validation/accuracy":
        ranked["rank"] = -ranked["rank"]
    return ranked


def _row(
    results: StudyResults,
    condition: Mapping[str, str],
    finals: pd.DataFrame,
    metric: str,
    epoch_rule: str,
    kind: IntervalKind,
) -> Row:
    values = results.select(finals, condition)["value"].tolist()
    finite = [value for value in values if math.isfinite(value)]
    interval = mean_interval(finite) if kind == "t" else _bootstrapped(finite, condition)
    status = results.select(results.runs, condition)["status"].tolist()
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
        diverged=status.count("diverged"),
        method=f"{said}; {left_out} not finite, left out" if left_out else said,
    )


def _bootstrapped(values: Sequence[float], condition: Mapping[str, str]) -> Interval:
    if len(values) < FEWEST:
        raise ParibusError(
            f"a bootstrap interval takes {FEWEST} finished replicates or more; "
            f"{condition_label(condition)} has {len(values)}. Use the t interval, or train more"
        )
    return bootstrap_interval(values)
