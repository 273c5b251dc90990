"""A plan of many conditions: its ends for people, all of it as JSON."""

import json

from paribus.cli.planned import ENDS, MOST_CONDITIONS, json_parts, show_plan
from paribus.data.base import Source
from paribus.design.factor import Factor
from paribus.study.estimate import Estimate
from paribus.study.plan import make_plan
from study.example_study import tiny_study

NOTHING = Estimate(0, 0, 0.0, "nothing is left to train", 0, 0, 0)


def plan_of(conditions):
    rates = Factor("optimizer.learning_rate", [0.001 * (n + 1) for n in range(conditions)])
    return make_plan(tiny_study(factors=(rates,)).at(), Source())


def shown(capsys, conditions):
    show_plan(plan_of(conditions), NOTHING)
    lines = capsys.readouterr().out.splitlines()
    return lines[1 : next(n for n, line in enumerate(lines) if "cohort" in line)]


def test_every_condition_has_a_line_up_to_a_page_of_them(capsys):
    assert len(shown(capsys, MOST_CONDITIONS)) == MOST_CONDITIONS


def test_of_more_conditions_the_ends_are_shown_and_the_rest_counted(capsys):
    *rows, said = shown(capsys, MOST_CONDITIONS + 1)
    assert len(rows) == 2 * ENDS + 1
    assert rows[0].startswith("0.001 ")
    assert rows[ENDS].split() == ["..."] * 4
    assert rows[-1].startswith("0.061")
    assert said == "41 of 61 conditions are not shown; `paribus plan --json` has all"


def test_json_in_pieces_is_the_whole():
    for conditions in (1, 3):
        plan = plan_of(conditions)
        assert "".join(json_parts(plan)) == json.dumps(plan.as_json()) + "\n"
