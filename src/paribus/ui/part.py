"""A part of a study for charts and tables: some of its conditions, in their declared order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from paribus.report.curves import layer_curves, learning_curves
from paribus.report.declared import numbered
from paribus.report.exhibits import NotMeasuredError
from paribus.report.figures import Figure
from paribus.report.finals import final_figure
from paribus.report.heatmap import layer_heatmap
from paribus.results.tidy import StudyResults


def part_of(results: StudyResults, conditions: Sequence[Mapping[str, str]]) -> StudyResults:
    """The results of these conditions; runs of others are left out."""
    if len(conditions) == len(results.conditions):
        return results
    kept = np.zeros(len(results.runs), bool)
    for one in conditions:
        chosen = np.ones(len(results.runs), bool)
        for factor, label in one.items():
            chosen &= (results.runs[factor] == label).to_numpy()
        kept |= chosen
    return replace(results, conditions=tuple(conditions), runs=results.runs.loc[kept])


def figures_of(part: StudyResults, metric: str, prefix: str) -> list[Figure]:
    """The curves of a metric, and of one per layer a heat map for each factor; named apart.

    Of one that was measured once, the values in place of curves, which would be points.
    """
    by_layer = part.layers.loc[part.layers["metric"] == metric, "epoch"]
    by_epoch = part.metrics.loc[part.metrics["metric"] == metric, "epoch"]
    found: list[Figure | None]
    if len(by_layer):
        curves = [layer_curves(part, metric)] if by_layer.nunique() > 1 else []
        found = [*_heatmaps(part, metric), *curves]
    else:
        course = by_epoch.nunique() != 1
        found = [learning_curves(part, metric) if course else final_figure(part, metric)]
    shown = [replace(one, name=f"{prefix}-{one.name}") for one in found if one is not None]
    return numbered(shown)


def _heatmaps(part: StudyResults, metric: str) -> list[Figure]:
    found = []
    for factor in part.factors:
        if len({one[factor] for one in part.conditions}) > 1 or len(part.factors) == 1:
            try:
                found.append(layer_heatmap(part, metric, factor))
            except NotMeasuredError:
                continue
    return found
