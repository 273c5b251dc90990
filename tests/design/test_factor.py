"""Factors: what their levels are called and what they set."""

import pytest

from paribus.design import Factor
from paribus.errors import DeclarationError
from paribus.spec import Count, Rate, Spec, Whole


class Rule(Spec):
    rate: Rate = 0.1
    decay: Whole = 0


class Training(Spec):
    rule: Rule = Rule()
    widths: tuple[Count, ...] = (8,)
    epochs: Count = 3


def test_a_factor_is_named_after_the_last_part_of_its_path():
    assert Factor("rule.rate", [0.1]).name == "rate"
    assert Factor("epochs", [1]).name == "epochs"
    assert Factor("rule.rate", [0.1], name="speed").name == "speed"


def test_labelled_levels_set_the_field_at_the_path():
    factor = Factor("widths", {"narrow": (16,), "wide": (1024,)})
    assert factor.labels == ("narrow", "wide")
    assert factor.sets == {"narrow": {"widths": (16,)}, "wide": {"widths": (1024,)}}


@pytest.mark.parametrize(
    ("value", "label"),
    [(0.01, "0.01"), (4, "4"), ("relu", "relu"), ((16, 8), "16-8"), ([16], "16"), ((), "none")],
)
def test_a_value_without_a_label_is_its_own(value, label):
    factor = Factor("widths", [value])
    assert factor.labels == (label,)
    assert factor.sets == {label: {"widths": value}}


def test_a_level_may_set_several_fields_or_none():
    factor = Factor("arm", {"plain": {}, "heavy": {"rule.decay": 2, "epochs": 20}})
    assert factor.name == "arm"
    assert factor.sets == {"plain": {}, "heavy": {"rule.decay": 2, "epochs": 20}}
    assert factor.faults(Training()) == []


def test_levels_may_come_from_an_iterator():
    assert Factor("epochs", iter([1, 2])).labels == ("1", "2")


def test_no_levels_and_equal_labels_are_refused():
    with pytest.raises(DeclarationError, match=r"'epochs': 1 fault\n  epochs: has no levels"):
        Factor("epochs", [])
    with pytest.raises(DeclarationError) as raised:
        Factor("rule.rate", [0.1, 0.1, 1, "1"])
    assert [fault.problem for fault in raised.value.faults] == [
        "has two levels labelled '0.1'; labels should differ",
        "has two levels labelled '1'; labels should differ",
    ]


def test_every_fault_of_every_level_is_found():
    factor = Factor("arm", {"a": {"rule.rat": 1}, "b": {"epochs": 0, "widths": ("x",)}, "c": {}})
    assert [str(fault) for fault in factor.faults(Training())] == [
        "factors.arm.a: rule.rat: unknown field 'rat'; did you mean 'rate'?",
        "factors.arm.b: widths.0: got 'x'; should be a valid integer",
        "factors.arm.b: epochs: got 0; should be greater than 0",
    ]


def test_some_levels_stay_in_declared_order():
    factor = Factor("rule.rate", {"low": 0.1, "mid": 0.2, "high": 0.3}, name="speed")
    kept = factor.only(["high", "low"])
    assert (kept.name, kept.labels) == ("speed", ("low", "high"))
    assert kept.sets == {"low": {"rule.rate": 0.1}, "high": {"rule.rate": 0.3}}
    # Their own fields are not set a second time at the factor's path.
    arms = Factor("arm", {"plain": {}, "long": {"epochs": 9}})
    assert arms.only(["long"]).sets == {"long": {"epochs": 9}}


def test_what_every_level_sets_is_overwritten():
    factor = Factor("rule", {"plain": Rule(), "decayed": Rule(decay=1)})
    assert factor.overwrites("rule")
    assert factor.overwrites("rule.rate")
    assert not factor.overwrites("rules")
    assert not factor.overwrites("epochs")
    assert not Factor("rule.rate", [0.1]).overwrites("rule")
    arms = Factor("arm", {"plain": {}, "long": {"epochs": 9}})
    assert not arms.overwrites("epochs")
    assert arms.only(["long"]).overwrites("epochs")
