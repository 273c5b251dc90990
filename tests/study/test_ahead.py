"""What later rounds of adaptive designs are expected to train."""

import pytest

from paribus import Factor, Scan, Tuned, data
from paribus.data.base import Source
from paribus.design.adaptive import FIRST_TRIAL
from paribus.study.ahead import ahead
from paribus.study.plan import make_plan
from study.example_study import tiny_recipe, tiny_study

DEPTHS = Factor("model.hidden", {"1": (8,), "2": (8, 8), "3": (8, 8, 8)}, name="depth")
RATES = Factor("optimizer.learning_rate", {"low": 0.01, "high": 0.3}, name="rate")
REMEDY = Factor("remedy", {"none": {}, "long": {"epochs": 3}})


def planned(**fields):
    return make_plan(tiny_study(**fields).at(), Source())


def level(plan, depth):
    return [run for run in plan.runs if run.condition["depth"] == depth]


def test_a_grid_has_nothing_ahead():
    plan = planned()
    assert ahead(plan, [list(plan.runs)]) == []


def test_before_any_round_nothing_is_known():
    plan = planned(factors=[DEPTHS], design=Scan(factor="depth"))
    assert ahead(plan, []) == []


def test_a_scan_goes_on_with_the_chance_of_its_chains():
    plan = planned(factors=[DEPTHS], design=Scan(factor="depth"), replicates=2)
    first, second, third = (level(plan, depth) for depth in "123")
    one, two, after = ahead(plan, [first])
    # Of three levels and none trained so far: 1/3 stalls at each.
    assert one == (pytest.approx(2 / 3 * sum(run.cost for run in second)), 1, pytest.approx(2 / 3))
    assert two == (pytest.approx(4 / 9 * sum(run.cost for run in third)), 1, pytest.approx(4 / 9))
    assert after == (0, 0, 0)


def test_chains_that_stalled_are_not_expected_to_go_on():
    plan = planned(factors=[DEPTHS], design=Scan(factor="depth"), replicates=2)
    first, second, third = (level(plan, depth) for depth in "123")
    rounds = ahead(plan, [first, second[:1]])
    # One of two stalled: (1 + 1) / (2 + 3) stall at a level.
    assert rounds[0] == (pytest.approx(0.6 * third[0].cost), 1, pytest.approx(0.6))


def test_remedies_are_tried_where_a_chain_stalls():
    design = Scan(factor="depth", remedies="remedy")
    plan = planned(factors=[DEPTHS, REMEDY], design=design, replicates=1)
    plain = [run for run in plan.runs if run.condition["remedy"] == "none"]
    treated = [run for run in plan.runs if run.condition["remedy"] == "long"]
    found = ahead(plan, [plain[:1]])
    here = treated[0].cost / 3
    assert found[0].cost == pytest.approx(here + 2 / 3 * plain[1].cost)
    assert found[-1].cost == pytest.approx(4 / 9 / 3 * treated[2].cost)


def test_after_trials_one_level_is_judged():
    recipe = tiny_recipe(data=data.Digits(validation=200))
    plan = planned(recipe=recipe, factors=[RATES], design=Tuned(factor="rate", replicates=2))
    trials = [run for run in plan.runs if run.replicate >= FIRST_TRIAL]
    judged = [run for run in plan.runs if run.replicate < FIRST_TRIAL]
    (found,) = ahead(plan, [trials])
    assert found.cost == pytest.approx(sum(run.cost for run in judged) / 2)
    assert ahead(plan, [trials, judged[:2]])[0].cost == 0
