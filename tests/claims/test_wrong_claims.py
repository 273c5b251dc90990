"""Every family of claims typed wrongly: on its own, and for the study that it is declared with."""

import re

import pytest

from claims.example_study import STUDY
from paribus import claims
from paribus.errors import DeclarationError

ACCURACY = "test/accuracy"

WRONG = [
    (lambda: claims.Better(ACCURACY, "a", "a"), "second", "got 'a' on both sides; a claim sets"),
    (lambda: claims.Better(ACCURACY, "a", ["a"]), "second", "got ('a',) on both sides"),
    (lambda: claims.Better(ACCURACY, "a"), "second", "missing; it has no default"),
    (lambda: claims.Better(ACCURACY, "a", "b", margin=-0.1), "margin", "got -0.1; should be gre"),
    (lambda: claims.Better(ACCURACY, "a", "b", margin="5 %"), "margin", "got '5 %'; should be a"),
    (lambda: claims.Gap("a", "b", metric=ACCURACY), "metric", "got 'test/accuracy'; a gap is the"),
    (
        lambda: claims.Gap("a", "b", metric="test/accuracy - train/accuracy"),
        "metric",
        "got 'test/accuracy - train/accuracy'; a gap is the training split less another: 'train/",
    ),
    (
        lambda: claims.Equal("test/loss", "a", "b"),
        "margin",
        "missing; 0.005 is for accuracies, pre",
    ),
    (
        lambda: claims.Equal(ACCURACY, "a", "b", relative=True),
        "margin",
        "missing; 0.005 is for accuracies, precisions and recalls, not for a relative one",
    ),
    (lambda: claims.Equal(ACCURACY, "a", "b", margin=0.0), "margin", "got 0; no number of runs"),
    (lambda: claims.NotWorse("test/loss", "a", "b"), "margin", "missing; 0.005 is for"),
    (lambda: claims.NotWorse(ACCURACY, "a", "b", margin=0), "margin", "got 0; no number of runs"),
    (lambda: claims.Identical("a", "b", margin=0.1), "margin", "got 0.1 for everything; give the"),
    (lambda: claims.Identical("a", "b", metric="all"), "metric", "got 'all'; a metric is named"),
    (
        lambda: claims.Identical("a", "b", epoch_rule="best validation"),
        "epoch_rule",
        "got 'best validation'; should be last",
    ),
    (lambda: claims.Order(ACCURACY, "ab"), "chain", "got 'ab'; should be a list of conditions"),
    (lambda: claims.Order(ACCURACY, ["a"]), "chain", "got ['a']; a chain has two conditions or"),
    (lambda: claims.Order(ACCURACY, ["a", "b", "a"]), "chain", "names 'a' more than once"),
    (lambda: claims.Order(ACCURACY, ["a", 3]), "chain.1", "got 3; labels are text: write '3'"),
    (lambda: claims.Best(ACCURACY), "condition", "missing; it has no default"),
    (
        lambda: claims.Worst(ACCURACY, "a", value=1),
        "value",
        "unknown field 'value'; known: at, condition",
    ),
    (lambda: claims.Above(ACCURACY, "a"), "value", "got 'a'; should be a valid number"),
    (lambda: claims.Above(ACCURACY, 0.5, margin=0.1), "margin", "got 0.1; should be 0"),
    (lambda: claims.Below(ACCURACY, float("nan")), "value", "got nan; should be a finite number"),
    (lambda: claims.Within("test/loss", 0.1), "margin", "missing; 0.005 is for accuracies, prec"),
    (lambda: claims.Trend(ACCURACY, "depth"), "direction", "missing; it has no default"),
    (
        lambda: claims.Trend(ACCURACY, "depth", "flat"),
        "direction",
        "got 'flat'; should be one of u",
    ),
    (lambda: claims.Trend(ACCURACY, ["a", "b"], "up"), "over", "got 2 levels; it takes 3 or more"),
    (
        lambda: claims.Trend(ACCURACY, "depth", "up", margin=1.0),
        "margin",
        "got 1.0; should be less",
    ),
    (lambda: claims.Peak(ACCURACY, {"a": "1"}), "over", "got 1 levels; it takes 3 or more"),
    (lambda: claims.Peak(ACCURACY, {"a": "1", "b": "2"}), "over", "got 2 factors; give one, with"),
    (lambda: claims.Stalls("a", share=0.0), "share", "got 0.0; should be greater than 0"),
    (lambda: claims.Learns("a", share=1.5), "share", "got 1.5; should be less than or equal to 1"),
    (lambda: claims.Rises(), "metric", "missing; it has no default"),
    (lambda: claims.Falls(ACCURACY, negated="no"), "negated", "got 'no'; should be a valid bool"),
    (lambda: claims.Sooner(ACCURACY, "a", "b"), "reaching", "missing; it has no default"),
    (lambda: claims.Noisier(ACCURACY, "a", "a"), "second", "got 'a' on both sides; a claim sets"),
    (lambda: claims.CountLayers(3), "layers", "got 3; should be (fewest, most), as in (2, 4), or"),
    (lambda: claims.CountLayers((4, 2)), "layers", "got (4, 2); should be (fewest, most)"),
    (lambda: claims.CountLayers((-1, 2)), "layers", "got (-1, 2); should be (fewest, most)"),
    (lambda: claims.CountLayers((0.5, 2)), "layers", "got (0.5, 2); should be (fewest, most)"),
    (lambda: claims.CountLayers("some"), "layers", "got 'some'; should be (fewest, most)"),
    (
        lambda: claims.CountLayers("all", threshold=1.0),
        "threshold",
        "got 1.0; should be less than",
    ),
    (lambda: claims.Barrier("a", "a"), "second", "got 'a' on both sides; a claim sets two"),
    (lambda: claims.EndApart(epochs=0), "epochs", "got 0; should be greater than 0"),
    (lambda: claims.EndApart(metric="a/b"), "metric", "got 'a/b'"),
    (
        lambda: claims.Correlates("a/b", "a/b", "positive"),
        "other",
        "got 'a/b' twice; a metric always goes with itself",
    ),
    (
        lambda: claims.Correlates("a/b", "c/d", "+"),
        "sign",
        "got '+'; should be one of positive, n",
    ),
]


