"""The result in plain sentences, each tied to numbers and none claiming more than they say."""

from collections.abc import Mapping, Sequence

from paribus.claims.metric import SPLITS
from paribus.report.quantities import Quantity, column_decimals, number, quantity, replicates
from paribus.report.theme import is_number
from paribus.results.table import Row
from paribus.results.tidy import StudyResults, condition_label


def summary(results: StudyResults, rows: Sequence[Row]) -> list[str]:
    """Sentences on best and worst condition, on overlap, and on runs that do not count.

    `rows` are those of `table` for the study's primary metric. Which conditions differ is for the
    findings to say: overlap is told only of a study that claims nothing.
    """
    shown = quantity(results.document["primary"])
    places = column_decimals(rows, shown)
    measured = [row for row in rows if row["mean"] is not None]
    ranked = sorted(measured, key=lambda row: row["mean"] or 0.0, reverse=shown.higher_is_better)
    sentences = _ranking(ranked, len(rows), shown, places)
    if len(ranked) > 1 and not results.document.get("claims"):
        sentences.append(_overlap(ranked))
    return [*sentences, *_left_out(results, rows)]


def value_with_interval(row: Row, shown: Quantity, places: int) -> str:
    """A mean with its interval, n, epoch rule and split."""
    bounds = (row["mean"], row["low"], row["high"])
    mean, low, high = (None if one is None else one * shown.scale for one in bounds)
    count = replicates([row["n"]])
    of_split = f", {shown.split} split" if shown.split in SPLITS else ""
    where = f"{row['epoch_rule']} epoch{of_split}"
    written = shown.written(mean, places)
    if low is None:
        return f"{written} ({count}: no interval, {where})"
    interval = f"{number(low, places)} to {number(high, places)}"
    return f"{written} (95 % interval {interval}, {count}, {where})"


def spoken(condition: Mapping[str, str]) -> str:
    """A condition in a sentence: a bare label only where that is a word.

    >>> spoken({"activation": "relu"}), spoken({"batch size": "32"})
    ('relu', 'batch size 32')
    """
    if len(condition) == 1 and not any(map(is_number, condition.values())):
        return condition_label(condition)
    named = ", ".join(f"{factor} {label}" for factor, label in condition.items())
    return named or condition_label(condition)


def overlap(one: Row, other: Row) -> bool | None:
    """Whether two intervals share a value; None where one of them does not exist."""
    if one["low"] is None or other["low"] is None or one["high"] is None or other["high"] is None:
        return None
    return one["low"] <= other["high"] and other["low"] <= one["high"]


def _ranking(ranked: Sequence[Row], planned: int, shown: Quantity, places: int) -> list[str]:
    name = shown.name[0].lower() + shown.name[1:]
    if not ranked:
        return [f"No run finished, so there is no {name} to report."]
    best = ranked[0]
    told = value_with_interval(best, shown, places)
    if len(ranked) == 1:
        rest = " It is the only condition with a finished run." if planned > 1 else ""
        return [f"{_capital(best['condition'])} reached a mean {name} of {told}.{rest}"]
    worst = ranked[-1]
    if best["mean"] == worst["mean"]:
        return [f"All conditions reached the same mean {name}, {told}."]
    two = len(ranked) == 2
    words = ("higher", "lower") if two else ("highest", "lowest")
    first, last = words if shown.higher_is_better else words[::-1]
    scope = "" if two else f"Of {len(ranked)} conditions, "
    return [
        f"{scope}{spoken(best['condition'])} reached the {first} mean {name}, {told}; "
        f"{spoken(worst['condition'])} the {last}, "
        f"{value_with_interval(worst, shown, places)}."
    ]


def _overlap(ranked: Sequence[Row]) -> str:
    """Which intervals overlap with that of the first, and what that does not say."""
    best = ranked[0]
    shared = [overlap(best, other) for other in ranked[1:]]
    near = [spoken(row["condition"]) for row, one in zip(ranked[1:], shared, strict=True) if one]
    without = [
        spoken(row["condition"])
        for row, one in zip(ranked[1:], shared, strict=True)
        if one is None
    ]
    name, worst = spoken(best["condition"]), spoken(ranked[-1]["condition"])
    if len(without) == len(shared):
        said = (
            "With fewer than two finished replicates there is no interval: the order may be "
            "chance."
        )
    elif near:
        apart = f", not with that of {worst}" if shared[-1] is False else ""
        said = (
            f"The interval of {name} overlaps with {_listed(near)}{apart}. Overlapping intervals "
            "do not tell conditions apart."
        )
    else:
        said = f"The interval of {name} overlaps with no other."
    if without and len(without) < len(shared):
        said += f" Without an interval, for want of replicates: {', '.join(without)}."
    return (
        f"{said} Intervals of single conditions are no test of a difference: that takes the "
        "differences between runs of one replicate."
    )


def _listed(labels: Sequence[str]) -> str:
    if len(labels) > 4:
        return f"those of {len(labels)} other conditions"
    if len(labels) == 1:
        return f"that of {labels[0]}"
    return f"those of {', '.join(labels[:-1])} and {labels[-1]}"


def _left_out(results: StudyResults, rows: Sequence[Row]) -> list[str]:
    sentences = []
    diverged = [row for row in rows if row["diverged"]]
    if diverged:
        total = sum(row["diverged"] for row in diverged)
        each = ", ".join(f"{spoken(row['condition'])} {row['diverged']}" for row in diverged)
        was = "runs diverged; it is" if total == 1 else "runs diverged; they are"
        sentences.append(f"{total} of {len(results.runs)} {was} counted, not averaged ({each}).")
    if results.missing:
        absent, planned = len(results.missing), len(results.runs) + len(results.missing)
        are = "is" if absent == 1 else "are"
        sentences.append(
            f"{absent} of {planned} planned runs {are} not stored; this report is of the rest."
        )
    return sentences


def _capital(condition: Mapping[str, str]) -> str:
    """The condition at the start of a sentence; a label keeps its own case."""
    return spoken(condition) if condition else "The one condition"
