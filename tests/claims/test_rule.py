"""The one rule: how an interval, a region and a family of tests become verdicts."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from claims.example_evidence import (
    ACCURACY,
    NOISE,
    InMemory,
    Run,
    apart,
    ends,
    found,
    results,
)
from paribus.claims import Best, Better, Correlates, Equal, Falls, NotWorse, Order, Rises, Sooner
from paribus.claims.assessment import Assessment, Estimated, Region, Settled
from paribus.claims.findings import Assessed, findings, judged
from paribus.statistics.effect import Effect

CLAIM = Better(ACCURACY, "a", "b")
LINK = ({"arm": "a"}, {"arm": "b"})
SIZES = st.floats(-1, 1, allow_nan=False)
COUNTS = st.integers(-1000, 1000).map(lambda count: count / 1000)
SAMPLES = st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=9)


def assessed(estimate, error, region, *, registered=True):
    outcome = Estimated(Effect(estimate, error, 4, 5, "paired Student t"), region)
    return Assessed(CLAIM, "a claim", registered, (Assessment(LINK, outcome),))


def with_p(p, *, registered=True):
    """A claim whose only link has this p-value."""
    t = stats.t.isf(p / 2, 4)
    return assessed(float(t), 1.0, Region(low=0.0), registered=registered)


def settled(verdict):
    return Assessed(CLAIM, "a claim", True, (Assessment(LINK, Settled(verdict, "", "")),))


@settings(deadline=None)
@given(SIZES, st.floats(0.001, 1), st.floats(0, 1), st.sampled_from(["ahead", "within"]))
def test_a_verdict_is_where_the_interval_lies_and_agrees_with_p(estimate, error, margin, kind):
    region = Region(low=margin) if kind == "ahead" else Region(-margin, margin)
    (finding,) = judged([assessed(estimate, error, region)])
    half = stats.t.ppf(0.975, 4) * error
    low, high = estimate - half, estimate + half
    near = [abs(end - bound) for end in (low, high) for bound in (-margin, margin)]
    assume(min(near) > 1e-9)  # at a bound the last bit decides
    if region.low < low and high < region.high:
        assert finding.verdict == "supported"
    elif high <= region.low or low >= region.high:
        assert finding.verdict == "refuted"
    else:
        assert finding.verdict == "undecided"
    bound = margin if kind == "ahead" or estimate > 0 else -margin
    p = 2 * stats.t.sf(abs(estimate - bound) / error, 4)
    assert finding.p == pytest.approx(p, rel=1e-9)
    assert finding.p_adjusted == finding.p
    if finding.verdict != "undecided":
        assert finding.p <= 0.05
    elif kind == "ahead":
        assert finding.p > 0.05


@settings(deadline=None)
@given(SAMPLES, st.floats(0, 0.5))
def test_better_is_scipys_paired_t_test_against_the_margin(pairs, margin):
    first, second = (list(side) for side in zip(*pairs, strict=True))
    differences = np.subtract(first, second)
    assume(np.ptp(differences) > 0.002)
    claim = Better(ACCURACY, "a", "b", margin=margin)
    (link,) = claim.assess(InMemory({"a": first, "b": second}))
    expected = stats.ttest_1samp(differences, margin)
    low, high = expected.confidence_interval(0.95)
    assert link.outcome.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    assert link.outcome.effect.interval() == pytest.approx((low, high), abs=1e-9)
    assume(min(abs(low - margin), abs(high - margin)) > 1e-9)
    verdict = "supported" if low > margin else "refuted" if high < margin else "undecided"
    assert link.outcome.verdict() == verdict


@settings(deadline=None)
@given(SAMPLES, st.floats(0.01, 0.5))
def test_equal_and_not_worse_follow_one_interval(pairs, margin):
    first, second = (list(side) for side in zip(*pairs, strict=True))
    evidence = InMemory({"a": first, "b": second}, step=0.001)
    equal, not_worse, opposite = (
        claim.assess(evidence)[0].outcome.verdict()
        for claim in (
            Equal(ACCURACY, "a", "b", margin=margin),
            NotWorse(ACCURACY, "a", "b", margin=margin),
            NotWorse(ACCURACY, "b", "a", margin=margin),
        )
    )
    assert (equal == "supported") == (not_worse == "supported" and opposite == "supported")
    assert (equal == "refuted") == ("refuted" in (not_worse, opposite))


def test_holm_corrects_over_the_links_of_registered_claims():
    found = judged([with_p(0.01), with_p(0.03), with_p(0.02)])
    assert [one.p for one in found] == pytest.approx([0.01, 0.03, 0.02])
    assert [one.p_adjusted for one in found] == pytest.approx([0.03, 0.04, 0.04])


def test_what_is_settled_without_a_test_stands_outside_the_family():
    (alone,) = judged([with_p(0.03)])
    beside, *others = judged([with_p(0.03), settled("supported"), settled("refuted")])
    assert beside.p_adjusted == alone.p_adjusted == pytest.approx(0.03)
    assert [(one.p, one.p_adjusted) for one in others] == [(None, None), (None, None)]


def test_an_exploratory_claim_is_not_corrected_and_not_in_the_family():
    registered, exploratory = judged([with_p(0.03), with_p(0.04, registered=False)])
    assert registered.p_adjusted == pytest.approx(0.03)
    assert exploratory.p_adjusted is None
    assert exploratory.verdict == "supported"
    assert "p = 0.040, not corrected" in exploratory.why
    assert "not corrected" not in registered.why


def test_what_is_decided_alone_but_not_among_all_is_undecided_and_says_so():
    (alone,) = judged([with_p(0.04)])
    assert alone.verdict == "supported"
    beside = judged([with_p(0.04), with_p(0.03)])
    assert [one.verdict for one in beside] == ["undecided", "undecided"]
    assert "alone the interval would say supported; corrected for all tests" in beside[0].why


def test_the_level_of_a_look_is_that_of_the_registration():
    arms = apart(a=0.004, b=0.0)
    at_end = found(arms, CLAIM)
    at_look = found(arms, CLAIM, registration={"level": 0.001})
    assert (at_end.verdict, at_look.verdict) == ("supported", "undecided")
    assert at_end.p == at_look.p
    assert "99.9 % interval" in at_look.why
    assert at_look.low < at_end.low


CHAIN = Order(ACCURACY, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("leads", "links", "verdict"),
    [
        ((0.04, 0.02, 0.0), ["supported", "supported"], "supported"),
        ((0.04, 0.0, 0.02), ["supported", "refuted"], "refuted"),
        ((0.0, 0.0, 0.02), ["undecided", "refuted"], "refuted"),
        ((0.04, 0.0, 0.0), ["supported", "undecided"], "undecided"),
    ],
)
def test_a_chain_holds_where_every_link_does_and_falls_with_one(leads, links, verdict):
    finding = found(apart(**dict(zip("abc", leads, strict=True))), CHAIN)
    assert [link.verdict for link in finding.links] == links
    assert finding.verdict == verdict
    assert finding.why.startswith("2 comparisons: ")
    decides = next(link for link in finding.links if link.why in finding.why)
    assert decides.verdict == verdict
    assert (finding.estimate, finding.p) == (decides.estimate, decides.p)


def test_a_chain_with_a_link_that_has_no_runs_is_not_testable():
    arms = apart(a=0.04, b=0.02) | {"c": [None] * 5}
    finding = found(arms, CHAIN)
    assert [link.verdict for link in finding.links] == ["supported", "not testable"]
    assert finding.verdict == "not testable"


def test_the_weakest_link_tells_of_a_chain_that_holds():
    finding = found(apart(a=0.03, b=0.02, c=-0.02), CHAIN)
    assert finding.p == max(link.p for link in finding.links)
    assert finding.p_adjusted == max(link.p_adjusted for link in finding.links)


@pytest.mark.parametrize("shift", [-0.0009, -0.0003, 0.0002, 0.0009])
def test_how_many_more_replicates_decide_does_not_follow_the_observed_effect(shift):
    def told(lead):
        finding = found(apart(a=lead, b=0.0), CLAIM)
        assert finding.verdict == "undecided"
        return finding.why.partition("the interval holds ")[2]

    assert "more replicates would decide" in told(0.0)
    assert told(shift) == told(0.0)


def test_more_tests_take_more_replicates():
    arms = apart(a=0.001, b=0.0, c=0.04)
    alone = findings(results(arms, CLAIM))[0].why
    others = [Best(ACCURACY, "c"), Better(ACCURACY, "c", "a"), Better(ACCURACY, "c", "b")]
    among = findings(results(arms, CLAIM, *others))[0].why

    def more(why):
        return int(why.partition("the interval holds 0; ")[2].split()[0])

    assert more(alone) < more(among)


def test_a_relative_margin_is_a_share_of_the_second():
    seconds = "cost/seconds"
    values = {"a": [1.2, 2.4, 3.6], "b": [1.0, 2.0, 3.0]}
    arms = {name: ends(of, seconds) for name, of in values.items()}
    within = found(arms, NotWorse(seconds, "a", "b", margin=0.25, relative=True))
    assert within.verdict == "supported"
    assert within.estimate == pytest.approx(0.2)
    assert within.links[0].differences == pytest.approx((0.2, 0.2, 0.2))
    assert "a is 20.00 % above b" in within.why
    beyond = found(arms, NotWorse(seconds, "a", "b", margin=0.15, relative=True))
    assert beyond.verdict == "refuted"
    absolute = found(arms, NotWorse(seconds, "a", "b", margin=0.25))
    assert absolute.estimate == pytest.approx(0.4)


def test_a_share_of_what_is_below_0_keeps_its_sign():
    arms = {"a": ends([-1.0, -2.0], "probe/value"), "b": ends([-2.0, -4.0], "probe/value")}
    higher = found(arms, Better("probe/value", "a", "b", margin=0.4, relative=True))
    assert (higher.verdict, higher.estimate) == ("supported", 0.5)


@pytest.mark.parametrize("change", [0.2, -0.2])
def test_a_negated_change_holds_where_the_other_way_does(change):
    arms = {"a": [Run({ACCURACY: [0.5, 0.5 + change + noise]}) for noise in NOISE["a"]]}
    up, down = ("supported", "refuted") if change > 0 else ("refuted", "supported")
    for family, holds, fails in ((Rises, up, down), (Falls, down, up)):
        assert found(arms, family(ACCURACY, "a", margin=0.1)).verdict == holds
        assert found(arms, family(ACCURACY, "a", margin=0.1, negated=True)).verdict == fails


def test_a_share_of_nothing_is_not_testable():
    arms = {"a": ends([0.1, 0.2], "gradient/total"), "b": ends([0.0, 0.1], "gradient/total")}
    finding = found(arms, NotWorse("gradient/total", "a", "b", margin=0.1, relative=True))
    assert finding.verdict == "not testable"
    assert finding.why == "gradient/total is 0 in a run that differences are to be shares of"


def test_a_difference_that_is_0_in_every_replicate_is_known():
    arms = {name: ends([0.0, 0.0, 0.0], "gradient/total") for name in "ab"}
    assert found(arms, Better("gradient/total", "a", "b")).verdict == "refuted"
    assert found(arms, Equal("gradient/total", "a", "b", margin=0.1)).verdict == "supported"


def test_a_claim_without_its_conditions_is_not_testable():
    finding = found({"a": ends([0.1, 0.2])}, Better(ACCURACY, "a", "a2"))
    assert (finding.verdict, finding.links, finding.n) == ("not testable", (), 0)
    assert finding.why == "the study has no conditions that it speaks of"


def test_a_study_without_claims_has_no_findings():
    assert findings(results({"a": ends([0.1])})) == []
    assert findings(results({"a": ends([0.1])}, registration=None)) == []


def test_sign_flips_are_shown_beside_the_interval():
    (link,) = found(apart(a=0.02, b=0.0), CLAIM).links
    assert link.sign_flip == link.smallest_sign_flip == 0.0625
    expected = np.add(0.02, NOISE["a"]) - NOISE["b"]
    assert link.differences == pytest.approx(expected)


def test_the_direction_and_the_margin_of_a_claim_decide():
    falling = {"a": [Run({"train/loss": [n], "test/loss": [-n]}) for n in range(8)]}
    for sign, verdict in (("negative", "supported"), ("positive", "refuted")):
        claim = Correlates("train/loss", "test/loss", sign)
        assert found(falling, claim).verdict == verdict
    arms = {
        name: [Run({ACCURACY: [float(epoch >= at) for epoch in range(20)]}) for at in (time, time)]
        for name, time in (("a", 2), ("b", 12))
    }
    for margin, verdict in ((0.0, "supported"), (18.0, "refuted")):
        claim = Sooner(ACCURACY, "a", "b", reaching=0.5, margin=margin)
        assert found(arms, claim).verdict == verdict


def test_a_change_that_a_run_lacks_is_counted():
    arms = {"a": [*(Run({ACCURACY: [0.5, 0.7 + n / 100]}) for n in range(3)), Run()]}
    (link,) = found(arms, Rises(ACCURACY, "a")).links
    assert link.notes == ("1 run without a finite value: counted, not averaged",)
