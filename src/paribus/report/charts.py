"""All figures of a study, in the order in which a report shows them."""

from paribus.report.confusion import confusion_figure
from paribus.report.curves import layer_curves, learning_curves
from paribus.report.figures import Figure
from paribus.report.finals import final_figure, parameter_figure
from paribus.results.table import metric_names
from paribus.results.tidy import StudyResults

CURVES = ("test/loss", "train/loss", "batch/loss")


def charts(results: StudyResults) -> list[Figure]:
    """Every figure that the measurements of a study allow."""
    primary = results.document["primary"]
    if primary not in metric_names(results):
        return []
    curves = [primary, *(name for name in CURVES if name != primary)]
    layers = sorted(set(results.layers["metric"].astype("str")))
    figures = [
        final_figure(results, primary),
        parameter_figure(results, primary),
        *(learning_curves(results, metric) for metric in curves),
        *(layer_curves(results, metric) for metric in layers),
        confusion_figure(results),
    ]
    return [figure for figure in figures if figure is not None]
