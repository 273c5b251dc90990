"""What a study found, laid out as tables: for readers, and one number a cell for programs.

Each table says what its numbers are. For readers that stands in its caption, for programs in
columns, so that a row taken out of the table still says it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.claims.base import EVERYTHING
from paribus.claims.findings import Finding, LinkFinding
from paribus.claims.metric import SPLITS, phrase
from paribus.claims.metric import quantity as parts_of
from paribus.report.estimates import (
    confidence_of,
    count_text,
    estimate_text,
    interval_text,
    level_of,
    p_text,
    stored_unit,
)
from paribus.report.formats import Column, Grid, Value
from paribus.report.quantities import column_decimals, number, quantity
from paribus.results.means import Row, interval_words

HOLM = "Holm, over the study's registered claims"

_DASH = "\u2014"
_FINDING_COLUMNS = (
    *("study", "scale", "claim", "sentence", "family", "declared", "ours", "claim_verdict"),
    *("comparison", "conditions", "layer", "verdict", "metric", "split", "epoch_rule", "margin"),
    *("unit", "estimate", "low", "high", "confidence", "p", "p_adjusted", "correction", "n"),
    *("n_of", "method", "why", "notes"),
)
_MEAN_COLUMNS = (
    *("metric", "split", "epoch_rule", "mean", "low", "high", "confidence", "correction", "n"),
    *("diverged", "method"),
)


def findings_to_read(document: Mapping[str, Any], found: Sequence[Finding]) -> Grid:
    """A row for each claim, with the estimate of the comparison that decides its verdict."""
    level = confidence_of(document)
    caption = (
        f"Findings of {document['name']} ({document['scale']}). The verdict rests on the "
        f"{level} % interval against the claim's margin; estimate, interval, n and p are those of "
        "the comparison that decides it, in the unit beside the estimate. n counts replicates "
        "unless it says what else. p is two-sided against the margin and adjusted by Holm's "
        "method over all comparisons of the study's registered claims; that of an exploratory "
        "claim, in brackets, is not adjusted."
    )
    columns = (
        Column("claim", width=0.26),
        Column("metric and epoch", width=0.14),
        Column("verdict"),
        Column("estimate", number=True),
        Column(f"{level} % interval", number=True),
        Column("n", number=True),
        Column("p", number=True),
        Column("declared", width=0.1),
    )
    return Grid(caption, columns, tuple(_finding_to_read(one) for one in found))


def findings_to_compute(document: Mapping[str, Any], found: Sequence[Finding]) -> Grid:
    """A row for each comparison of each claim, numbers as they are stored.

    A claim of which nothing could be compared has one row. `unit` is that of `estimate`, `low`
    and `high`: a `share` of 0.018 is 1.8 points.
    """
    facts = (document["name"], document["scale"])
    rows = [
        (*facts, place, *_link_to_compute(document, finding, comparison, link))
        for place, finding in enumerate(found, 1)
        for comparison, link in enumerate(finding.links or (None,), 1)
    ]
    columns = tuple(Column(name) for name in _FINDING_COLUMNS)
    return Grid("", columns, tuple(rows))


def means_to_read(document: Mapping[str, Any], rows: Sequence[Row]) -> Grid:
    """A row for each condition and a column for each metric, in per cent where it is a share."""
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    shown = {name: quantity(name) for name in metrics}
    splits = ", ".join(
        f"{shown[name].name}: {shown[name].split or 'no'} split" for name in metrics
    )
    rule = rows[0]["epoch_rule"] if rows else "last"
    caption = (
        f"Means of {document['name']} ({document['scale']}) over n finished replicates, with 95 % "
        f"intervals ({interval_words(rows)}) in brackets, not corrected for the number of "
        f"conditions. Epoch: {rule}. Diverged runs are counted and left out. {splits}."
    )
    factors = list(rows[0]["condition"]) if rows else []
    columns = (
        *(Column(name) for name in factors),
        Column("n", number=True),
        Column("diverged", number=True),
        *(Column(shown[name].title, number=True) for name in metrics),
    )
    places = {
        name: column_decimals([row for row in rows if row["metric"] == name], shown[name])
        for name in metrics
    }
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        grouped.setdefault(tuple(row["condition"].values()), []).append(row)
    lines = [
        (
            *labels,
            str(of[0]["n"]),
            str(of[0]["diverged"]),
            *(_mean_text(row, places[row["metric"]]) for row in of),
        )
        for labels, of in grouped.items()
    ]
    return Grid(caption, columns, tuple(lines))


def means_to_compute(rows: Sequence[Row]) -> Grid:
    """A row for each condition and metric, numbers as they are stored.

    Factors have columns of their own, named `condition.FACTOR`.
    """
    factors = list(rows[0]["condition"]) if rows else []
    columns = [Column(f"condition.{name}") for name in factors]
    columns += [Column(name) for name in _MEAN_COLUMNS]
    lines = [
        (
            *row["condition"].values(),
            row["metric"],
            quantity(row["metric"]).split,
            row["epoch_rule"],
            row["mean"],
            row["low"],
            row["high"],
            0.95,
            "none",
            row["n"],
            row["diverged"],
            row["method"],
        )
        for row in rows
    ]
    return Grid("", tuple(columns), tuple(lines))


def declared_text(finding: Finding) -> str:
    """Whether a claim was declared ahead of its runs, and whether it is its source's or ours."""
    declared = "registered" if finding.registered else "exploratory"
    return f"{declared}, ours" if finding.ours else declared


