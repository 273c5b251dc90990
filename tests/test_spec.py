"""Declarations: their faults, their fields by path, their content, their traced numbers."""

import re
from typing import Annotated, Literal

import numpy as np
import pytest
from pydantic import Field, ValidationError

from paribus.errors import DeclarationError, Fault
from paribus.spec import (
    Coefficient,
    Count,
    Number,
    Rate,
    Share,
    Spec,
    Whole,
    digest,
    fill_traced,
    is_absent,
    split_traced,
)


class Steady(Spec):
    kind: Literal["steady"] = "steady"
    warmup: Number = 0.0


class Falling(Spec):
    kind: Literal["falling"] = "falling"
    factor: Share = 0.5


class Rule(Spec):
    rate: Rate
    decay: Coefficient = 0.0
    course: Annotated[Steady | Falling, Field(discriminator="kind")] = Steady()


class Training(Spec):
    rule: Rule
    widths: tuple[Count, ...] = (8,)
    epochs: Count = 3
    held: Whole = 0
    loss: Literal["cross_entropy", "kl_divergence"] = "cross_entropy"
    measured: Count | Literal["end"] = 1
    stop: Steady | None = None


TRAINING = Training(rule=Rule(rate=0.1))


def faults(call):
    """The faults of the error that a call raises, as path -> problem."""
    with pytest.raises(DeclarationError) as raised:
        call()
    found = {fault.path: fault.problem for fault in raised.value.faults}
    assert len(found) == len(raised.value.faults)
    return found


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"epochs": 0}, "epochs", "got 0; should be greater than 0"),
        ({"epochs": True}, "epochs", "got True; should be a valid integer"),
        ({"epochs": 2.0}, "epochs", "got 2.0; should be a valid integer"),
        ({"epochs": "3"}, "epochs", "got '3'; should be a valid integer"),
        ({"held": -1}, "held", "got -1; should be greater than or equal to 0"),
        ({"widths": (4, 0)}, "widths.1", "got 0; should be greater than 0"),
        ({"widths": 4}, "widths", "got 4; should be a valid tuple"),
        ({"rule": {"rate": "fast"}}, "rule.rate", "got 'fast'; should be a valid number"),
        ({"rule": {"rate": 0.0}}, "rule.rate", "got 0.0; should be greater than 0"),
        ({"rule": {"rate": float("nan")}}, "rule.rate", "got nan; should be a finite number"),
        ({"rule": {"rate": float("inf")}}, "rule.rate", "got inf; should be a finite number"),
        ({"rule": {}}, "rule.rate", "missing; it has no default"),
        ({"rule": 3}, "rule", "got 3; allowed here: Rule"),
        ({"stop": 3}, "stop", "got 3; allowed here: Steady"),
        ({"stop": {"warmup": "long"}}, "stop.warmup", "got 'long'; should be a valid number"),
        ({"epoch": 3}, "epoch", "unknown field 'epoch'; did you mean 'epochs'?"),
        ({"loss": "cross_entrop"}, "loss", "got 'cross_entrop'; did you mean 'cross_entropy'? "),
        ({"loss": "x"}, "loss", "got 'x'; should be one of cross_entropy, kl_divergence"),
        ({"measured": "never"}, "measured", "got 'never'; should be a valid integer, or end"),
        ({"measured": 0}, "measured", "got 0; should be greater than 0, or end"),
        (
            {"rule": {"rate": 0.1, "course": {"kind": "rising"}}},
            "rule.course",
            "got {'kind': 'rising'}; allowed here: 'steady', 'falling'",
        ),
        (
            {"rule": {"rate": 0.1, "course": 3}},
            "rule.course",
            "got 3; allowed here: Steady, Falling",
        ),
        (
            {"rule": {"rate": 0.1, "course": {"kind": "falling", "factr": 1}}},
            "rule.course.factr",
            "unknown field 'factr'; did you mean 'factor'?",
        ),
    ],
)
def test_a_fault_says_where_it_is_what_was_got_and_what_is_allowed(fields, path, problem):
    found = faults(lambda: Training(**({"rule": Rule(rate=0.1)} | fields)))
    assert list(found) == [path]
    assert found[path].startswith(problem)


def test_all_faults_come_together():
    found = faults(lambda: Training(rule={"rate": -1.0}, epochs=0, los="x"))
    assert set(found) == {"rule.rate", "epochs", "los"}


