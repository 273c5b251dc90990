"""From the figures that a study declares to those that a report shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from paribus import figures as declare
from paribus.outgoing import LONGEST_NAME
from paribus.report.against import against_levels, against_parameters
from paribus.report.along import along
from paribus.report.charts import charts
from paribus.report.computed import computed_table
from paribus.report.confusion import confusion_figure
from paribus.report.curves import layer_curves, learning_curves
from paribus.report.exhibits import Absent, Exhibit, NotMeasuredError, Sheet
from paribus.report.figures import Figure
from paribus.report.finals import final_figure
from paribus.report.functions import fitted_functions
from paribus.report.heatmap import layer_heatmap
from paribus.report.layout import layout_of
from paribus.report.lines import line_curves
from paribus.report.measured import require
from paribus.report.paths import path_scatter, path_table
from paribus.report.scatter import run_scatter
from paribus.report.selection import at_labels, restricted, restricted_layout
from paribus.report.sheets import metric_columns
from paribus.report.stalls import stall_depths
from paribus.report.times import epoch_times
from paribus.results.derived import with_derived
from paribus.results.tidy import StudyResults

Draw = Callable[[StudyResults, Any], Figure | Sheet | Sequence[Figure | Sheet] | None]
Shown = TypeVar("Shown", bound=Exhibit)
_KNOWN: TypeAdapter[declare.AnyFigure] = TypeAdapter(declare.AnyFigure)


def exhibits(results: StudyResults) -> list[Exhibit]:
    """What a report shows, in order: what the study declares, or else all that was measured.

    Never fails for want of data: what cannot be drawn is an `Absent` that says what is missing.
    """
    declared = results.document.get("figures") or []
    if not declared:
        return list(charts(results))
    derived = with_derived(results)
    return numbered([one for content in declared for one in _drawn(derived, content)])


def _drawn(results: StudyResults, content: Mapping[str, Any]) -> list[Exhibit]:
    try:
        one = _KNOWN.validate_python(content)
    except ValidationError:
        kind = str(content.get("kind", "a figure")).replace("_", " ")
        return [Absent(kind.capitalize(), "this version of Paribus does not know how it is drawn")]
    usual = one.kind.replace("_", " ").capitalize()
    try:
        found = DRAWN[type(one)](at_labels(results, one.at), one)
    except NotMeasuredError as error:
        return [Absent(one.title or f"{usual}{_metrics(one)}", str(error))]
    shown = [found] if isinstance(found, Figure | Sheet) else list(found or ())
    if not shown:
        return [Absent(one.title or f"{usual}{_metrics(one)}", "nothing of it was measured")]
    return [_titled(each, one.title, one.remark, len(shown) > 1) for each in shown]


def _metrics(one: Any) -> str:
    named = getattr(one, "metric", "") or ", ".join(
        getattr(one, "metrics", ()) or getattr(one, "quantities", ())
    )
    return f" of {named}" if named else ""


def _titled(shown: Figure | Sheet, title: str, remark: str, several: bool) -> Figure | Sheet:
    """With the study's own title and remark; the usual title, which names units, stays first."""
    note = f"{shown.title}. {shown.note}" if title and not several else shown.note
    parts = [note, remark and (remark if remark.endswith(".") else f"{remark}.")]
    note = " ".join(part for part in parts if part)
    heading = f"{title}: {shown.title}" if title and several else title or shown.title
    return replace(shown, title=heading, note=note)


def numbered(shown: Sequence[Shown]) -> list[Shown]:
    """These under names of which no two are the same, for they are those of files."""
    taken: dict[str, int] = {}
    found: list[Shown] = []
    for one in shown:
        if isinstance(one, Absent):
            found.append(one)
            continue
        taken[one.name] = taken.get(one.name, 0) + 1
        number = taken[one.name]
        ending = f"-{number}"
        name = one.name[: LONGEST_NAME - len(ending)] + ending
        found.append(replace(one, name=name) if number > 1 else one)
    return found


def _final_values(results: StudyResults, one: declare.FinalValues) -> Figure:
    require(results, [one.metric])
    part = restricted(results, one.conditions)
    if not part.conditions:
        raise NotMeasuredError("none of the conditions is part of this study at this scale")
    return final_figure(part, one.metric, restricted_layout(layout_of(results), part))


def _confusion(results: StudyResults, _: declare.Confusion) -> Figure:
    found = confusion_figure(results)
    if found is None:
        raise NotMeasuredError("confusion matrices of finished runs, of 30 classes or fewer")
    return found


def _learning(results: StudyResults, one: declare.LearningCurves) -> Figure:
    found = learning_curves(results, one.metric, one.log)
    if found is None:
        raise NotMeasuredError(f"not measured: {one.metric}")
    return found


def _layers(results: StudyResults, one: declare.LayerCurves) -> Figure:
    found = layer_curves(results, one.metric)
    if found is None:
        raise NotMeasuredError(f"not measured: {one.metric}")
    return found


DRAWN: Mapping[type, Draw] = {
    declare.FinalValues: _final_values,
    declare.LearningCurves: _learning,
    declare.LayerCurves: _layers,
    declare.LayerHeatmap: lambda results, one: layer_heatmap(results, one.metric, one.factor),
    declare.AgainstParameters: lambda results, one: against_parameters(
        results, one.metrics, one.conditions
    ),
    declare.AgainstLevels: lambda results, one: against_levels(
        results, one.metrics, one.factor, one.log
    ),
    declare.Along: lambda results, one: along(
        results, one.metric, one.axis, one.log_axis, one.log
    ),
    declare.RunScatter: run_scatter,
    declare.FittedFunctions: lambda results, one: fitted_functions(results, one.replicate),
    declare.PathScatter: lambda results, one: path_scatter(results, one.analysis),
    declare.PathTable: lambda results, one: path_table(results, one.analysis),
    declare.LineCurves: lambda results, one: line_curves(results, one.analysis),
    declare.StallDepths: lambda results, _: stall_depths(results),
    declare.EpochTimes: lambda results, one: epoch_times(results, one.analysis),
    declare.Columns: lambda results, one: metric_columns(results, one.metrics),
    declare.Computed: lambda results, one: computed_table(results, one.quantities),
    declare.Confusion: _confusion,
}