@pytest.mark.parametrize(("declare", "path", "problem"), WRONG)
def test_a_claim_that_cannot_be_is_refused(declare, path, problem):
    with pytest.raises(DeclarationError, match=rf"  {path}: {re.escape(problem)}") as raised:
        declare()
    assert len(raised.value.faults) == 1


@pytest.mark.parametrize(
    ("claim", "problem"),
    [
        (
            claims.Trend(ACCURACY, "activation", "up"),
            "over: levels relu and tanh of 'activation' are no numbers; give the labels in their "
            "order: ['relu', 'tanh']",
        ),
        (
            claims.Trend(ACCURACY, "dept", "up"),
            "over: no factor named 'dept'; did you mean 'depth'?",
        ),
        (
            claims.Peak(ACCURACY, "depth", at={"depth": ["1", "2"]}),
            "over: is named in `at` too; name the factor in one of them",
        ),
        (claims.Peak(ACCURACY, ["1", "2", "3"]), "over: no level '3' of factor 'depth'; known:"),
        (
            claims.Best(ACCURACY, {"activation": "relu", "depth": "1"}),
            "condition: names 2 factors; name one, and settle others in `at`",
        ),
        (
            claims.Best(ACCURACY, ["relu", "tanh"]),
            "the study has no conditions that fit it and agree in all else",
        ),
        (
            claims.Order(ACCURACY, [{"depth": "1"}, "relu"]),
            "chain: its conditions name different factors (depth; activation); all name the same",
        ),
        (claims.Order(ACCURACY, [["1", "2"], "1"]), "chain: names depth 1 more than once"),
        (claims.Order(ACCURACY, ["relu", "thanh"]), "chain.1: no level 'thanh' of factor 'activ"),
    ],
)
def test_a_claim_that_does_not_fit_its_study_is_told(claim, problem):
    (fault,) = claim.faults(STUDY)
    assert str(fault).startswith(problem)


def test_a_trend_takes_three_levels():
    claim = claims.Trend(ACCURACY, "depth", "up")
    (fault,) = claim.faults([{"depth": "1"}, {"depth": "2"}])
    assert str(fault) == "over: factor 'depth' has 2 levels; it takes 3 or more"


def test_a_chain_is_no_chain_with_a_link_missing():
    study = [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}, {"a": "3", "b": "y"}]
    (fault,) = claims.Order(ACCURACY, ["1", "2", "3"]).faults(study)
    assert "no conditions that fit it" in fault.problem
