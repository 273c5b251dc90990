"""Numbers that follow from measured ones: the gap of generalization, epochs until a run ended."""

from dataclasses import replace

import pandas as pd

from paribus.results.tidy import StudyResults

GAP = "gap/accuracy"
TRAINED = "epochs/trained"
_SIDES = ("train/accuracy", "test/accuracy")


def with_derived(results: StudyResults) -> StudyResults:
    """The results with derived metrics beside the measured ones.

    - `gap/accuracy`: train/accuracy minus test/accuracy, at every epoch that has both
    - `epochs/trained`: the last epoch at which anything was measured of a run, its own last one

    What was measured under these names stands. A run without a measurement has neither.
    """
    metrics = results.metrics
    known = set(map(str, metrics["metric"].unique()))
    found = [
        make(results)
        for name, make in ((GAP, _gap), (TRAINED, _trained))
        if name not in known and not metrics.empty
    ]
    frames = [frame for frame in found if not frame.empty]
    if not frames:
        return results
    plain = metrics.assign(metric=metrics["metric"].astype("str"))
    joined = pd.concat([plain, *frames], ignore_index=True)
    for factor in results.factors:
        joined[factor] = joined[factor].astype(metrics[factor].dtype)
    return replace(results, metrics=joined[metrics.columns])


def _gap(results: StudyResults) -> pd.DataFrame:
    by = [*results.factors, "replicate", "epoch"]
    train, test = (
        results.metrics.loc[results.metrics["metric"] == name].drop(columns="metric")
        for name in _SIDES
    )
    both = train.merge(test, on=by, suffixes=("", "_test"))
    value = both["value"] - both["value_test"]
    return both[by].assign(metric=GAP, value=value)


def _trained(results: StudyResults) -> pd.DataFrame:
    by = [*results.factors, "replicate"]
    ends = results.metrics.groupby(by, observed=True, as_index=False)["epoch"].max()
    return ends.assign(metric=TRAINED, value=ends["epoch"].astype("float64"))
