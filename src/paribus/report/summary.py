"""The result in plain sentences, each tied to numbers and none claiming more than they say."""

from collections.abc import Sequence

from paribus.report.quantities import Quantity, column_decimals, quantity
from paribus.results.table import Row
from paribus.results.tidy import StudyResults, condition_label


def summary(results: StudyResults, rows: Sequence[Row]) -> list[str]:
    """Sentences on best and worst condition, on overlap, and on runs that do not count.

    `rows` are those of `table` for the study's primary metric.
    """
    shown = quantity(results.document["primary"])
    places = column_decimals(rows, shown)
    measured = [row for row in rows if row["mean"] is not None]
    ranked = sorted(measured, key=lambda row: row["mean"] or 0.0, reverse=shown.higher_is_better)
    sentences = _ranking(ranked, len(rows), shown, places)
    if len(ranked) > 1:
        sentences.append(_overlap(ranked[0], ranked[-1]))
    return [*sentences, *_left_out(results, rows)]


def value_with_interval(row: Row, shown: Quantity, places: int) -> str:
    """A mean with its interval, n, epoch rule and split."""
    scaled = [None if row[k] is None else row[k] * shown.scale for k in ("mean", "low", "high")]
    count = f"n = {row['n']} replicate{'' if row['n'] == 1 else 's'}"
    where = f"{row['epoch_rule']} epoch, {shown.split} split"
    if scaled[1] is None:
        return f"{shown.written(scaled[0], places)} ({count}: no interval, {where})"
    low, high = shown.written(scaled[1], places), shown.written(scaled[2], places)
    mean = shown.written(scaled[0], places)
    return f"{mean} (95 % interval {low} to {high}, {count}, {where})"


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
        return [f"{_capital(best)} reached a mean {name} of {told}.{rest}"]
    worst = ranked[-1]
    if best["mean"] == worst["mean"]:
        return [f"All conditions reached the same mean {name}, {told}."]
    two = len(ranked) == 2
    words = ("higher", "lower") if two else ("highest", "lowest")
    first, last = words if shown.higher_is_better else words[::-1]
    scope = "" if two else f"Of {len(ranked)} conditions, "
    return [
        f"{scope}{condition_label(best['condition'])} reached the {first} mean {name}, {told}; "
        f"{condition_label(worst['condition'])} the {last}, "
        f"{value_with_interval(worst, shown, places)}."
    ]


def _overlap(best: Row, worst: Row) -> str:
    caution = (
        "Intervals of single conditions are no test of a difference: paired tests over replicates "
        "come with the findings."
    )
    shared = overlap(best, worst)
    if shared is None:
        return (
            "With fewer than two finished replicates there is no interval, so the order may be "
            f"chance. {caution}"
        )
    if shared:
        return f"These two intervals overlap, so they do not tell the two apart. {caution}"
    return f"These two intervals do not overlap. {caution}"


def _left_out(results: StudyResults, rows: Sequence[Row]) -> list[str]:
    sentences = []
    diverged = [row for row in rows if row["diverged"]]
    if diverged:
        total = sum(row["diverged"] for row in diverged)
        each = ", ".join(
            f"{condition_label(row['condition'])} {row['diverged']}" for row in diverged
        )
        was = "run diverged and is" if total == 1 else "runs diverged and are"
        sentences.append(f"{total} of {len(results.runs)} {was} counted, not averaged ({each}).")
    if results.missing:
        planned = len(results.runs) + len(results.missing)
        sentences.append(
            f"{len(results.missing)} of {planned} planned runs are not stored; "
            "this report is of the rest."
        )
    return sentences


def _capital(row: Row) -> str:
    label = condition_label(row["condition"])
    return label[:1].upper() + label[1:] if not row["condition"] else label
