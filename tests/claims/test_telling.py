"""The evidence in words: sizes have their direction, and each sentence says what it rests on."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.example_evidence import (
    ACCURACY,
    NOISE,
    InMemory,
    Run,
    apart,
    barriers,
    ends,
    found,
)
from paribus.claims import (
    Above,
    Barrier,
    Below,
    Better,
    Correlates,
    Equal,
    Falls,
    Gap,
    Noisier,
    NotWorse,
    Order,
    Peak,
    Rises,
    Sooner,
    Trend,
)
from paribus.claims.findings import Assessed, judged
from paribus.claims.units import MINUS
from paribus.statistics.power import replicates_to_decide

BETTER = Better(ACCURACY, "relu", "sigmoid")


def two(lead):
    """relu so far above sigmoid."""
    arms = apart(a=lead, b=0.0)
    return {"relu": arms["a"], "sigmoid": arms["b"]}


def test_a_lead_is_told_with_its_interval_its_p_and_where_it_was_measured():
    assert found(two(0.018), BETTER).why == (
        "relu is 1.80 points above sigmoid in test accuracy (95 % interval 1.55 to 2.05, paired "
        "over 5 replicates, Holm-adjusted p < 0.001, on this test set)"
    )


def test_what_goes_down_is_told_as_a_size_and_its_interval_follows():
    assert found(two(-0.018), BETTER).why == (
        "relu is 1.80 points below sigmoid in test accuracy (95 % interval 1.55 to 2.05, paired "
        "over 5 replicates, Holm-adjusted p < 0.001, on this test set)"
    )


DIRECTED = re.compile(r"is ([\d.]+) points (above|below) .*interval (-?[\d.]+) to (-?[\d.]+),")


def ascii_minus(why):
    return why.replace(MINUS, "-")


COUNTS = st.integers(500, 1000).map(lambda count: count / 1000)


@settings(deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=6))
def test_no_sentence_has_a_wrong_sign(pairs):
    first, second = (list(side) for side in zip(*pairs, strict=True))
    evidence = InMemory({"a": first, "b": second}, step=0.001)
    claim = Better(ACCURACY, "a", "b")
    (finding,) = judged([Assessed(claim, "", True, claim.assess(evidence))])
    lead = 100 * float(np.mean(np.subtract(first, second)))
    if lead == 0:
        assert ascii_minus(finding.why).startswith(
            "a and b are equal in test accuracy (95 % interval -"
        )
        return
    size, side, low, high = DIRECTED.search(ascii_minus(finding.why)).groups()
    sign = 1 if side == "above" else -1
    assert sign * float(size) == pytest.approx(lead, abs=0.0051)
    assert float(low) <= float(size) <= float(high)
    told = sorted([sign * float(low), sign * float(high)])
    assert told == pytest.approx([100 * finding.low, 100 * finding.high], abs=0.0051)


@pytest.mark.parametrize("lead", [-0.004, 0.004])
def test_the_bound_is_told_in_the_direction_of_the_sentence(lead):
    claim = Equal(ACCURACY, "relu", "sigmoid", margin=0.005)
    why = ascii_minus(found(two(lead), claim).why)
    low, high = map(float, re.search(r"interval ([\d.]+) to ([\d.]+)", why).groups())
    bound = float(re.search(r"the interval holds the claim's bound, ([-\d.]+)", why)[1])
    assert low < bound < high
    assert "would decide, in 4 of 5 cases, an effect 0.50 points away from its bound" in why


def test_undecided_says_why_and_how_many_more_replicates_decide():
    why = found(two(0.001), BETTER).why
    told = r"the interval holds 0; \d+ more replicates would decide, in 4 of 5 cases, an effect "
    assert re.search(told + "0.50 points away from 0$", why)


def test_where_there_is_no_margin_to_go_by_one_standard_deviation_is():
    losses = apart("test/loss", base=1.0, a=0.0, b=0.0)
    finding = found(losses, Better("test/loss", "a", "b"))
    deviation = np.std(finding.links[0].differences, ddof=1)
    more = replicates_to_decide(5, deviation, deviation) - 5
    assert finding.why.endswith(
        f"the interval holds 0; {more} more replicates would decide, in 4 of 5 cases, an effect "
        f"one standard deviation, {deviation:.3g}, away from 0"
    )


def test_a_number_of_replicates_beyond_reach_is_told_so():
    far = {"relu": ends([0.1, 0.9], ACCURACY), "sigmoid": ends([0.9, 0.2], ACCURACY)}
    why = found(far, NotWorse(ACCURACY, "relu", "sigmoid", margin=0.0001)).why
    assert "even 10,000 replicates might not decide an effect 0.01 points" in why


LEVELS = ["a", "b", "c"]
ARMS = apart(a=0.04, b=0.0, c=-0.03)
COURSES = {
    name: [Run({ACCURACY: [start + noise, 0.5 - noise, end]}) for noise in NOISE["a"]]
    for name, start, end in (("a", 0.2, 0.7), ("b", 0.8, 0.5), ("c", 0.5, 0.5))
}


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Gap("a", "b"), "a is 4.00 points below b in gap between training and test accuracy"),
        (Above(ACCURACY, 0.9, "a"), "the mean test accuracy of a is 94.00 %"),
        (Below(ACCURACY, 0.9, "b"), "the mean test accuracy of b is 90.00 %"),
        (
            Trend(ACCURACY, LEVELS, "up"),
            "Kendall's tau of {} over a to c is -1.00 on average (95 % interval -1.00",
        ),
        (Peak(ACCURACY, LEVELS), "over a to c the highest inner {} is 4.00 points below the"),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_family_of_final_values_tells_its_estimate(claim, said):
    arms = {
        name: [Run({"train/accuracy": [0.95], **run.courses}) for run in of]
        for name, of in ARMS.items()
    }
    assert_told(found(arms, claim).why, said)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Rises(ACCURACY, "a"), "{} of a rises by 50.00 points on average"),
        (Rises(ACCURACY, "b"), "{} of b falls by 30.00 points on average"),
        (Falls(ACCURACY, "b"), "{} of b falls by 30.00 points on average"),
        (Falls(ACCURACY, "c"), "{} of c does not move"),
        (Sooner(ACCURACY, "a", "b", reaching=0.6), "a reaches a {} of 60 % 2 epochs later than b"),
        (Sooner(ACCURACY, "b", "a", reaching=0.6), "b reaches a {} of 60 % 2 epochs sooner than"),
        (Sooner(ACCURACY, "b", "a", reaching=0.1), "b and a reach a {} of 10 % equally soon"),
    ],
    ids=[
        *("rises", "falls though it should rise", "falls", "does not move"),
        *("later", "sooner", "equally soon"),
    ],
)
def test_a_family_of_courses_tells_its_estimate(claim, said):
    assert_told(found(COURSES, claim).why, said)


def assert_told(why, said):
    """The sentence opens so, and the size that it tells lies in the interval that it tells."""
    why = ascii_minus(why)
    assert why.startswith(said.format("test accuracy"))
    interval = re.search(r"interval (-?[\d.]+) to (-?[\d.]+),", why)
    low, high = map(float, interval.groups())
    size = re.search(r"(-?[\d.]+) (points|epochs|on average|% \()", why[: interval.start()])
    assert low <= (float(size[1]) if size else 0) <= high


def test_ratios_and_correlations_are_told_as_such():
    noise = np.random.default_rng(0)
    wobbly = {
        name: [Run({"train/loss": size * noise.normal(size=20)}) for _ in range(5)]
        for name, size in (("a", 2.0), ("b", 1.0))
    }
    why = found(wobbly, Noisier("train/loss", "a", "b")).why
    assert re.match(
        r"the variance of changes in training loss is [\d.]+ times as large for a", why
    )
    pairs = {"a": [Run({"train/loss": [n], "test/loss": [-n]}) for n in range(8)]}
    why = found(pairs, Correlates("train/loss", "test/loss", "negative")).why
    assert ascii_minus(why).startswith(
        "Spearman's rho of training loss and test loss is -0.99 for a (95 %"
    )
    assert "over 8 runs" in why
    line = barriers("a", "b", [0.1, 0.2, 0.12])
    why = found(apart(a=0.0, b=0.0), Barrier("a", "b"), analyses=[line]).why
    assert why.startswith("the barrier in test loss between a and b is 0.14 on average")


SPLIT = ("test/accuracy", "train/accuracy", "validation/accuracy", "test/loss", "train/loss")
ALL = (*SPLIT, "gradient/test", "latest/loss")


@pytest.mark.parametrize(
    ("metric", "there"),
    [
        ("test/accuracy", True),
        ("test/loss", True),
        ("train/accuracy - test/accuracy", True),
        ("gap/accuracy", True),
        ("rise of test/loss", True),
        ("validation/accuracy", False),
        ("train/loss", False),
        ("gradient/test", False),
        ("latest/loss", False),
    ],
)
def test_on_this_test_set_is_said_of_test_metrics_alone(metric, there):
    every = {
        name: [Run({one: [0.5, end + n / 100] for one in ALL}) for n in range(3)]
        for name, end in (("a", 0.9), ("b", 0.8))
    }
    why = found(every, NotWorse(metric, "a", "b", margin=0.5)).why
    assert ("on this test set" in why) is there


def test_a_correlation_with_a_test_metric_is_on_this_test_set():
    pairs = {"a": [Run({"train/loss": [n], "test/loss": [n]}) for n in range(8)]}
    claim = Correlates("train/loss", "test/loss", "positive")
    assert "on this test set" in found(pairs, claim).why


def test_conditions_are_told_by_what_differs_and_numbers_with_their_factor():
    arms = {
        (depth, name): ends([base + noise for noise in NOISE[key]])
        for depth, name, base, key in (
            ("10", "relu", 0.9, "a"),
            ("2", "relu", 0.8, "b"),
            ("10", "tanh", 0.7, "c"),
            ("2", "tanh", 0.6, "a"),
        )
    }
    factors = ("hidden_layers", "activation")
    deeper = found(arms, Better(ACCURACY, "10", "2", at={"activation": "relu"}), factors=factors)
    told = "hidden layers 10 is 10.00 points above hidden layers 2 in test accuracy"
    assert deeper.why.startswith(f"{told} (activation relu) (95 %")
    chain = found(arms, Order(ACCURACY, ["relu", "tanh"]), factors=factors)
    assert chain.why.startswith("2 comparisons: 2 supported; the weakest: relu is ")
    assert "(hidden layers" in chain.why