def _finding_to_read(finding: Finding) -> tuple[Value, ...]:
    unit = finding.told_in
    tested = p_text(finding.p_adjusted if finding.registered else finding.p)
    return (
        finding.claim,
        f"{_metric_text(finding.metric)}, {finding.epoch_rule} epoch",
        finding.verdict,
        estimate_text(finding.estimate, unit),
        interval_text(finding.low, finding.high, unit) or _DASH,
        count_text(finding),
        tested if finding.registered or tested == _DASH else f"({tested})",
        declared_text(finding),
    )


def _link_to_compute(
    document: Mapping[str, Any], finding: Finding, comparison: int, link: LinkFinding | None
) -> tuple[Value, ...]:
    of_claim = (
        finding.claim,
        finding.family,
        "registered" if finding.registered else "exploratory",
        "yes" if finding.ours else "no",
        finding.verdict,
    )
    measured = (finding.metric, _splits(finding.metric), finding.epoch_rule, finding.margin)
    if link is None:
        nothing: tuple[Value, ...] = (None,) * 8
        why = ("", "none", finding.why, "")
        return *of_claim, None, "", "", finding.verdict, *measured, "", *nothing, *why
    return (
        *of_claim,
        comparison,
        " | ".join(map(_condition_text, link.conditions)),
        link.layer,
        link.verdict,
        *measured,
        stored_unit(link.told_in),
        link.estimate,
        link.low,
        link.high,
        None if link.low is None else 1 - level_of(document),
        link.p,
        link.p_adjusted,
        "none" if link.p_adjusted is None else HOLM,
        link.n,
        link.unit,
        link.method,
        link.why,
        "; ".join(link.notes),
    )


def _condition_text(condition: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={label}" for name, label in condition.items())


def _metric_text(metric: str) -> str:
    return metric if metric == EVERYTHING else phrase(metric)


def _splits(metric: str) -> str:
    """The splits of the data that a metric is measured on; none of a probe's metric."""
    names = () if metric == EVERYTHING else parts_of(metric).names
    splits = dict.fromkeys(name.partition("/")[0] for name in names)
    return ", ".join(split for split in splits if split in SPLITS)


def _mean_text(row: Row, places: int) -> str:
    scale = quantity(row["metric"]).scale
    mean, low, high = (
        None if value is None else number(value * scale, places)
        for value in (row["mean"], row["low"], row["high"])
    )
    if low is None or high is None:
        return mean or _DASH
    return f"{mean} ({low} to {high})"
