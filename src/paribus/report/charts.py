"""All figures of a study, in the order in which a report shows them."""

from paribus.report.confusion import confusion_figure
from paribus.report.curves import layer_curves, learning_curves
from paribus.report.figures import Figure
from paribus.report.finals import final_figure, parameter_figure
from paribus.results.table import metric_names
from paribus.results.tidy import StudyResults

CURVES = ("test/loss", "train/loss", "batch/loss")


MOST_FOREIGN = 12
"""Curves of what a trainer of the user's own measured, at most."""


def charts(results: StudyResults) -> list[Figure]:
    """Every figure that the measurements of a study allow."""
    primary = results.document["primary"]
    if primary not in metric_names(results):
        return []
    curves = [name for name in _curves(results, primary) if _has_course(results, name)]
    layers = sorted(set(results.layers["metric"].astype("str")))
    figures = [
        final_figure(results, primary),
        parameter_figure(results, primary),
        *(learning_curves(results, metric) for metric in curves),
        *(layer_curves(results, metric) for metric in layers),
        confusion_figure(results),
    ]
    return [figure for figure in figures if figure is not None]


def _curves(results: StudyResults, primary: str) -> list[str]:
    """The metrics whose curves are drawn; all that was measured where that is up to a trainer."""
    others = [name for name in CURVES if name != primary]
    if results.document.get("trainer"):
        others = [name for name in metric_names(results) if name != primary][: MOST_FOREIGN - 1]
    return [primary, *others]


def _has_course(results: StudyResults, metric: str) -> bool:
    """Whether it was measured at more than one epoch."""
    epochs = results.metrics.loc[results.metrics["metric"] == metric, "epoch"]
    return epochs.nunique() > 1
