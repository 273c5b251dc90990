"""How many conditions share a plot: one panel with colours, or many panels.

Up to eight conditions are told apart by colour in one panel. With more, a design of several
factors gives each panel one combination of some factors and colours the other; a single factor
gives each condition its own panel, before the faint lines of all the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from paribus.report.theme import ACCENT, MAX_SERIES, Series, series_of
from paribus.results.tidy import StudyResults, condition_label


@dataclass(frozen=True)
class Layout:
    """Which series and panel each condition (by label) belongs to, in declared order.

    `context` asks for the faint lines of all series behind each panel's own.
    """

    series: tuple[Series, ...]
    place: Mapping[str, tuple[str, str]]
    context: bool = False

    @property
    def panels(self) -> list[str]:
        """Titles of the panels, in order; one without a title where all share it."""
        return list(dict.fromkeys(panel for _, panel in self.place.values()))


def layout_of(results: StudyResults) -> Layout:
    """The layout of every chart with one line or point per condition."""
    labels = [condition_label(condition) for condition in results.conditions]
    if len(labels) <= MAX_SERIES:
        return Layout(series_of(labels), {label: (label, "") for label in labels})
    coloured = _coloured_factor(results)
    if coloured is None:
        series = tuple(Series(label, ACCENT) for label in labels)
        return Layout(series, {label: (label, label) for label in labels}, context=True)
    place = {
        condition_label(condition): (condition[coloured], _others(condition, coloured))
        for condition in results.conditions
    }
    used = {series for series, _ in place.values()}
    declared = next(f for f in results.document["factors"] if f["name"] == coloured)["labels"]
    return Layout(series_of([label for label in declared if label in used]), place)


def _coloured_factor(results: StudyResults) -> str | None:
    """The factor with most levels among those that colours can tell apart."""
    levels = {name: {c[name] for c in results.conditions} for name in results.factors}
    varied = {name: len(labels) for name, labels in levels.items() if len(labels) > 1}
    fitting = [name for name, count in varied.items() if count <= MAX_SERIES]
    if len(varied) < 2 or not fitting:
        return None
    return max(fitting, key=lambda name: varied[name])


def _others(condition: Mapping[str, str], coloured: str) -> str:
    return " · ".join(f"{name} {label}" for name, label in condition.items() if name != coloured)
