"""A part of a study: some levels of its first factor, in the colours of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from paribus.report.layout import Layout
from paribus.results.tidy import StudyResults, condition_label


def restricted(results: StudyResults, labels: Sequence[str]) -> StudyResults:
    """The results of conditions with these levels of the first factor, in this order.

    All of them where no level is named or nothing varies. Levels that the study does not have at
    its scale are passed over.
    """
    if not labels or not results.factors:
        return results
    first = results.factors[0]
    chosen = [one for label in labels for one in results.conditions if one[first] == label]
    kept = results.runs[first].isin(list(labels))
    return replace(results, conditions=tuple(chosen), runs=results.runs.loc[kept])


def at_labels(results: StudyResults, at: Mapping[str, str]) -> StudyResults:
    """The results of conditions with these labels by factor; unknown factors are ignored."""
    wanted = {factor: label for factor, label in at.items() if factor in results.factors}
    if not wanted:
        return results
    chosen = [
        condition
        for condition in results.conditions
        if all(condition[factor] == label for factor, label in wanted.items())
    ]
    kept = np.ones(len(results.runs), bool)
    for factor, label in wanted.items():
        kept &= (results.runs[factor] == label).to_numpy()
    return replace(results, conditions=tuple(chosen), runs=results.runs.loc[kept])


def restricted_layout(layout: Layout, results: StudyResults) -> Layout:
    """Of a layout, the places and series of these results' conditions."""
    place = {label: layout.place[label] for label in map(condition_label, results.conditions)}
    used = {series for series, _ in place.values()}
    return replace(
        layout, series=tuple(one for one in layout.series if one.label in used), place=place
    )
