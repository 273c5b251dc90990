"""Comparisons of a recipe with itself, really trained: there is nothing to find.

`make calibration` trains 200 comparisons of five replicates a side, the tests 20 of them.
"""

import os
from dataclasses import replace

import pytest
from scipy import stats

from paribus import Factor, optimizers
from paribus.claims import Better
from paribus.claims.findings import Finding, findings
from paribus.results.tidy import tidy
from paribus.store.catalogue import Catalogue
from paribus.store.records import Member, StudyEntry
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import tiny_recipe, tiny_study

REPLICATES = 5
COMPARISONS = 200 if os.environ.get("PARIBUS_CALIBRATION") == "full" else 20
ARMS = {"name": "arm", "labels": ["a", "b"], "sets": {"a": {}, "b": {}}}
CLAIM = Better("test/loss", {"arm": "a"}, {"arm": "b"})


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The finding of each comparison: the same recipe in other replicates on either side."""
    study = tiny_study(
        # A rate at which all runs learn: where some stall, replicates are counted instead, and
        # the p-values of counts are no continuum.
        recipe=tiny_recipe(optimizer=optimizers.SGD(learning_rate=0.5), evaluate="end"),
        factors=(),
        replicates=2 * REPLICATES * COMPARISONS,
    )
    options = RunOptions(lab=tmp_path_factory.mktemp("same"))
    plan = make_plan(study.at(), options.source)
    assert not run_plan(plan, options).failures
    with Catalogue.open(options.lab, create=False) as catalogue:
        keys = [run.key for run in plan.runs]
        measured = dict.fromkeys(keys, ())
        for key, one in catalogue.measurements(keys):
            measured[key] = (*measured[key], one)
        runs = {
            run.key: replace(run, measurements=measured[run.key])
            for run in catalogue.summaries(keys)
        }
    return [
        _comparison(plan.entry.document, [runs[key] for key in keys[first:][: 2 * REPLICATES]])
        for first in range(0, len(keys), 2 * REPLICATES)
    ]


def _comparison(document, runs) -> Finding:
    """The first half of the runs as one arm, the second as the other."""
    sides = {"a": runs[:REPLICATES], "b": runs[REPLICATES:]}
    members = [
        Member(run.key, {"arm": arm}, replicate)
        for arm, side in sides.items()
        for replicate, run in enumerate(side)
    ]
    claim = CLAIM.as_json() | {"sentence": CLAIM.sentence(), "registered": True}
    told = {**document, "factors": [ARMS], "claims": [claim]}
    (finding,) = findings(tidy(StudyEntry("same", "full", told, tuple(members)), runs))
    return finding


def test_there_is_a_p_value_of_each_comparison(compared):
    assert len(compared) == COMPARISONS
    assert all(one.p is not None and one.n == REPLICATES for one in compared)
    assert {one.links[0].method for one in compared} == {"paired Student t, 95 % interval"}


def test_p_values_are_uniform(compared):
    assert stats.kstest([one.p for one in compared], "uniform").pvalue > 0.001


def test_one_comparison_in_twenty_at_most_finds_something(compared):
    found = sum(one.verdict in ("supported", "refuted") for one in compared)
    interval = stats.binomtest(found, COMPARISONS).proportion_ci(0.999)
    assert interval.low <= 0.05


def test_two_labels_of_one_recipe_are_identical_runs(tmp_path):
    twice = Factor("optimizer.learning_rate", {"a": 0.1, "b": 0.1})
    study = tiny_study(factors=[twice], claims=(Better("test/loss", "a", "b"),))
    options = RunOptions(lab=tmp_path)
    results = run_plan(make_plan(study.at(), options.source), options).results()
    (finding,) = findings(results)
    assert finding.verdict == "refuted"
    assert finding.method == "identical runs"
    assert finding.why == "the runs are identical"
    assert finding.p is None
