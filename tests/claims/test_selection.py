"""How conditions are named, found among those of a study, and set against each other."""

import pytest

from claims.example_study import ACTIVATION, DEPTH, STUDY, labels, short
from paribus.claims import Best, Better, Equal, Learns, Order, Trend
from paribus.errors import DeclarationError

ACCURACY = "test/accuracy"


def problems(claim, study=STUDY):
    return [str(fault) for fault in claim.faults(study)]


@pytest.mark.parametrize(
    ("conditions", "links"),
    [
        ({}, ["relu-10", "relu-2", "relu-1", "tanh-10", "tanh-2", "tanh-1"]),
        ("tanh", ["tanh-10", "tanh-2", "tanh-1"]),
        (["tanh", "relu"], ["tanh-10", "tanh-2", "tanh-1", "relu-10", "relu-2", "relu-1"]),
        ("2", ["relu-2", "tanh-2"]),
        ({"depth": "2"}, ["relu-2", "tanh-2"]),
        ({"depth": ["1", "2"], "activation": "relu"}, ["relu-1", "relu-2"]),
    ],
)
def test_a_factor_that_is_not_named_is_at_each_of_its_levels(conditions, links):
    assert short(Learns(conditions).links(STUDY)) == links


def test_two_conditions_agree_in_all_else():
    claim = Better(ACCURACY, "tanh", "relu")
    assert short(claim.links(STUDY)) == ["tanh-10 relu-10", "tanh-2 relu-2", "tanh-1 relu-1"]
    settled = Better(ACCURACY, "tanh", "relu", at={"depth": ["1", "2"]})
    assert short(settled.links(STUDY)) == ["tanh-2 relu-2", "tanh-1 relu-1"]


def test_each_of_several_is_set_against_each():
    claim = Better(ACCURACY, ["1", "2"], "10", at={"activation": "relu"})
    assert short(claim.links(STUDY)) == ["relu-1 relu-10", "relu-2 relu-10"]


def test_conditions_may_differ_in_two_factors():
    first, second = {"activation": "tanh", "depth": "1"}, {"activation": "relu", "depth": "10"}
    assert short(Equal(ACCURACY, first, second).links(STUDY)) == ["tanh-1 relu-10"]


def test_labels_by_factor_and_alone_may_be_mixed():
    claim = Better(ACCURACY, {"activation": "tanh"}, "relu", at={"depth": "1"})
    assert short(claim.links(STUDY)) == ["tanh-1 relu-1"]


def test_one_factor_at_a_time_leaves_only_what_is_there():
    study = labels(ACTIVATION, DEPTH, design="one at a time")
    assert short(Better(ACCURACY, "tanh", "relu").links(study)) == ["tanh-10 relu-10"]
    assert problems(Better(ACCURACY, "tanh", "relu", at={"depth": "1"}), study) == [
        "the study has no conditions that fit it and agree in all else"
    ]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (
            Better(ACCURACY, "rleu", "tanh"),
            ["first: no level 'rleu' of factor 'activation'; did you mean 'relu'?"],
        ),
        (
            Better(ACCURACY, "gelu", "softplus"),
            [
                "first: no level 'gelu' of any factor; did you mean 'relu'?",
                "second: no level 'softplus' of any factor; known: 1, 10, 2, relu, tanh",
            ],
        ),
        (
            Better(ACCURACY, "relu", "1"),
            [
                "second: '1' is a level of 'depth', others here of 'activation'; "
                "give each with its factor: {'depth': '1'}"
            ],
        ),
        (
            Better(ACCURACY, "relu", "tanh", at={"dept": "1"}),
            ["at.dept: no factor named 'dept'; did you mean 'depth'?"],
        ),
        (
            Better(ACCURACY, "relu", "tanh", at={"depth": ["1", "3"]}),
            ["at.depth: no level '3'; known: 1, 10, 2"],
        ),
        (
            Better(ACCURACY, {"activation": "relu"}, {"activation": "tan"}),
            ["second.activation: no level 'tan'; did you mean 'tanh'?"],
        ),
        (
            Better(ACCURACY, {"activation": "relu"}, {"depth": "1"}),
            [
                "second: does not name 'activation', which `first` does; both name the same",
                "first: does not name 'depth', which `second` does; both name the same",
            ],
        ),
        (Better(ACCURACY, ["1", "2"], ["2", "10"]), ["second: depth 2 is on both sides"]),
        (
            Learns({"depth": "1"}, at={"depth": "1"}),
            ["conditions.depth: is named in `at` too; name a factor in one of them"],
        ),
        (
            Learns("relu", at={"activation": "relu"}),
            ["conditions: no level 'relu' of factor 'depth'; known: 1, 10, 2"],
        ),
    ],
)
def test_what_is_not_in_the_study_is_said(claim, expected):
    assert problems(claim) == expected
    assert not claim.applies(STUDY)
    with pytest.raises(DeclarationError):
        claim.links(STUDY)


