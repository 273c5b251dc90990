"""What all claims have in common: arguments by position, sentences, storage, what they load."""

import subprocess
import sys

import pytest

from claims.example_study import STUDY
from paribus.claims import Better, Order, Worst, claim_from_json
from paribus.claims.base import EPOCH_RULES
from paribus.errors import DeclarationError
from paribus.results.table import EPOCH_RULES as RULES_OF_TABLES

ACCURACY = "test/accuracy"


def faults(call):
    with pytest.raises(DeclarationError) as raised:
        call()
    return [str(fault) for fault in raised.value.faults]


def test_arguments_by_position_are_those_by_name():
    assert Order(ACCURACY, ["a", "b"]) == Order(metric=ACCURACY, chain=["a", "b"])
    assert Better(ACCURACY, "a", second="b") == Better(metric=ACCURACY, first="a", second="b")


def test_wrong_arguments_by_position_are_refused():
    assert faults(lambda: Better(ACCURACY, "a", "b", 0.1)) == [
        "got 4 values by position; it takes metric, first, second, the rest by name"
    ]
    assert faults(lambda: Better("tanh", "relu", metric=ACCURACY)) == [
        "metric: given by position and by name; by position come metric, first, second"
    ]


def test_all_faults_are_told_together():
    found = faults(lambda: Better("accuracy", 1, [], margin=-1.0))
    assert [fault.partition(";")[0] for fault in found] == [
        "metric: got 'accuracy'",
        "margin: got -1.0",
        "first: got 1",
        "second: got no labels",
    ]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"at": "relu"}, "at: got 'relu'; should be a mapping, factor -> label"),
        ({"at": {"depth": 1}}, "at: got 1; labels are text: write '1'"),
        ({"layer": 1}, "layer: got 1; should be 'first', 'last', 'every' or a number, as in '2'"),
        ({"layer": "0"}, "layer: got '0'; should be 'first', 'last', 'every' or a number, as"),
        ({"layer": "1"}, "layer: got '1'; test/accuracy is of a whole network: leave it out"),
        ({"epoch_rule": "best"}, "epoch_rule: got 'best'; should be one of last, best validation"),
        ({"ours": "yes, ours"}, "ours: got 'yes, ours'; should be a valid boolean"),
        ({"wording": 3}, "wording: got 3; should be a valid string"),
        ({"margn": 0.1}, "margn: unknown field 'margn'; did you mean 'margin'?"),
    ],
)
def test_a_wrong_field_is_refused(fields, problem):
    (fault,) = faults(lambda: Better(ACCURACY, "a", "b", **fields))
    assert fault.startswith(problem)


def test_a_sentence_says_its_epoch_and_its_restriction():
    claim = Better(
        ACCURACY,
        "relu",
        "tanh",
        margin=0.005,
        epoch_rule="best validation",
        at={"depth": ["1", "2"], "output_kind": "logits"},
    )
    assert claim.sentence() == (
        "relu reaches a higher test accuracy than tanh, by more than 0.5 points, at the epoch "
        "that is best on validation (depth 1 and 2, output kind logits)"
    )


def test_labels_that_are_numbers_are_told_with_their_factor():
    claim = Better(ACCURACY, "10", "2")
    assert claim.sentence() == "10 reaches a higher test accuracy than 2"
    assert claim.sentence(STUDY) == "depth 10 reaches a higher test accuracy than depth 2"
    mixed = Order(ACCURACY, ["10", {"depth": "2"}])
    assert mixed.sentence(STUDY) == "Test accuracy is highest for depth 10, then depth 2"
    assert Better(ACCURACY, "relu", "tanh").sentence(STUDY).startswith("relu reaches")


def test_wording_replaces_the_sentence():
    claim = Worst(ACCURACY, "1", at={"activation": "relu"}, wording="One layer is too few")
    assert claim.sentence(STUDY) == claim.sentence() == "One layer is too few"


def test_the_epoch_rules_are_those_of_tables():
    assert EPOCH_RULES == RULES_OF_TABLES


def test_a_stored_claim_that_is_not_known_is_refused():
    (fault,) = faults(lambda: claim_from_json({"kind": "beter", "metric": ACCURACY}))
    assert fault.startswith("claim: got {'kind': 'beter', 'metric': 'test/accuracy'}; allowed")
    stored = Order(ACCURACY, ["a", "b"]).as_json()
    assert faults(lambda: claim_from_json(stored | {"chain": ["a", 1]})) == [
        "claim.chain.1: got 1; labels are text: write '1'"
    ]
    assert faults(lambda: claim_from_json(stored | {"strength": 1})) == [
        "claim.strength: unknown field 'strength'; known: at, chain, epoch_rule, layer, margin, "
        "metric, ours, relative, wording"
    ]


def test_a_field_can_be_replaced_and_is_validated():
    claim = Better(ACCURACY, "a", "b")
    assert claim.with_fields({"margin": 0.01}) == Better(ACCURACY, "a", "b", margin=0.01)
    assert faults(lambda: claim.with_fields({"second": "a"})) == [
        "second: got 'a' on both sides; a claim sets two conditions against each other"
    ]


def test_declaring_claims_loads_neither_jax_nor_tables():
    program = "import sys, paribus.claims; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "paribus.claims.order" in done.stdout.split()
    assert not {"jax", "pandas", "scipy.stats"} & set(done.stdout.split())
