"""Every family of claims: what it compares, how it says so, how it is stored."""

import json
from typing import get_args

import pytest

from claims.example_study import STUDY, short
from paribus import claims
from paribus.claims import claim_from_json

ACCURACY = "test/accuracy"
GAP = "train/accuracy - test/accuracy"
RELU = {"activation": "relu"}
FAMILIES = get_args(get_args(claims.AnyClaim)[0])

# claim, sentence, links in the study of two activations at three depths
EXAMPLES = [
    (
        claims.Better(ACCURACY, "relu", "tanh", at={"depth": "1"}),
        "relu reaches a higher test accuracy than tanh (depth 1)",
        ["relu-1 tanh-1"],
    ),
    (
        claims.Better("test/loss", "2", ["1", "10"], margin=0.1, at=RELU),
        "depth 2 reaches a lower test loss than each of depth 1 and 10, by more than 0.1 "
        "(activation relu)",
        ["relu-2 relu-1", "relu-2 relu-10"],
    ),
    (
        claims.Better(
            "weight/norm", ["1", "2"], "10", layer="1", margin=0.2, relative=True, at=RELU
        ),
        "depth 1 and 2 each have a higher weight norm of layer 1 than depth 10, by more than 20 % "
        "(activation relu)",
        ["relu-1 relu-10", "relu-2 relu-10"],
    ),
    (
        claims.Gap("tanh", "relu", margin=0.01, at={"depth": "2"}),
        "tanh has a smaller gap between training and test accuracy than relu, by more than "
        "1 point (depth 2)",
        ["tanh-2 relu-2"],
    ),
    (
        claims.NotWorse(ACCURACY, "tanh", "relu", at={"depth": "2"}),
        "tanh is at most 0.5 points below relu in test accuracy (depth 2)",
        ["tanh-2 relu-2"],
    ),
    (
        claims.NotWorse("epoch/seconds", ["10", "2"], "1", margin=0.05, relative=True, at=RELU),
        "depth 10 and 2 are each at most 5 % above depth 1 in seconds per epoch (activation relu)",
        ["relu-10 relu-1", "relu-2 relu-1"],
    ),
    (
        claims.Equal(ACCURACY, "tanh", "relu", margin=0.01, at={"depth": "2"}),
        "tanh and relu are equal in test accuracy to within 1 point (depth 2)",
        ["tanh-2 relu-2"],
    ),
    (
        claims.Identical("tanh", "relu", at={"depth": "1"}),
        "tanh and relu train identically, bit for bit (depth 1)",
        ["tanh-1 relu-1"],
    ),
    (
        claims.Identical("tanh", "relu", metric="batch/loss", margin=1e-6, at={"depth": "1"}),
        "tanh and relu have the same batch loss to within 1e-06 (depth 1)",
        ["tanh-1 relu-1"],
    ),
    (
        claims.Identical("tanh", "relu", metric="batch/loss", at={"depth": "1"}),
        "tanh and relu have the same batch loss, bit for bit (depth 1)",
        ["tanh-1 relu-1"],
    ),
    (
        claims.Order(ACCURACY, ["1", "10", "2"], margin=0.01, at=RELU),
        "Test accuracy is highest for depth 1, then depth 10, then depth 2, by more than 1 point "
        "at each step (activation relu)",
        ["relu-1 relu-10", "relu-10 relu-2"],
    ),
    (
        claims.Order(GAP, [["1", "10"], "2"], at=RELU),
        "The gap between training and test accuracy is smallest for depth 1 and 10, then depth 2 "
        "(activation relu)",
        ["relu-1 relu-2", "relu-10 relu-2"],
    ),
    (
        claims.Best(ACCURACY, "2", at=RELU),
        "depth 2 reaches the highest test accuracy of all (activation relu)",
        ["relu-2 relu-10", "relu-2 relu-1"],
    ),
    (
        claims.Worst(ACCURACY, {"depth": "2"}, at=RELU),
        "depth 2 reaches the lowest test accuracy of all (activation relu)",
        ["relu-10 relu-2", "relu-1 relu-2"],
    ),
    (
        claims.Worst(GAP, "relu", at={"depth": "1"}),
        "relu has the largest gap between training and test accuracy of all (depth 1)",
        ["tanh-1 relu-1"],
    ),
    (
        claims.Above(GAP, 0.05, "relu"),
        "The gap between training and test accuracy is above 5 points for relu",
        ["relu-10", "relu-2", "relu-1"],
    ),
    (
        claims.Below("train/loss", 0.1, {"depth": "1"}),
        "Training loss is below 0.1 for depth 1",
        ["relu-1", "tanh-1"],
    ),
    (
        claims.Within(ACCURACY, 0.1, RELU, margin=0.01, at={"depth": "1"}),
        "Test accuracy is within 1 point of 10 % for activation relu (depth 1)",
        ["relu-1"],
    ),
    (
        claims.Trend(ACCURACY, "depth", "up"),
        "Test accuracy rises with depth",
        ["relu-1 relu-2 relu-10", "tanh-1 tanh-2 tanh-10"],  # as numbers, not as text
    ),
    (
        claims.Trend("fall of train/loss", ["10", "1", "2"], "down", margin=0.5, at=RELU),
        "The fall of the training loss shrinks over depth 10, 1 and 2, with a rank correlation "
        "beyond 0.5 (activation relu)",
        ["relu-10 relu-1 relu-2"],
    ),
    (
        claims.Peak("sensitivity/test", {"depth": ["10", "1", "2"]}, margin=0.5, at=RELU),
        "Sensitivity test is higher at an inner level of depth 10, 1 and 2 than at both ends, "
        "by more than 0.5 (activation relu)",
        ["relu-10 relu-1 relu-2"],
    ),
    (
        claims.Stalls("10"),
        "depth 10 stalls: training ends with a loss within 0.5 % of that of guessing",
        ["relu-10", "tanh-10"],
    ),
    (
        claims.Stalls(["1", "2"], margin=0.01, share=0.5, at=RELU),
        "depth 1 and 2 each stall: training ends with a loss within 1 % of that of guessing, in "
        "at least 50 % of the replicates (activation relu)",
        ["relu-1", "relu-2"],
    ),
    (
        claims.Learns(),
        "every condition learns: training ends with a loss more than 0.5 % below that of guessing",
        ["relu-10", "relu-2", "relu-1", "tanh-10", "tanh-2", "tanh-1"],
    ),
    (
        claims.Learns("10", negated=True),
        "depth 10 does not learn: training diverges, or ends with a loss no more than 0.5 % "
        "below that of guessing",
        ["relu-10", "tanh-10"],
    ),
    (
        claims.Rises("test/loss", {"depth": "1"}, margin=0.5),
        "Test loss rises by more than 0.5 from start to end for depth 1",
        ["relu-1", "tanh-1"],
    ),
    (
        claims.Falls("gradient/norm", layer="first", negated=True, at={"depth": "1"}),
        "The gradient norm of the first layer does not fall from start to end (depth 1)",
        ["relu-1", "tanh-1"],
    ),
    (
        claims.Sooner("batch/loss", "2", "10", reaching=0.001, margin=5.0),
        "depth 2 reaches a batch loss of 0.001 sooner than depth 10, by more than 5 epochs",
        ["relu-2 relu-10", "tanh-2 tanh-10"],
    ),
    (
        claims.Sooner(ACCURACY, "2", "10", reaching=0.9, margin=1.0, at=RELU),
        "depth 2 reaches a test accuracy of 90 % sooner than depth 10, by more than 1 epoch "
        "(activation relu)",
        ["relu-2 relu-10"],
    ),
    (
        claims.Noisier(ACCURACY, "1", ["2", "10"], margin=1.0, at=RELU),
        "Test accuracy is noisier from epoch to epoch for depth 1 than for each of depth 2 and "
        "10, with a variance more than 2 times as large (activation relu)",
        ["relu-1 relu-2", "relu-1 relu-10"],
    ),
    (
        claims.CountLayers((2, 4), {"activation": "relu", "depth": "10"}),
        "2 to 4 layers have a gradient norm of at least 0.001 times the largest for activation "
        "relu at depth 10",
        ["relu-10"],
    ),
    (
        claims.CountLayers((1, 1), "10", at=RELU),
        "1 layer has a gradient norm of at least 0.001 times the largest for depth 10 "
        "(activation relu)",
        ["relu-10"],
    ),
    (
        claims.CountLayers("all", "10", metric="weight/norm", threshold=0.1, at=RELU),
        "Every layer has a weight norm of at least 0.1 times the largest for depth 10 "
        "(activation relu)",
        ["relu-10"],
    ),
    (
        claims.Barrier("relu", "tanh", margin=0.05, at={"depth": "1"}),
        "A barrier of more than 0.05 in test loss parts relu and tanh (depth 1)",
        ["relu-1 tanh-1"],
    ),
    (
        claims.EndApart("relu", epochs=5, margin=0.5, at={"depth": "1"}),
        "The runs end further apart by more than 0.5 than any of them moved in its last 5 epochs "
        "for relu (depth 1)",
        ["relu-1"],
    ),
    (
        claims.Correlates("train/loss", "hessian/minimal_ratio", "negative", at={"depth": "1"}),
        "Runs with a higher training loss have a lower hessian minimal ratio (depth 1)",
        ["relu-1", "tanh-1"],
    ),
    (
        claims.Correlates("train/loss", "test/loss", "positive", "1", margin=0.5, at=RELU),
        "Runs with a higher training loss have a higher test loss, with a rank correlation "
        "beyond 0.5 for depth 1 (activation relu)",
        ["relu-1"],
    ),
]
NAMED = [pytest.param(*row, id=f"{row[0].kind}-{number}") for number, row in enumerate(EXAMPLES)]


@pytest.mark.parametrize(("claim", "sentence", "links"), NAMED)
def test_a_claim_says_what_it_compares(claim, sentence, links):
    assert claim.sentence(STUDY) == sentence
    assert claim.faults(STUDY) == []
    assert short(claim.links(STUDY)) == links


@pytest.mark.parametrize(("claim", "sentence", "links"), NAMED)
def test_a_stored_claim_is_the_declared_one(claim, sentence, links):
    stored = json.loads(json.dumps(claim.as_json()))
    read = claim_from_json(stored)
    assert type(read) is type(claim)
    assert read == claim
    assert read.as_json() == stored
    assert read.sentence(STUDY) == sentence


def test_every_family_has_an_example_and_is_offered():
    assert {type(claim) for claim, _, _ in EXAMPLES} == set(FAMILIES)
    assert {family.__name__ for family in FAMILIES} <= set(claims.__all__)
    kinds = [family.model_fields["kind"].default for family in FAMILIES]
    assert len(set(kinds)) == len(FAMILIES)
