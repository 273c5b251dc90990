"""Constructed studies with claims: what the tests of findings, forest plots and matrices read."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from paribus.claims.base import Claim
from paribus.results.tidy import StudyResults, tidy
from paribus.store.records import Measurement, Member, StudyEntry
from results.example_studies import entry, factor, stored

REGISTRATION = {
    "digest": "0123456789abcdef" * 4,
    "at": "2026-03-01T11:59:00Z",
    "ahead": False,
    "looks": [3],
    "level": 0.05,
    "look": 0,
    "note": "",
}


def noted(claim: Claim, *, registered: bool = True, sentence: str = "") -> dict:
    """A claim as it is stored with a study that was run."""
    said = {"sentence": sentence or claim.sentence(), "registered": registered}
    return claim.as_json() | said


def claimed(
    values: Mapping[str, Sequence[float]],
    claims: Sequence[dict] = (),
    metric: str = "test/accuracy",
    **document,
) -> StudyResults:
    """A study of conditions by label, of which the replicates end with these values."""
    replicates = len(next(iter(values.values())))
    labels = list(values)
    study = entry(
        [factor("way", labels, "way")],
        replicates,
        **({"primary": metric, "claims": list(claims), "registration": REGISTRATION} | document),
    )
    runs = [
        stored(
            member,
            [Measurement(metric, np.array([values[member.condition["way"]][member.replicate]]))],
        )
        for member in study.members
    ]
    return tidy(study, runs)


def twins(claims: Sequence[dict] = ()) -> StudyResults:
    """Three conditions of which two are one recipe, so that they share their runs."""
    study = entry(
        [factor("way", ["a", "b", "c"], "way")], 3, claims=list(claims), registration=REGISTRATION
    )
    ends = {"a": [0.9, 0.91, 0.92], "c": [0.8, 0.82, 0.81]}
    members = [
        Member(f"{'a' if label == 'b' else label}-{number}", {"way": label}, number)
        for label, number in itertools.product("abc", range(3))
    ]
    runs = {
        member.key: stored(
            member,
            [Measurement("test/accuracy", np.array([ends[member.key[0]][member.replicate]]))],
        )
        for member in members
    }
    return tidy(StudyEntry(study.name, study.scale, study.document, tuple(members)), runs.values())
