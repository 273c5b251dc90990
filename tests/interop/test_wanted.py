"""What trackers are told of runs, whoever trained them; without a server."""

from dataclasses import replace

import pytest

from interop.tracked_studies import catalogue_of, ordinary_runs
from paribus.interop.tracked import read_study
from paribus.interop.wanted import KEY, wanted_runs
from paribus.training.provenance import OTHERS
from results.example_studies import ACTIVATIONS, RECIPE, entry, provenance

RELU = ACTIVATIONS | {"labels": ["relu"]}
MADE_BY = {"function": "study:train", "code": "a" * 64, "recipe": "Network"}


def trained_by(made_by, **versions):
    """Facts of a run of a user's trainer."""
    facts = provenance(made_by=made_by, **versions)
    del facts["numerics"]
    return facts


def lab(**changes):
    """A lab with one condition and two replicates, stored with these changes."""
    study = entry([RELU], 2)
    return catalogue_of(study, [replace(run, **changes) for run in ordinary_runs(study, 3)])


def tracked(catalogue):
    with catalogue:
        return read_study(catalogue, "activations", "demo")


def only_condition(catalogue):
    ((condition, replicates),) = wanted_runs(tracked(catalogue))
    assert len(replicates) == 2
    return condition


@pytest.mark.parametrize(
    ("one", "other", "tag"),
    [
        (
            {"provenance": trained_by(MADE_BY)},
            {"provenance": trained_by(MADE_BY | {"code": "b" * 64})},
            "key.made_by.code",
        ),
        (
            {"provenance": trained_by(MADE_BY)},
            {"provenance": trained_by(MADE_BY | {"methods": "c" * 64})},
            "key.made_by.methods",
        ),
        ({}, {"provenance": trained_by(MADE_BY)}, "key.numerics"),
        ({}, {"provenance": provenance(numerics=2)}, "key.numerics"),
        ({}, {"fingerprint": "sha256:other"}, "key.data"),
        ({}, {"recipe": RECIPE | {"epochs": 30}}, None),
    ],
)
def test_what_trains_anew_makes_a_condition_of_its_own(one, other, tag):
    before, after = only_condition(lab(**one)), only_condition(lab(**other))
    assert before.key != after.key
    assert before.name == after.name
    if tag is not None:
        assert before.tags.get(tag) != after.tags.get(tag)


def test_a_salt_makes_a_condition_of_its_own():
    study = entry([RELU], 2)
    salted = [replace(run, replicate=run.replicate + 4_000) for run in ordinary_runs(study, 3)]
    before, after = only_condition(lab()), only_condition(catalogue_of(study, salted))
    assert before.key != after.key
    assert (before.tags["key.salt"], after.tags["key.salt"]) == ("0", "4000")


def test_what_trains_nothing_anew_leaves_the_condition():
    before = only_condition(lab())
    facts = provenance(jax="0.10.0", python="3.12.0", device="cpu: Another")
    assert only_condition(lab(provenance=facts)).tags[KEY] == before.tags[KEY]


def test_a_run_of_a_trainer_says_what_trained_it_and_nothing_of_parameters():
    facts = trained_by(MADE_BY, **dict.fromkeys(OTHERS, "1.2.3"))
    study = tracked(lab(parameters=0, provenance=facts))
    for run in study.runs:
        assert "parameters" not in run.facts
        assert run.facts["made_by.function"] == "study:train"
        assert run.facts["made_by.code"] == "a" * 64
        assert run.facts["python"] == "3.11.9"
        assert {name: run.facts[name] for name in OTHERS} == dict.fromkeys(OTHERS, "1.2.3")
    (_, (wanted, _)) = next(wanted_runs(study))
    assert wanted.tags["provenance.made_by.function"] == "study:train"
    assert "provenance.parameters" not in wanted.tags


def test_a_run_of_our_engine_says_how_many_parameters_it_has():
    study = tracked(lab())
    assert {run.facts["parameters"] for run in study.runs} == {"118282"}
    assert not [name for name in study.runs[0].facts if name.startswith("made_by")]
