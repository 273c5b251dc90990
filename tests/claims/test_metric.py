"""Metrics as claims write them: what can be, which way is better, how it is said."""

import re

import pytest

from paribus.claims import Above, higher_is_better
from paribus.claims.metric import Quantity, amount, level, opening, phrase, quantity
from paribus.errors import DeclarationError


@pytest.mark.parametrize(
    ("metric", "parts"),
    [
        ("test/accuracy", Quantity(("test/accuracy",))),
        ("gradient/total_norm", Quantity(("gradient/total_norm",))),
        ("train/loss - test/loss", Quantity(("train/loss", "test/loss"))),
        ("rise of test/loss", Quantity(("test/loss",), "rise")),
        ("fall of test/loss", Quantity(("test/loss",), "fall")),
    ],
)
def test_a_metric_has_its_parts(metric, parts):
    assert quantity(metric) == parts


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        ("accuracy", "got 'accuracy'; a metric is named split/quantity or probe/quantity: "),
        ("test/", "got 'test/'; a metric is named"),
        ("Test/Accuracy", "got 'Test/Accuracy'; a metric is named"),
        ("test/loss-train/loss", "got 'test/loss-train/loss'; a metric is named"),
        ("a/b - c/d - e/f", "got 'a/b - c/d - e/f'; a metric is named"),
        ("fall of a/b - c/d", "got 'fall of a/b - c/d'; a metric is named"),
        ("drop of a/b", "got 'drop of a/b'; a metric is named"),
        ("test/acuracy", "no quantity 'acuracy' of a split; did you mean 'accuracy'?"),
        ("test/x", "no quantity 'x' of a split; known: accuracy, loss, precision, recall"),
        ("test/loss - test/loss", "a metric less itself is 0: name two that differ"),
        (3, "got 3; should be a valid string"),
    ],
)
def test_what_is_no_metric_is_refused(metric, problem):
    with pytest.raises(DeclarationError, match=re.escape(problem)) as raised:
        Above(metric, 0.0)
    assert [fault.path for fault in raised.value.faults] == ["metric"]


@pytest.mark.parametrize(
    ("metric", "higher"),
    [
        ("test/accuracy", True),
        ("validation/recall", True),
        ("test/loss", False),
        ("batch/loss", False),
        ("epoch/seconds", False),
        ("stall/depth", True),
        ("train/accuracy - test/accuracy", False),
        ("train/loss - test/loss", True),
        ("test/accuracy - validation/accuracy", True),
        ("fall of train/loss", True),
        ("fall of train/accuracy", False),
        ("rise of test/loss", False),
        ("rise of test/accuracy", True),
    ],
)
def test_which_way_is_better(metric, higher):
    assert higher_is_better(metric) is higher


def test_metrics_in_words():
    assert phrase("epoch/seconds") == "seconds per epoch"
    assert phrase("gradient/norm", "3") == "gradient norm of layer 3"
    assert phrase("gradient/norm", "every") == "gradient norm of every layer"
    assert phrase("test/loss - weight/norm") == "difference of test loss and weight norm"
    assert opening("train/loss") == "Training loss"
    assert opening("gradient/norm", "last") == "The gradient norm of the last layer"


def test_amounts_have_their_units():
    assert amount(0.02, "train/accuracy - test/accuracy") == "2 points"
    assert amount(0.05, "test/loss", relative=True) == "5 %"
    assert amount(1.5, "epoch/seconds") == "1.5 s"
    assert level(0.1, "train/loss") == "0.1"
    assert level(0.0, "train/accuracy - test/accuracy") == "0"
