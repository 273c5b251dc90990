"""Claims about designs that choose the levels of a factor."""

import pytest

from claims.example_evidence import (
    ACCURACY,
    CHANCE,
    UNPLANNED,
    Run,
    ends,
    found,
    results,
)
from paribus.claims import Below, Better, Learns, Order, Stalls
from paribus.claims.stored import StoredEvidence

SCAN = {"kind": "scan", "factor": "depth", "remedies": ""}
DEPTHS = ("1", "2", "3", "4")
TANH, RELU = {"activation": "tanh"}, {"activation": "relu"}
DEEPER = Better("stall/depth", "tanh", "relu")


def scan(**stalls):
    """A scan of four depths: by activation and replicate the depth that stalls; 5 for none.

    A negative number for a scan that was interrupted before that depth, 0.5 more for one that
    diverges at a depth.
    """
    arms = {}
    for activation, depths in stalls.items():
        for level, label in enumerate(DEPTHS, 1):
            arms[activation, label] = [_at(level, depth) for depth in depths]
    return arms


def _at(level, depth):
    ahead = level - abs(int(depth))
    if ahead > 0:
        return UNPLANNED
    if ahead < 0:
        return Run({"train/loss": [CHANCE, 1.0], "change/norm": [level]})
    if depth < 0:
        return None
    diverges = depth != int(depth)
    loss = 1.0 if diverges else CHANCE
    return Run({"train/loss": [CHANCE, loss], "change/norm": [level]}, diverged=diverges)


def of_scan(arms, claim, **design):
    return found(arms, claim, factors=("activation", "depth"), design=SCAN | design)


def test_stall_depths_are_compared_replicate_by_replicate():
    finding = of_scan(scan(tanh=[4, 3, 4, 4], relu=[2, 2, 1, 2]), DEEPER)
    assert finding.verdict == "supported"
    assert finding.links[0].differences == (2, 1, 3, 2)
    assert finding.estimate == 2


def test_stall_depths_that_agree_are_known_to_one_level_alone():
    (link,) = of_scan(scan(tanh=[4, 4], relu=[2, 2]), DEEPER).links
    assert link.high - link.low > 1
    assert "standard error at its floor" in link.method


def test_a_scan_that_meets_no_stall_counts_as_one_level_more_and_is_told():
    (link,) = of_scan(scan(tanh=[5, 5, 4], relu=[2, 2, 1]), DEEPER).links
    assert link.differences == (3, 3, 3)
    assert link.notes == ("2 of 3 scans of tanh met no stall and count as one level more",)


def test_a_scan_that_is_not_through_is_missing_and_not_censored():
    (link,) = of_scan(scan(tanh=[4, -3, 4], relu=[2, 2, 2]), DEEPER).links
    assert link.differences == (2, 2)
    assert link.notes == ("1 run not stored: counted, not averaged",)


def test_a_scan_that_diverges_stalls_there():
    (link,) = of_scan(scan(tanh=[4, 3.5, 4], relu=[2, 2, 2]), DEEPER).links
    assert link.differences == (2, 1, 2)


def test_what_else_is_claimed_of_a_scan_is_of_its_last_level():
    arms = scan(tanh=[4, 3, 4])
    assert of_scan(arms, Below("change/norm", 5.0, "tanh")).estimate == pytest.approx(11 / 3)
    assert of_scan(arms, Stalls("tanh")).verdict == "supported"
    assert of_scan(arms, Learns("tanh")).verdict == "refuted"


def test_conditions_of_a_scan_are_without_what_it_scans():
    made = results(scan(tanh=[2], relu=[2]), factors=("activation", "depth"), design=SCAN)
    assert StoredEvidence(made).conditions == (TANH, RELU)
    finding = of_scan(scan(tanh=[2, 2]), Learns({"depth": "1"}))
    assert (finding.verdict, finding.links) == ("not testable", ())


def test_remedies_are_judged_where_the_plain_recipe_stalls():
    arms = {}
    for (activation, depth), runs in scan(tanh=[2, 3]).items():
        arms[activation, depth, "none"] = runs
        for remedy, loss in (("He", 1.0), ("rate", CHANCE)):
            arms[activation, depth, remedy] = [
                Run({"train/loss": [loss]}) if depth == stall else UNPLANNED
                for stall in ("2", "3")
            ]

    def judged(claim):
        names = ("activation", "depth", "remedy")
        return found(arms, claim, factors=names, design=SCAN | {"remedies": "remedy"})

    assert judged(Learns({"remedy": "He"})).verdict == "supported"
    assert judged(Learns({"remedy": "rate"})).verdict == "refuted"
    assert judged(Stalls({"remedy": "none"})).verdict == "supported"


@pytest.mark.parametrize(
    ("arms", "design", "why"),
    [
        (scan(tanh=[2, 2], relu=[2, 2]), {"kind": "tuned"}, "the study is none"),
        (
            {(name, "deep"): [Run(), Run()] for name in ("tanh", "relu")},
            {},
            "is of a scan over numbers, and its levels are none",
        ),
    ],
)
def test_stall_depths_are_of_scans_over_numbers(arms, design, why):
    finding = of_scan(arms, DEEPER, **design)
    assert finding.verdict == "not testable"
    assert finding.why.endswith(why)


def test_an_order_of_stall_depths_has_a_verdict_per_link():
    arms = scan(tanh=[4, 4, 4, 4], relu=[1, 2, 1, 1], sigmoid=[1, 1, 2, 1])
    finding = of_scan(arms, Order("stall/depth", ["tanh", "relu", "sigmoid"]))
    assert [link.verdict for link in finding.links] == ["supported", "undecided"]


TUNED = {"kind": "tuned", "factor": "rate"}


def test_a_tuned_condition_is_its_runs_at_the_level_that_was_chosen():
    arms = {
        ("sgd", "0.1"): [UNPLANNED] * 3,
        ("sgd", "0.2"): ends([0.90, 0.91, 0.92]),
        ("adam", "0.1"): ends([0.95, 0.96, 0.98]),
        ("adam", "0.2"): [UNPLANNED] * 3,
    }
    finding = found(
        arms, Better(ACCURACY, "adam", "sgd"), factors=("method", "rate"), design=TUNED
    )
    assert finding.links[0].differences == pytest.approx((0.05, 0.05, 0.06))


def test_trials_of_a_tuned_study_are_no_replicates():
    arms = {
        (method, rate): [UNPLANNED] * 2 + ends([0.9, 0.8])
        for method in ("sgd", "adam")
        for rate in ("0.1", "0.2")
    }
    finding = found(
        arms,
        Better(ACCURACY, "adam", "sgd"),
        factors=("method", "rate"),
        design=TUNED,
        replicates=2,  # so that replicates 2 and 3 are trials
    )
    assert finding.verdict == "not testable"
    assert finding.why == "no run is stored that it speaks of"


def test_a_study_of_one_condition_has_claims_too():
    finding = found({(): ends([0.1, 0.11, 0.1])}, Below(ACCURACY, 0.5), factors=())
    assert finding.verdict == "supported"
    assert finding.why.startswith("the mean test accuracy of the one condition is 10.33 %")
