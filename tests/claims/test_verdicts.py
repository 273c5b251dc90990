"""Every family of claims reaches each verdict that it can, through the findings of a study."""

from dataclasses import replace

import pytest

from claims.example_evidence import Run, ends, found
from claims.example_verdicts import CASES, COUNTED, FAMILIES, SUPPORTED
from paribus import claims


@pytest.mark.parametrize(
    "case", [pytest.param(x, id=f"{x.claim.kind}-{x.verdict}") for x in CASES]
)
def test_a_family_reaches_the_verdict(case):
    finding = case.found()
    assert finding.verdict == case.verdict
    assert finding.family == case.claim.kind
    assert finding.n >= 2
    assert finding.why
    assert (finding.p is None) == (case.claim.kind in COUNTED)


def test_every_family_is_here_and_those_that_are_counted_are_never_undecided():
    assert {one.claim.kind for one in CASES} == set(FAMILIES)
    for kind in FAMILIES:
        reached = {one.verdict for one in CASES if one.claim.kind == kind}
        assert reached == {"supported", "refuted"} | (set() if kind in COUNTED else {"undecided"})


def only_first(case):
    """The study with its first replicate alone."""
    arms = {label: runs[:1] for label, runs in case.arms.items()}
    analyses = tuple(map(first_replicate, case.analyses))
    return replace(case, arms=arms, analyses=analyses)


def first_replicate(measured):
    if "replicate" in measured.dims:
        coords = dict(measured.coords) | {"replicate": measured.coords["replicate"][:1]}
        return replace(measured, values=measured.values[:, :1], coords=coords)
    kept = {"pair": 0, "run": 1}[measured.dims[0]]
    coords = {name: labels[:kept] for name, labels in measured.coords.items()}
    return replace(measured, values=measured.values[:kept], coords=coords)


def all_diverged(case):
    arms = {
        label: [replace(run, diverged=True) for run in runs] for label, runs in case.arms.items()
    }
    return replace(case, arms=arms, analyses=())


def unmeasured(case):
    """The study without anything but the training loss."""
    arms = {label: [Run() for _ in runs] for label, runs in case.arms.items()}
    return replace(case, arms=arms, analyses=())


def unstored(case):
    """The study with the runs that the claim speaks of missing; another condition is stored."""
    arms = {label: [None] * len(runs) for label, runs in case.arms.items()}
    return replace(case, arms=arms | {"other": ends([0.9, 0.9])}, analyses=())


def named(cases):
    return [pytest.param(one, id=one.claim.kind) for one in cases]


BUT_COUNTED = [one for kind, one in SUPPORTED.items() if kind not in ("stalls", "learns")]
BUT_IDENTICAL = [one for kind, one in SUPPORTED.items() if kind != "identical"]
OF_MEASUREMENTS = [
    one for kind, one in SUPPORTED.items() if kind not in ("stalls", "learns", "identical")
]
# "other" is a level of their factor as well.
OF_NAMED = [one for kind, one in SUPPORTED.items() if kind not in ("best", "worst")]


@pytest.mark.parametrize("case", named(BUT_IDENTICAL))
def test_one_replicate_is_not_testable(case):
    finding = only_first(case).found()
    assert finding.verdict == "not testable"
    assert "one replicate" in finding.why or "1 finished run" in finding.why
    assert finding.p is None


@pytest.mark.parametrize("case", named(BUT_COUNTED))
def test_diverged_runs_alone_are_not_testable(case):
    finding = all_diverged(case).found()
    assert finding.verdict == "not testable"
    assert all("diverged" in " ".join(link.notes) for link in finding.links)


@pytest.mark.parametrize("case", named(OF_MEASUREMENTS))
def test_what_was_not_measured_is_not_testable_and_said(case):
    finding = unmeasured(case).found()
    assert finding.verdict == "not testable"
    assert any(said in finding.why for said in ("was not measured", "no line between", "no paths"))


@pytest.mark.parametrize("case", named(OF_NAMED))
def test_what_is_not_stored_is_not_testable_and_counted(case):
    finding = unstored(case).found()
    assert finding.verdict == "not testable"
    assert "not stored: counted, not averaged" in " ".join(finding.links[0].notes)


def test_diverged_runs_are_counted_by_claims_about_learning():
    diverged = {"a": [Run(diverged=True)] * 3}
    assert found(diverged, claims.Learns("a", negated=True)).verdict == "supported"
    assert found(diverged, claims.Learns("a")).verdict == "refuted"
    assert found(diverged, claims.Stalls("a")).verdict == "refuted"


def test_one_replicate_whose_two_runs_are_the_same_is_identical():
    assert only_first(SUPPORTED["identical"]).found().verdict == "supported"
