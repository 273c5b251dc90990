"""The depth at which training stalls: of every condition, by replicate and as a median."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.report.axes import Span
from paribus.report.dots import dot_rows
from paribus.report.exhibits import Cell, NotMeasuredError, Sheet
from paribus.report.figures import Figure, Panel
from paribus.report.theme import is_number
from paribus.results.table import final_values
from paribus.results.tidy import CONFUSION, StudyResults
from paribus.statistics.guessing import STALLED, stalls

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Depth:
    """What a scan found: the level at which training stalls, or the one that it got to without."""

    level: float
    censored: bool

    @property
    def shown(self) -> str:
        """The level; of a censored scan, what it exceeds."""
        return f"> {self.level:g}" if self.censored else f"{self.level:g}"


def stall_depths(results: StudyResults) -> tuple[Figure, Sheet]:
    """A dot per replicate and the median, a row per condition; and the same as a table.

    Raises `NotMeasuredError` for a study that is no scan, or whose training loss is not stored.
    """
    factor = scanned(results)
    found = depths(results, factor)
    if not any(found.values()):
        raise NotMeasuredError("no run of the scan is stored")
    note = _note(results, factor, found)
    title = f"{factor.replace('_', ' ').capitalize()} at which training stalls"
    return _figure(found, title, factor, note), _sheet(found, title)


def scanned(results: StudyResults) -> str:
    """The factor that the study scans; raises `NotMeasuredError` where it scans none."""
    design = results.document.get("design")
    if not isinstance(design, Mapping) or design.get("kind") != "scan":
        raise NotMeasuredError("the study is no scan over a factor")
    factor = design["factor"]
    labels = {one[factor] for one in results.conditions} if factor in results.factors else set()
    if not labels or not all(map(is_number, labels)):
        raise NotMeasuredError(f"no factor {factor!r} whose levels are numbers")
    return factor


def depths(results: StudyResults, factor: str) -> dict[str, dict[int, Depth]]:
    """By condition of the other factors and replicate, the first level of a run that stalls.

    Levels in ascending order, up to the first that is not stored: what lies beyond is not known.
    """
    losses = _losses(results)
    classes = _classes(results)
    found: dict[str, dict[int, Depth]] = {}
    for name, column in _columns(results, factor).items():
        of_condition = found.setdefault(name, {})
        for replicate in sorted({replicate for _, replicate in losses}):
            scan = [(level, losses.get((place, replicate))) for level, place in sorted(column)]
            depth = _first_stall(scan, classes)
            if depth is not None:
                of_condition[replicate] = depth
    return found


def median(found: Sequence[Depth]) -> Depth:
    """The median of depths, of which censored ones are larger than their level.

    >>> median([Depth(4, False), Depth(20, True), Depth(5, False)]).shown
    '5'
    """
    ordered = sorted(found, key=lambda one: (one.censored, one.level))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if high.censored:
        return Depth(low.level, True)
    return Depth((low.level + high.level) / 2, False)


def _first_stall(scan: Sequence[tuple[float, float | None]], classes: int) -> Depth | None:
    reached = None
    for level, loss in scan:
        if loss is None:
            break
        if stalls(loss, classes):
            return Depth(level, False)
        reached = Depth(level, True)
    return reached


def _columns(results: StudyResults, factor: str) -> dict[str, list[tuple[float, int]]]:
    """By condition of the other factors: level and number of its conditions.

    Remedies are trained at the stalling level only, so they are no scans.
    """
    remedies = results.document["design"].get("remedies", "")
    plain = next(iter(results.conditions), {}).get(remedies)
    columns: dict[str, list[tuple[float, int]]] = {}
    for number, condition in enumerate(results.conditions):
        if remedies and condition.get(remedies) != plain:
            continue
        others = [label for name, label in condition.items() if name not in (factor, remedies)]
        name = " · ".join(others) or "all conditions"
        columns.setdefault(name, []).append((float(condition[factor]), number))
    return columns


def _losses(results: StudyResults) -> dict[tuple[int, int], float]:
    """The training loss at the last epoch by number of condition and replicate; NaN: diverged."""
    if "train/loss" not in set(results.metrics["metric"].astype("str")):
        raise NotMeasuredError("not measured: train/loss")
    finals = final_values(results, "train/loss")
    found: dict[tuple[int, int], float] = {}
    for number, condition in enumerate(results.conditions):
        runs = results.select(results.runs, condition)
        for replicate in runs.loc[runs["status"] == "diverged", "replicate"]:
            found[number, int(replicate)] = math.nan
        chosen = results.select(finals, condition)
        for replicate, value in zip(chosen["replicate"], chosen["value"], strict=True):
            found[number, int(replicate)] = float(value)
    return found


def _classes(results: StudyResults) -> int:
    """How many classes the data have, as the confusion matrices count them."""
    for measurements in results.measurements.values():
        for one in measurements:
            if one.name == CONFUSION:
                return one.values.shape[-1]
    raise NotMeasuredError(f"the number of classes, which {CONFUSION} tells")


def _note(results: StudyResults, factor: str, found: Mapping[str, Mapping[int, Depth]]) -> str:
    classes = _classes(results)
    counts = sorted({len(one) for one in found.values()})
    n = " to ".join(dict.fromkeys(map(str, (counts[0], counts[-1]))))
    diverged = int((results.runs["status"] == "diverged").sum())
    parts = [
        f"The smallest {factor.replace('_', ' ')} whose run stalls: its training loss at the last "
        f"epoch is at least {100 * (1 - STALLED):g} % of ln({classes}) = {math.log(classes):.4g}, "
        "that of guessing, or did not stay finite.",
        f"One dot per replicate (n = {n}), the line is their median.",
    ]
    if any(depth.censored for one in found.values() for depth in one.values()):
        parts.append(
            "Triangles and > mark scans that met none up to there: the depth is larger than that."
        )
    if diverged:
        are = "run" if diverged == 1 else "runs"
        parts.append(f"{diverged} {are} diverged, which counts as stalling.")
    return " ".join(parts)


def _figure(
    found: Mapping[str, Mapping[int, Depth]], title: str, factor: str, note: str
) -> Figure:
    dots: Rows = [
        {
            "name": name,
            "place": replicate,
            "value": depth.level,
            "censored": depth.censored,
            "shown": depth.shown,
        }
        for name, of_condition in found.items()
        for replicate, depth in of_condition.items()
    ]
    medians: Rows = [
        {"name": name, "value": middle.level, "shown": f"median {middle.shown}"}
        for name, of_condition in found.items()
        if of_condition
        for middle in [median(list(of_condition.values()))]
    ]
    deepest = max(row["value"] for row in dots)
    span = Span(factor.replace("_", " ").capitalize(), (0, deepest * 1.12))
    stacked = max(len(one) for one in found.values())
    chart, height = dot_rows(list(found), span, stacked)
    return Figure(
        name="stall-depths",
        title=title,
        note=note,
        description=f"Dot plot, one row per condition. {note}",
        panels=(Panel(chart, height),),
        data={"dots": dots, "medians": medians},
    )


def _sheet(found: Mapping[str, Mapping[int, Depth]], title: str) -> Sheet:
    note = "> marks scans that met none up to there; they count as larger in the median."
    members = sorted({replicate for one in found.values() for replicate in one})
    rows = tuple(
        (
            Cell(name),
            Cell(median(list(one.values())).shown if one else "\u2014"),
            *(Cell(one[member].shown if member in one else "\u2014") for member in members),
        )
        for name, one in found.items()
    )
    heads = ("condition", "median", *(f"replicate {member}" for member in members))
    return Sheet("stall-depths-table", f"{title}, by replicate", note, heads, rows)