def test_a_label_of_two_factors_needs_its_factor():
    study = [{"depth": "1", "batch": "1"}, {"depth": "2", "batch": "1"}]
    assert problems(Learns("1"), study) == [
        "conditions: '1' is a level of 'depth' and 'batch'; say which: {'depth': '1'}"
    ]
    assert short(Learns({"depth": "1"}).links(study)) == ["1-1"]
    assert short(Learns("1", at={"batch": "1"}).links(study)) == ["1-1"]


def test_a_study_of_one_condition_has_nothing_to_name():
    assert Learns().applies([{}])
    assert problems(Learns("relu"), [{}]) == [
        "conditions: no level 'relu' of any factor; there are none"
    ]
    assert problems(Learns(at={"depth": "1"}), [{}]) == [
        "at.depth: no factor named 'depth'; there are none"
    ]


@pytest.mark.parametrize(
    ("claim", "there"),
    [
        (Order(ACCURACY, ["10", "2"]), True),
        (Order(ACCURACY, ["10", "2", "1"]), False),
        (Best(ACCURACY, "10"), True),
        (Best(ACCURACY, "1"), False),
        (Trend(ACCURACY, "depth", "up"), False),
        (Learns(), True),
        (Learns(at={"depth": "1"}), False),
        (Learns(["relu", "tanh"]), True),
    ],
)
def test_a_claim_is_left_out_where_a_scale_leaves_its_levels_out(claim, there):
    assert claim.applies(STUDY)
    assert claim.applies(labels(ACTIVATION, DEPTH.only(["10", "2"]))) is there


@pytest.mark.parametrize(
    ("given", "path", "problem"),
    [
        (1, "conditions", "got 1; labels are text: write '1'"),
        (0.5, "conditions", "got 0.5; labels are text: write '0.5'"),
        (["a", 1], "conditions", "got 1; labels are text: write '1'"),
        ({"depth": 1}, "conditions", "got 1; labels are text: write '1'"),
        ({1: "a"}, "conditions", "got 1; labels are text: write '1'"),
        (None, "conditions", "got None; should be the label of a level, as text"),
        ({"a"}, "conditions", "got {'a'}; should be the label of a level, as text"),
        ([], "conditions", "got no labels; name one or more"),
        ({"depth": []}, "conditions", "got no labels; name one or more"),
        (["a", "b", "a"], "conditions", "names 'a' more than once"),
    ],
)
def test_what_names_no_condition_is_refused(given, path, problem):
    with pytest.raises(DeclarationError) as raised:
        Learns(given)
    assert [(fault.path, fault.problem) for fault in raised.value.faults] == [(path, problem)]


def test_a_list_given_is_not_shared_with_the_claim():
    given, at = ["relu", "tanh"], {"depth": ["1"]}
    claim = Learns(given, at=at)
    given.append("gelu")
    at["depth"].append("2")
    assert (claim.conditions, claim.at) == (("relu", "tanh"), {"depth": ("1",)})
