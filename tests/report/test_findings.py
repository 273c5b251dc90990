import re

import numpy as np
import pytest

from paribus.claims.findings import findings
from paribus.claims.order import Order
from paribus.claims.pairs import Better, Equal
from paribus.claims.values import Above
from paribus.report.findings import else_differing, told_findings
from paribus.statistics.permutation import sign_flip
from report.claimed_studies import REGISTRATION, claimed, noted, twins

A, B, C = [0.90, 0.91, 0.92], [0.80, 0.83, 0.81], [0.905, 0.90, 0.925]
AHEAD = Better("test/accuracy", "a", "b")
OURS = Better("test/accuracy", "b", "c", ours=True)


def told(results):
    return told_findings(findings(results), results.document)


def study(*claims, **document):
    return claimed({"a": A, "b": B, "c": C}, claims, **document)


def cells(sheet, row=0):
    return dict(zip(sheet.heads, sheet.rows[row], strict=True))


def test_a_study_without_claims_has_no_findings():
    assert told(study()) is None


def test_claims_of_the_source_and_our_own_are_apart_and_counted():
    found = told(study(noted(OURS), noted(AHEAD), source="Report B"))
    assert [(group.said, [one.number for one in group.told]) for group in found.groups] == [
        ("The source\u2019s claim", [2]),
        ("Our claim", [1]),
    ]
    assert found.tally == "1 claim of the source: 1 supported; 1 of our own: 1 refuted."
    assert found.groups[1].told[0].marks == ("ours",)


def test_without_a_source_all_are_one_group():
    found = told(study(noted(OURS), noted(AHEAD)))
    assert [len(group.told) for group in found.groups] == [2]
    assert found.tally == "2 claims: 1 supported, 1 refuted."


def test_a_verdict_comes_with_its_size_and_its_evidence():
    (group,) = told(study(noted(AHEAD))).groups
    (one,) = group.told
    assert (one.verdict, one.short) == ("supported", "+9.67 points")
    assert one.why.startswith("a is 9.67 points above b in test accuracy (95 % interval ")
    assert one.why.endswith("on this test set)")
    assert one.whys == ()


def test_the_numbers_of_a_link_are_all_there():
    (group,) = told(study(noted(AHEAD))).groups
    row = cells(group.told[0].evidence)
    differences = np.subtract(A, B)
    assert row["comparison"].text == "a \u2212 b"
    assert row["estimate (points)"].text == "9.67"
    assert re.fullmatch(r"\d\.\d\d to \d\d\.\d\d", row["estimate (points)"].below)
    assert row["n"].text == "3"
    assert row["exact sign-flip p"].text == f"{sign_flip(differences):.3g}"
    assert row["exact sign-flip p"].below == "at least 0.25"
    spread = 100 * np.std(differences, ddof=1) / np.sqrt(3)
    assert row["standard error over replicates"].text == f"{spread:.2f}"
    assert row["correlation of pairs"].text == f"{np.corrcoef(A, B)[0, 1]:.2f}"
    assert "standard error of this test set" not in row  # which examples are right is not kept


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ([0.80, 0.81, 0.82], ""),
        ([0.80, 0.83, 0.80], "pairing bought little"),
        ([0.82, 0.81, 0.80], "pairing cost precision"),
    ],
    ids=["together", "apart", "against"],
)
def test_what_pairing_bought_is_said(second, said):
    (group,) = told(claimed({"a": A, "b": second}, [noted(AHEAD)])).groups
    assert cells(group.told[0].evidence)["correlation of pairs"].below == said


def test_a_chain_tells_each_link():
    (group,) = told(study(noted(Order("test/accuracy", ["c", "a", "b"])))).groups
    (one,) = group.told
    assert one.short == "1 of 2 comparisons hold"
    assert len(one.whys) == len(one.evidence.rows) == 2
    assert [row[1].text for row in one.evidence.rows] == ["undecided", "supported"]


def test_exploratory_claims_are_marked_and_stand_outside_the_correction():
    found = told(study(noted(AHEAD), noted(OURS, registered=False)))
    registered, exploratory = found.groups[0].told
    assert registered.marks == ()
    assert exploratory.marks == ("exploratory", "ours")
    assert cells(registered.evidence)["Holm-adjusted p"].text
    assert "Holm-adjusted p" not in exploratory.evidence.heads
    assert "For the 1 test of registered claims" in found.rule
    assert found.registration[1].startswith("Claims so marked are exploratory")


def test_the_registration_is_named_by_digest_and_time():
    (said,) = told(study(noted(AHEAD))).registration
    assert "when it was first run, at 2026-03-01T11:59:00Z, digest 0123456789ab:" in said
    ahead = REGISTRATION | {"ahead": True, "looks": [5, 10], "note": "one claim is new"}
    said, note = told(study(noted(AHEAD), registration=ahead)).registration
    assert "ahead of its first run" in said
    assert "looks at 5, 10 replicates" in said
    assert note == "One claim is new."


def test_an_old_lab_without_registration_is_exploratory():
    claim = {key: value for key, value in noted(AHEAD).items() if key != "registered"}
    found = told(study(claim, registration={}))
    assert found.registration[0] == "No registration is stored with this study."
    assert found.registration[1].startswith("All claims are exploratory")
    assert "Holm" not in found.rule


def test_looks_are_tested_at_their_own_level():
    found = told(study(noted(AHEAD), registration=REGISTRATION | {"level": 0.01}))
    assert "the 99 % interval" in found.rule
    assert "at most 0.01" in found.rule


def test_identical_runs_have_no_p_value():
    (group,) = told(twins([noted(Equal("test/accuracy", "a", "b"))])).groups
    (one,) = group.told
    assert (one.verdict, one.short) == ("supported", "identical")
    assert one.why == "the runs are identical"
    assert "p" not in one.evidence.heads


def test_a_single_mean_has_no_sign_of_a_difference():
    claim = Above("test/accuracy", 0.5, "a")
    (group,) = told(study(noted(claim))).groups
    assert (group.told[0].verdict, group.told[0].short) == ("supported", "91.00 points")


def difference(field, levels, acknowledged=None):
    return {
        "kind": "field",
        "factor": "way",
        "field": field,
        "levels": levels,
        "conditions": [],
        "acknowledged": acknowledged,
    }


def test_confounds_stand_beside_the_claims_that_they_touch():
    differences = {
        "confounds": [
            difference("batch_size", {"a": 32, "b": 64, "c": 64}),
            difference("epochs", {"a": 5, "b": 9, "c": 9}, "its loss had not settled"),
        ],
        "consequences": [],
    }
    results = study(noted(AHEAD), noted(OURS), differences=differences)
    touched, free = told(results).groups[0].told
    assert [one.partition(" is ")[0].rpartition(" ")[2] for one in touched.confounds] == [
        "batch_size",
        "epochs",
    ]
    assert "acknowledged: its loss had not settled" in touched.confounds[1]
    assert free.confounds == ()
    assert len(else_differing(results.document)["confounds"]) == 2


def test_a_long_list_of_confounds_is_cut():
    confounds = [difference(f"field{number}", {"a": 1, "b": 2}) for number in range(6)]
    results = study(noted(AHEAD), differences={"confounds": confounds, "consequences": []})
    found = told(results).groups[0].told[0].confounds
    assert len(found) == 5
    assert found[-1] == "and 2 more, listed under \u201cWhat else differs\u201d"


def test_old_labs_say_nothing_of_what_else_differs():
    results = study(noted(AHEAD))
    assert else_differing(results.document) is None
    assert told(results).groups[0].told[0].confounds == ()
