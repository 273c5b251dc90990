"""How many conditions share a plot: one panel with colours, or many panels.

Up to eight conditions, or twelve that are numbers and so have an order, are told apart by colour
in one panel. With more, a design of several factors gives each panel one combination of some
factors and colours the other; a single factor gives each condition its own panel, before the
faint lines of all the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paribus.report.theme import ACCENT, Series, can_be_coloured, is_number, series_of
from paribus.results.tidy import StudyResults, condition_label


@dataclass(frozen=True)
class Layout:
    """Which series and panel each condition (by label) belongs to, in declared order.

    `context` asks for the faint lines of all series behind each panel's own. `legend` names the
    factor whose levels the series are, where these are bare numbers.
    """

    series: tuple[Series, ...]
    place: Mapping[str, tuple[str, str]]
    context: bool = False
    legend: str = ""

    @property
    def panels(self) -> list[str]:
        """Titles of the panels, in order; one without a title where all share it."""
        return list(dict.fromkeys(panel for _, panel in self.place.values()))


def layout_of(results: StudyResults) -> Layout:
    """The layout of every chart with one line or point per condition."""
    labels = [condition_label(condition) for condition in results.conditions]
    if can_be_coloured(labels):
        legend = factor_of_numbers(results.factors, labels)
        return Layout(series_of(labels), {label: (label, "") for label in labels}, legend=legend)
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
    shown = [label for label in declared if label in used]
    return Layout(series_of(shown), place, legend=factor_of_numbers([coloured], shown))


def factor_of_numbers(factors: Sequence[str], labels: Sequence[str]) -> str:
    """The name of the one factor whose levels these are, if they are numbers: "3" says little."""
    if len(factors) != 1 or not all(map(is_number, labels)):
        return ""
    return factors[0].replace("_", " ")


def _coloured_factor(results: StudyResults) -> str | None:
    """The factor with most levels among those that colours can tell apart."""
    levels = {name: {c[name] for c in results.conditions} for name in results.factors}
    varied = {name: sorted(labels) for name, labels in levels.items() if len(labels) > 1}
    fitting = [name for name, labels in varied.items() if can_be_coloured(labels)]
    if len(varied) < 2 or not fitting:
        return None
    return max(fitting, key=lambda name: len(varied[name]))


def _others(condition: Mapping[str, str], coloured: str) -> str:
    return " · ".join(f"{name} {label}" for name, label in condition.items() if name != coloured)
