"""Conditions: which combinations of levels, in which order, and what they set."""

import pytest

from paribus.design import Factor, conditions

RATE = Factor("rule.rate", {"slow": 0.1, "fast": 0.2})
WIDTH = Factor("widths", {"narrow": (4,), "wide": (8,), "deep": (4, 4)})
ARM = Factor("arm", {"plain": {}, "long": {"epochs": 9, "rule.decay": 1}})


def labels(found):
    return [tuple(condition.labels.values()) for condition in found]


def test_a_factorial_design_has_every_combination_the_last_factor_fastest():
    assert labels(conditions([RATE, WIDTH], "factorial")) == [
        ("slow", "narrow"),
        ("slow", "wide"),
        ("slow", "deep"),
        ("fast", "narrow"),
        ("fast", "wide"),
        ("fast", "deep"),
    ]


def test_one_at_a_time_leaves_the_baseline_in_one_factor_only():
    assert labels(conditions([RATE, WIDTH, ARM], "one at a time")) == [
        ("slow", "narrow", "plain"),
        ("fast", "narrow", "plain"),
        ("slow", "wide", "plain"),
        ("slow", "deep", "plain"),
        ("slow", "narrow", "long"),
    ]


@pytest.mark.parametrize("design", ["factorial", "one at a time"])
def test_with_one_factor_both_designs_are_its_levels(design):
    assert labels(conditions([WIDTH], design)) == [("narrow",), ("wide",), ("deep",)]


@pytest.mark.parametrize("design", ["factorial", "one at a time"])
def test_without_factors_there_is_one_condition_that_sets_nothing(design):
    (only,) = conditions([], design)
    assert dict(only.labels) == dict(only.sets) == {}


def test_a_condition_names_its_factors_and_sets_all_their_fields():
    last = conditions([RATE, ARM], "factorial")[-1]
    assert dict(last.labels) == {"rate": "fast", "arm": "long"}
    assert dict(last.sets) == {"rule.rate": 0.2, "epochs": 9, "rule.decay": 1}


def test_a_condition_does_not_change():
    (condition, *_) = conditions([RATE], "factorial")
    with pytest.raises(TypeError, match="does not support item assignment"):
        condition.sets["rule.rate"] = 1