def test_the_message_counts_and_lists_the_faults():
    with pytest.raises(DeclarationError) as raised:
        Training(rule=Rule(rate=0.1), held=-1, epochs=0)
    assert str(raised.value).splitlines() == [
        "Training: 2 faults",
        "  epochs: got 0; should be greater than 0",
        "  held: got -1; should be greater than or equal to 0",
    ]


def test_a_long_value_is_shown_in_part():
    found = faults(lambda: Training(rule=Rule(rate=0.1), epochs="9" * 500))
    assert len(found["epochs"]) < 150


def test_a_declaration_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        TRAINING.epochs = 4


def test_fields_are_replaced_by_dotted_path():
    replaced = TRAINING.with_fields({"rule.rate": 0.5, "widths": [4, 2], "rule.course.warmup": 2})
    assert replaced == Training(rule=Rule(rate=0.5, course=Steady(warmup=2)), widths=(4, 2))
    assert Training(rule=Rule(rate=0.1)) == TRAINING


def test_a_whole_declaration_is_replaced_and_then_a_field_of_it():
    fields = {"rule.course": Falling(), "rule.course.factor": 0.25}
    assert TRAINING.with_fields(fields).rule.course == Falling(factor=0.25)


def test_what_is_not_set_is_set_whole():
    assert TRAINING.with_fields({"stop": Steady(warmup=1)}).stop == Steady(warmup=1)
    found = faults(lambda: TRAINING.with_fields({"stop.warmup": 1}))
    assert found == {
        "stop.warmup": "has no field 'warmup', because what holds it is not set",
    }


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("epoch", "unknown field 'epoch'; did you mean 'epochs'?"),
        ("rul.rate", "unknown field 'rul'; did you mean 'rule'?"),
        ("rule.rat", "unknown field 'rat'; did you mean 'rate'?"),
        ("rule.course.factor", "unknown field 'factor'; known: warmup"),
        ("epochs.more", "unknown field 'more'; there are none"),
        ("rule.", "unknown field ''; known: course, decay, rate"),
    ],
)
def test_an_unknown_path_names_what_comes_near(path, problem):
    assert faults(lambda: TRAINING.with_fields({path: 1})) == {path: problem}


def test_unknown_paths_and_bad_values_come_together():
    found = faults(lambda: TRAINING.with_fields({"epoch": 3, "rule.decay": -1.0, "held": "x"}))
    assert set(found) == {"epoch", "rule.decay", "held"}


def test_a_declaration_survives_json():
    changed = TRAINING.with_fields({"rule.course": Falling(factor=0.1), "stop": Steady()})
    assert Training.model_validate(changed.as_json()) == changed


def test_a_digest_depends_on_content_alone():
    assert digest({"b": [1, 2], "a": 0.1}) == digest({"a": 0.1, "b": [1, 2]})
    assert digest(TRAINING.as_json()) == digest(Training(rule=Rule(rate=0.1)).as_json())
    assert re.fullmatch(r"[0-9a-f]{64}", digest({}))
    contents = [{}, {"a": 1}, {"a": "1"}, {"a": [1]}, {"a": 1.5}, {"a": None}, {"b": 1}]
    assert len({digest(content) for content in contents}) == len(contents)


def test_what_is_no_json_has_no_digest():
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"a": float("nan")})


def test_traced_numbers_are_taken_out_and_put_back():
    training = Training(rule=Rule(rate=0.1, decay=0.01, course=Falling(factor=0.3)))
    static, values = split_traced(training)
    assert values == {"rule.rate": 0.1, "rule.decay": 0.01, "rule.course.factor": 0.3}
    assert fill_traced(static, values) == training
    assert static == split_traced(training.with_fields({"rule.rate": 0.7}))[0]
    assert static != split_traced(training.with_fields({"epochs": 4}))[0]


def test_a_traced_zero_stays_because_its_term_is_left_out():
    static, values = split_traced(TRAINING)
    assert "rule.decay" not in values
    assert is_absent(static.rule.decay)
    assert static != split_traced(TRAINING.with_fields({"rule.decay": 0.01}))[0]


def test_an_array_in_place_of_a_number_is_not_absent():
    filled = fill_traced(TRAINING, {"rule.decay": np.zeros(())})
    assert not is_absent(filled.rule.decay)


def test_of_very_many_faults_the_first_are_told_and_all_are_there():
    error = DeclarationError("Study", [Fault(f"level {number}", "no") for number in range(1_032)])
    assert len(error.faults) == 1_032
    first, *lines, last = str(error).splitlines()
    assert (first, lines[0], lines[-1]) == (
        "Study: 1,032 faults",
        "  level 0: no",
        "  level 29: no",
    )
    assert last == "  and 1,002 more"
