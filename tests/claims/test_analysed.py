"""Claims about what analyses computed of several runs."""

import numpy as np
import pytest

from claims.example_evidence import ACCURACY, Run, barriers, ends, found, paths
from paribus.claims import Barrier, Below, EndApart, Equal, NotWorse
from paribus.store.records import Measurement


def of_pairs(values, *pairs):
    coords = {"pair": np.array(pairs), "replicate": np.arange(np.shape(values)[1])}
    return Measurement("collapse/difference", np.array(values), ("pair", "replicate"), coords)


PLAIN = {name: ends([0.9, 0.8, 0.7]) for name in "ab"}


def test_what_was_computed_of_pairs_is_a_value_of_each_replicate():
    claim = Below("collapse/difference", 1e-9, "a")
    near = of_pairs([[1e-15, 2e-15, 3e-15]], "a to b")
    assert found(PLAIN, claim, analyses=[near]).verdict == "supported"
    one_lost = of_pairs([[1.0, np.nan, 3.0]], "a to b")
    finding = found(PLAIN, claim, analyses=[one_lost])
    assert (finding.n, finding.estimate) == (2, 2.0)
    two = of_pairs([[1.0, 1.0], [2.0, 2.0]], "a to b", "a to c")
    finding = found(PLAIN, claim, analyses=[two])
    assert finding.why == "collapse/difference is of pairs, and a is in 2 of them"


def of_runs(names, layers, values):
    coords = {"run": np.array(names), "layer": np.array(layers)}
    return Measurement("gradient_check/difference", np.array(values), ("run", "layer"), coords)


RUNS = [f"{name} · replicate {number}" for name in "ab" for number in range(3)]
DIFFERENCES = [[1e-9, 2e-9, np.nan]] * 3 + [[1e-9, 1e-3, 2e-3]] * 3


def test_what_was_computed_of_runs_is_of_the_layers_that_each_has():
    checked = of_runs(RUNS, ["1", "2", "3"], np.array(DIFFERENCES) * np.c_[np.arange(1, 7)])
    every = Below("gradient_check/difference", 1e-7, "a", layer="every")
    finding = found(PLAIN, every, analyses=[checked])
    assert [(link.layer, link.verdict) for link in finding.links] == [
        ("1", "supported"),
        ("2", "supported"),
    ]
    last = Below("gradient_check/difference", 1e-7, "a", layer="last")
    assert found(PLAIN, last, analyses=[checked]).estimate == pytest.approx(4e-9)
    other = Below("gradient_check/difference", 1e-7, "b", layer="every")
    assert [link.verdict for link in found(PLAIN, other, analyses=[checked]).links] == [
        "supported",
        "refuted",
        "refuted",
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "has a value for each layer: name one in the claim, as layer='first'"),
        ({"layer": "4"}, "has no layer '4'; it has 1, 2"),
    ],
)
def test_a_layer_of_an_analysis_is_to_be_named(fields, why):
    checked = of_runs(RUNS, ["1", "2", "3"], DIFFERENCES)
    claim = Below("gradient_check/difference", 1e-7, "a", **fields)
    finding = found(PLAIN, claim, analyses=[checked])
    assert finding.verdict == "not testable"
    assert finding.why.endswith(why)


def test_what_was_computed_of_whole_runs_has_no_layers():
    whole = Measurement(
        "gradient_check/overall", np.arange(6.0), ("run",), {"run": np.array(RUNS)}
    )
    plain = Below("gradient_check/overall", 10.0, "b")
    assert found(PLAIN, plain, analyses=[whole]).estimate == pytest.approx(4)
    layered = Below("gradient_check/overall", 10.0, "b", layer="first")
    finding = found(PLAIN, layered, analyses=[whole])
    assert finding.why == "gradient_check/overall has no layers"
    others = found(
        PLAIN | {"c": ends([0.1, 0.2])},
        Below("gradient_check/overall", 1.0, "c"),
        analyses=[whole],
    )
    assert others.why == "gradient_check/overall was not computed of c"


def test_what_has_more_axes_is_no_number():
    along = Measurement("path/loss", np.zeros((6, 2)), ("run", "epoch"), {"run": np.array(RUNS)})
    finding = found(PLAIN, Below("path/loss", 1.0, "a"), analyses=[along])
    assert finding.why == "path/loss has the axes run, epoch"


def timed(a, b):
    coords = {"condition": np.array(["a", "b"])}
    return Measurement("time/epoch_seconds", np.array([a, b]), ("condition", "repeat"), coords)


def test_timings_are_paired_by_repeat():
    claim = NotWorse("time/epoch_seconds", "a", "b", margin=0.05, relative=True)
    near = timed([1.01, 1.02, 1.0, 1.01], [1.0, 1.01, 1.01, 1.0])
    finding = found(PLAIN, claim, analyses=[near])
    assert (finding.verdict, finding.n) == ("supported", 4)
    assert "paired over 4 repeats" in finding.why
    slow = timed([1.2, 1.21, 1.19, 1.2], [1.0, 1.01, 1.01, 1.0])
    assert found(PLAIN, claim, analyses=[slow]).verdict == "refuted"


def test_identical_runs_may_take_times_that_differ():
    runs = [Run({ACCURACY: [0.9]}, key=f"run {number}") for number in range(3)]
    claim = Equal("time/epoch_seconds", "a", "b", margin=0.5)
    finding = found({"a": runs, "b": runs}, claim, analyses=[timed([1.0, 1.1], [1.0, 1.05])])
    assert finding.method.startswith("paired Student t")
    assert finding.links[0].unit == "repeat"


def test_a_barrier_is_found_in_either_direction():
    heights = [0.1, 0.11, np.nan]
    finding = found(PLAIN, Barrier("b", "a"), analyses=[barriers("a", "b", heights)])
    assert (finding.verdict, finding.n) == ("supported", 2)
    assert "the barrier in test loss between b and a is 0.105" in finding.why
    absent = found(
        PLAIN, Barrier("a", "b", metric="train/loss"), analyses=[barriers("a", "b", heights)]
    )
    assert absent.verdict == "not testable"


def test_no_barrier_at_all_is_known():
    finding = found(PLAIN, Barrier("b", "a"), analyses=[barriers("a", "b", [0.0, 0.0, 0.0])])
    assert (finding.verdict, finding.method) == ("refuted", "the same value in all")


@pytest.mark.parametrize("several", [False, True])
def test_ends_are_of_the_condition_that_is_named(several):
    names = [f"{'a · ' if several else ''}replicate {number}" for number in range(3)]
    others = [f"b · replicate {number}" for number in range(3)] if several else []
    arms = PLAIN if several else {"a": PLAIN["a"]}
    found_apart = found(arms, EndApart("a"), analyses=paths([*names, *others], 3.0, 1.0))
    assert (found_apart.verdict, found_apart.n) == ("supported", 3)
    assert found_apart.why == "the nearest two ends are 3 apart; the furthest move was 1"


def test_ends_are_of_the_last_epochs_that_are_claimed():
    finding = found(PLAIN, EndApart("a", epochs=5), analyses=paths(RUNS, 3.0, 1.0))
    assert finding.verdict == "not testable"
    assert "analyses.Path(last_epochs=5)" in finding.why
