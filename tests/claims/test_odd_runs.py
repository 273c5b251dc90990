"""What stands beside a mean: runs that are identical, stalled, diverged or not there."""

import math

import pytest
from scipy import stats

from claims.example_evidence import ACCURACY, Run, apart, found
from paribus.claims import Better, Equal, Identical, Stalls, Within

CLAIM = Better(ACCURACY, "a", "b")


def test_runs_under_one_key_are_identical_and_not_tested():
    shared = {name: [Run({ACCURACY: [0.9]}, key=f"run {n}") for n in range(3)] for name in "ab"}
    better = found(shared, CLAIM)
    assert (better.verdict, better.method, better.p) == ("refuted", "identical runs", None)
    assert found(shared, Equal(ACCURACY, "a", "b")).verdict == "supported"
    assert found(shared, Identical("a", "b")).verdict == "supported"


def test_runs_of_the_same_bits_are_identical_and_not_tested():
    def arms(change=0.0, weights=0):
        return {
            "a": [Run({ACCURACY: [0.9, 0.91]}, weights=n) for n in range(3)],
            "b": [Run({ACCURACY: [0.9 + change, 0.91]}, weights=n + weights) for n in range(3)],
        }

    same = found(arms(), CLAIM)
    assert (same.verdict, same.method, same.p) == ("refuted", "identical runs", None)
    assert (same.estimate, same.low, same.high) == (0.0, 0.0, 0.0)
    for other in (arms(change=1e-9), arms(weights=1)):
        tested = found(other, CLAIM)
        assert tested.p == 1.0
        assert tested.verdict == "undecided"


def test_one_replicate_that_differs_makes_runs_two():
    arms = {
        "a": [Run({ACCURACY: [0.9]}, weights=n) for n in range(3)],
        "b": [Run({ACCURACY: [0.9]}, weights=n) for n in (0, 1, 5)],
    }
    assert found(arms, CLAIM).method.startswith("paired Student t")
    assert found(arms, Identical("a", "b")).verdict == "refuted"


def stalled(value, replicates=5):
    return [Run({"train/loss": [math.log(10)], ACCURACY: [value]}) for _ in range(replicates)]


def test_stalled_networks_at_one_accuracy_give_no_infinite_t():
    (link,) = found({"a": stalled(0.101), "b": stalled(0.1)}, CLAIM).links
    floor = 0.001 / math.sqrt(12)  # one of 1,000 test examples
    assert link.estimate == pytest.approx(0.001)
    assert link.p == pytest.approx(2 * stats.t.sf(0.001 / floor, 4))
    assert (link.high - link.low) / 2 == pytest.approx(stats.t.ppf(0.975, 4) * floor)
    assert "standard error at its floor" in link.method


def test_stalled_networks_are_equal_within_a_margin_and_near_chance():
    arms = {"a": stalled(0.1), "b": stalled(0.1)}
    assert found(arms, Equal(ACCURACY, "a", "b")).verdict == "supported"
    assert found(arms, CLAIM).verdict == "undecided"
    assert found(arms, Within(ACCURACY, 0.1, "a")).verdict == "supported"
    assert found(arms, Stalls("a")).verdict == "supported"


def some_learned(*replicates):
    """Eight runs, of which those of these replicates learned."""
    return [
        Run({ACCURACY: [0.9 + number / 1000]}) if number in replicates else stalled(0.1, 1)[0]
        for number in range(8)
    ]


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (range(8), [7], "supported"),
        ([7], range(8), "refuted"),
        (range(8), [4, 5, 6, 7], "undecided"),
    ],
)
def test_where_some_learned_and_others_stalled_replicates_are_counted(first, second, verdict):
    arms = {"a": some_learned(*first), "b": some_learned(*second)}
    finding = found(arms, CLAIM)
    assert finding.verdict == verdict
    assert finding.method.startswith("exact McNemar test of counts")
    learned = f"({len(first)} of 8 and {len(second)} of 8)"
    assert finding.links[0].notes == (
        f"some replicates learned {learned}, others stalled: they are counted",
    )
    alone = f"in {len(first) - 1 if len(first) > 1 else 0} of 8 replicates a alone learned"
    if verdict != "undecided":
        assert finding.why.startswith(alone)
    else:
        assert "counts decide from 6 replicates on in which one side alone" in finding.why
    assert finding.links[0].differences == ()
    assert "on this test set" not in finding.why


def test_counts_follow_what_is_better_and_whether_it_is_to_be_equal():
    arms = {"a": some_learned(*range(8)), "b": some_learned(7)}
    assert found(arms, Better("train/loss", "a", "b")).verdict == "supported"
    assert found(arms, Better("train/loss", "b", "a")).verdict == "refuted"
    assert found(arms, Equal(ACCURACY, "a", "b")).verdict == "refuted"
    alike = {"a": some_learned(1, 2), "b": some_learned(2, 3)}
    assert found(alike, Equal(ACCURACY, "a", "b")).verdict == "undecided"


def test_diverged_and_missing_runs_are_counted():
    arms = apart(a=0.02, b=0.0)
    arms["a"][4] = Run(diverged=True)
    arms["b"][3] = None
    gap = Better("train/accuracy - test/accuracy", "b", "a")
    sides = {
        name: [
            one and Run({"train/accuracy": [1.0], **one.courses}, diverged=one.diverged)
            for one in of
        ]
        for name, of in arms.items()
    }
    (link,) = found(sides, gap).links
    assert link.n == 3
    assert link.notes == (
        "1 run diverged: counted, not averaged",
        "1 run not stored: counted, not averaged",
    )


def test_a_run_without_the_metric_is_counted():
    arms = apart(a=0.02, b=0.0)
    arms["a"][0] = Run()
    (link,) = found(arms, CLAIM).links
    assert link.n == 4
    assert link.notes == ("1 run without a finite value: counted, not averaged",)
