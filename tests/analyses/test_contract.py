"""What every kind of analysis keeps to. A new one joins with a row in EXAMPLES."""

import json
from typing import get_args

import pytest

from analyses.example_bench import run
from paribus import probes
from paribus.analyses import (
    AnyAnalysis,
    Collapse,
    EpochTime,
    FirstSteps,
    GradientCheck,
    Line,
    Path,
    analysis_from_json,
)
from paribus.errors import DeclarationError

EXAMPLES = [
    Collapse(deep="deep", single={"rate": "low"}),
    FirstSteps(pairs=(("low", "high"),), steps=7),
    GradientCheck(),
    EpochTime(repeats=3),
    Line(name="corner", pairs=(("low", "high"), ({"rate": "low"}, {"rate": ["high", "huge"]}))),
    Path(weights="first layer", components=3, last_epochs=5),
]
RUNS = [run("low", 0), run("high", 0)]
KINDS = pytest.mark.parametrize("analysis", EXAMPLES, ids=lambda one: one.kind)


def test_every_kind_has_an_example():
    assert {type(one) for one in EXAMPLES} == set(get_args(get_args(AnyAnalysis)[0]))


@KINDS
def test_it_comes_back_from_json_as_it_was(analysis):
    back = analysis_from_json(json.loads(json.dumps(analysis.as_json())))
    assert back == analysis
    assert back.identity(RUNS, []) == analysis.identity(RUNS, [])


@KINDS
def test_what_is_computed_of_which_runs_is_its_identity(analysis):
    identities = [
        analysis.identity(RUNS, []),
        analysis.identity(RUNS[:1], []),
        analysis.identity(RUNS[::-1], []),
        analysis.identity([RUNS[0], run("other", 0)], []),
        analysis.model_copy(update={"name": "other"}).identity(RUNS, []),
    ]
    assert len(set(identities)) == len(identities)


def test_a_probe_belongs_to_the_identity_of_what_reads_it():
    probing = [[probes.WeightNorm()], [probes.Weights()], [probes.Weights(when=probes.AtEnd())]]
    counts = {type(one): len({one.identity(RUNS, found) for found in probing}) for one in EXAMPLES}
    assert counts == {type(one): 3 if isinstance(one, Path) else 1 for one in EXAMPLES}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"kind": "plane"},
            "analysis: got {'kind': 'plane'}; allowed here: 'collapse', 'epoch_time'",
        ),
        (
            {"name": "path"},
            "allowed here: Collapse, EpochTime, FirstSteps, GradientCheck, Line, Path",
        ),
        ({"kind": "path", "components": 0}, "components: got 0; should be greater than 0"),
    ],
    ids=["kind", "no kind", "value"],
)
def test_documents_that_this_version_does_not_know_are_refused(document, expected):
    with pytest.raises(DeclarationError) as raised:
        analysis_from_json(document)
    assert expected in str(raised.value)
