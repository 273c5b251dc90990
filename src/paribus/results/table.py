"""Means over replicates, one row per condition and metric."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import pandas as pd

from paribus.errors import ParibusError, UnknownNameError
from paribus.results.means import EPOCH_RULES, EpochRule, IntervalKind, Row, Sample, mean_rows
from paribus.results.tidy import StudyResults


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
    diverged = results.runs.loc[results.runs["status"] == "diverged"]
    counts = Counter(_labels(diverged, results.factors))
    found = []
    for metric in metrics:
        values: dict[tuple[str, ...], list[float]] = defaultdict(list)
        places = _labels(finals[metric], results.factors)
        for place, value in zip(places, finals[metric]["value"].tolist(), strict=True):
            values[place].append(value)
        samples = [
            Sample(condition, values[labels], counts[labels])
            for condition in results.conditions
            for labels in [tuple(condition.values())]
        ]
        found += mean_rows(samples, metric, epoch_rule, interval)
    return found


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
    return sorted(map(str, results.metrics["metric"].unique()))


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


def _labels(frame: pd.DataFrame, factors: Sequence[str]) -> list[tuple[str, ...]]:
    """The labels of each row; without a factor there is one condition, which has none."""
    if not factors:
        return [()] * len(frame)
    return list(frame[list(factors)].itertuples(index=False, name=None))
