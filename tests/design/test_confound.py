"""What differs beyond what a factor is about: found of small declarations, and said of pairs."""

import pytest

from paribus.design import Factor, conditions
from paribus.design.confound import (
    Case,
    acknowledgement_faults,
    changed,
    confounds,
    consequences,
    own_paths,
)
from paribus.design.differences import between, following, sentences, shown
from paribus.errors import DeclarationError
from paribus.spec import Count, Rate, Spec, Whole


class Rule(Spec):
    kind: str = "plain"
    rate: Rate = 0.1
    decay: Whole = 0


class Split(Spec):
    held: Whole = 0


class Pause(Spec):
    after: Count = 5


class Training(Spec):
    data: Split = Split()
    rule: Rule = Rule()
    widths: tuple[Count, ...] = (8,)
    batch: Count = 10
    epochs: Count = 2
    pause: Pause | None = None


BASE = Training()
ARMS = {
    "none": {},
    "slow": {"rule.rate": 0.05},
    "decay": {"rule.decay": 3, "epochs": 4},
    "clean decay": {"rule.decay": 3},
}


def cases(*factors, design="factorial"):
    found = []
    for condition in conditions(factors, design):
        recipe = BASE.with_fields(condition.sets)
        examples = 100 - recipe.data.held
        updates = recipe.epochs * -(-examples // recipe.batch)
        found.append(Case(condition.labels, recipe.as_json(), updates, f"{examples} examples"))
    return found


def confounded(*factors, acknowledged=None, design="factorial"):
    return confounds(factors, BASE, cases(*factors, design=design), acknowledged or {})


def own(factor, *others):
    factors = (factor, *others)
    return own_paths(factor, factors, BASE, cases(*factors))


def named(found):
    return [(one.kind, one.field, one.factor, dict(one.levels)) for one in found]


def stored(*factors, sizes=None, acknowledged=None):
    follow = consequences(factors, BASE, cases(*factors), sizes or {})
    return {
        "consequences": [one.as_json() for one in follow],
        "confounds": [one.as_json() for one in confounded(*factors, acknowledged=acknowledged)],
    }


def test_changed_paths_are_leaves_where_the_kind_is_the_same():
    other = BASE.with_fields({"rule.rate": 0.2, "widths": (4, 4), "data.held": 1})
    assert list(changed(BASE.as_json(), other.as_json())) == ["data.held", "rule.rate", "widths"]
    assert list(changed(BASE.as_json(), BASE.as_json())) == []


def test_a_part_of_another_kind_or_not_there_is_one_difference():
    swapped = BASE.with_fields({"rule": Rule(kind="other", rate=0.3), "pause": Pause()})
    for pair in ((BASE, swapped), (swapped, BASE)):
        first, second = (one.as_json() for one in pair)
        assert list(changed(first, second)) == ["rule", "pause"]


# What a factor is about


def test_a_factor_of_a_field_is_about_that_field():
    assert own(Factor("rule.rate", [0.1, 0.2])) == {"rule.rate"}
    levels = {"1": {"batch": 1}, "10 paused": {"batch": 10, "pause": Pause()}}
    assert own(Factor("batch", levels)) == {"batch"}


def test_a_named_factor_is_about_what_some_level_sets_alone():
    assert own(Factor("arm", ARMS)) == {"rule.rate", "rule.decay"}


def test_of_levels_that_set_several_fields_the_first_declared_is_taken():
    levels = {"a": {"widths": (4,), "rule.rate": 0.2}, "b": {"widths": (5,), "rule.rate": 0.3}}
    assert own(Factor("arm", levels)) == {"widths"}
    turned = {label: dict(reversed(fields.items())) for label, fields in levels.items()}
    assert own(Factor("arm", turned)) == {"rule.rate"}


def test_a_value_that_the_recipe_has_anyway_is_not_set():
    levels = {"a": {"rule.rate": 0.1}, "b": {"rule.rate": 0.1, "widths": (4,)}}
    assert own(Factor("arm", levels)) == {"widths"}
    assert not confounded(Factor("arm", levels))


def test_a_value_that_another_factor_has_changed_is_set():
    # Back to the recipe's own rate, but not to that which the other factor gives.
    speed = Factor("speed", {"same": {"rule": Rule()}, "slow": {"rule": Rule(rate=0.01)}})
    remedy = Factor("remedy", {"none": {}, "usual": {"rule.rate": 0.1}})
    factors = (speed, remedy)
    assert own_paths(remedy, factors, BASE, cases(*factors)) == {"rule.rate"}
    assert not confounded(*factors)


def test_a_declaration_set_whole_is_compared_field_by_field():
    arm = Factor("arm", {"a": {"rule": Rule()}, "b": {"rule": Rule(decay=2)}})
    assert own(arm) == {"rule.decay"}
    both = Factor("arm", {"a": {"rule": Rule(decay=2)}, "b": {"rule": Rule(decay=2, rate=0.3)}})
    assert named(confounded(both)) == [("field", "rule.rate", "arm", {"a": 0.1, "b": 0.3})]


def test_a_factor_of_another_kind_is_about_all_of_it():
    swapped = {"a": {}, "b": {"rule": Rule(kind="other", rate=0.3, decay=4)}}
    assert own(Factor("arm", swapped)) == {"rule"}
    assert not confounded(Factor("arm", swapped))


def test_what_a_factor_declares_goes_before_all_else():
    arms = Factor("arm", ARMS, about=("rule.decay", "epochs"))
    assert own(arms) == {"rule.decay", "epochs"}
    assert [one.field for one in confounded(arms)] == ["rule.rate"]
    assert Factor("arm", ARMS, about="rule").about == ("rule",)
    assert arms.only(["none", "decay"]).about == arms.about


def test_being_about_no_field_is_a_fault():
    factor = Factor("arm", ARMS, about=("rule.decai", "pause.after", "rule", "epochs"))
    assert [str(fault) for fault in factor.faults(BASE)] == [
        "factors.arm.about: 'rule.decai' is no field of the recipe",
        "factors.arm.about: 'pause.after' is no field of the recipe",
    ]
    with pytest.raises(DeclarationError, match=r"arm: is about 3; give paths of fields, as text"):
        Factor("arm", ARMS, about=["epochs", 3])
    paused = Factor("arm", {"a": {}, "b": {"pause": Pause()}}, about=("pause.after",))
    assert paused.faults(BASE) == []


# Confounds


def test_a_field_beyond_the_factor_is_named_with_its_values():
    levels = {"none": 2, "slow": 2, "decay": 4, "clean decay": 2}
    updates = {label: 10 * epochs for label, epochs in levels.items()}
    assert named(confounded(Factor("arm", ARMS))) == [
        ("field", "epochs", "arm", levels),
        ("updates", "", "arm", updates),
    ]


def test_levels_that_set_one_thing_each_are_clean():
    clean = {label: fields for label, fields in ARMS.items() if label != "decay"}
    assert not confounded(Factor("arm", clean), Factor("widths", [(4,), (5,)]))


def test_other_updates_are_a_confound_unless_the_factor_is_the_length():
    sizes = Factor("batch", [1, 10])
    assert named(confounded(sizes)) == [("updates", "", "batch", {"1": 200, "10": 20})]
    length = Factor("epochs", [1, 2])
    assert not confounded(length)
    follow = consequences((length,), BASE, cases(length), {})
    assert named(follow) == [("updates", "", "epochs", {"1": 10, "2": 20})]


def test_other_data_are_a_confound_unless_the_factor_is_of_them():
    held = Factor("data.held", [0, 50])
    assert named(confounded(held)) == [("updates", "", "held", {"0": 20, "50": 10})]
    data = {"0": "100 examples", "50": "50 examples"}
    follow = consequences((held,), BASE, cases(held), {})
    assert named(follow) == [("data", "data", "held", data)]
    arms = Factor("arm", {"a": {}, "b": {"widths": (4,), "data.held": 50}, "c": {"widths": (5,)}})
    assert [(one.kind, one.field) for one in confounded(arms)] == [
        ("field", "data.held"),
        ("updates", ""),
        ("data", "data"),
    ]


def test_a_value_that_depends_on_other_factors_is_given_for_each_condition():
    (batch, *_), factors = (
        confounded(Factor("batch", [1, 10]), Factor("epochs", [1, 2])),
        {"batch", "epochs"},
    )
    assert batch.levels == {}
    assert {frozenset(one["condition"]) for one in batch.conditions} == {frozenset(factors)}
    assert [one["value"] for one in batch.conditions] == [100, 200, 10, 20]
    assert batch.value_at({"batch": "1", "epochs": "2"}) == 200
    (sentence,) = sentences([batch.as_json()])
    assert sentence == (
        "optimizer updates by `batch`: 10 to 200, with other factors: a 20-fold difference"
    )


def test_one_at_a_time_has_the_same_confounds():
    factors = Factor("arm", ARMS), Factor("widths", [(4,), (5,)])
    assert named(confounded(*factors, design="one at a time")) == named(confounded(*factors))


def test_a_level_without_which_the_recipe_cannot_be_is_compared_where_it_can():
    # Without a field the reference cannot be built there; the first level of the other can.
    arm = Factor("arm", {"a": {"pause": Pause(after=3)}, "b": {"pause": Pause(after=4)}})
    later = Factor("later", {"as it is": {}, "later": {"pause.after": 9}})
    assert own(arm, later) == {"pause"}


def test_a_part_of_another_kind_is_named_whole_and_not_field_by_field():
    levels = {
        "plain": {},
        "decay": {"widths": (4,), "rule.decay": 3},
        "other": {"widths": (5,), "rule": Rule(kind="other")},
        "wide": {"widths": (6,)},
    }
    (found,) = confounded(Factor("arm", levels))
    assert found.field == "rule"
    assert found.levels["decay"] == {"kind": "plain", "rate": 0.1, "decay": 3}


# Consequences


def test_sizes_are_consequences_of_the_factor_that_changes_them():
    widths, rate = Factor("widths", [(4,), (5,)]), Factor("rule.rate", [0.1, 0.2])
    sizes = {"parameters": [40, 40, 50, 50], "initial weights": [0, 0, 1, 1]}
    follow = consequences((widths, rate), BASE, cases(widths, rate), sizes)
    assert named(follow) == [
        ("parameters", "", "widths", {"4": 40, "5": 50}),
        ("initial weights", "", "widths", {"4": 0, "5": 1}),
    ]


def test_which_weights_are_equal_is_seen_from_each_factor_alone():
    widths, rate = Factor("widths", [(4,), (5,)]), Factor("rule.rate", [0.1, 0.2])
    numbers = {"initial weights": [0, 1, 2, 3]}
    follow = consequences((widths, rate), BASE, cases(widths, rate), numbers)
    assert named(follow) == [
        ("initial weights", "", "widths", {"4": 0, "5": 1}),
        ("initial weights", "", "rate", {"0.1": 0, "0.2": 1}),
    ]


# Acknowledged


def test_a_reason_is_kept_with_what_it_excuses():
    reasons = {"epochs": "as published", "updates": "so it is"}
    found = confounded(Factor("arm", ARMS), acknowledged=reasons)
    assert [one.acknowledged for one in found] == ["as published", "so it is"]
    assert acknowledgement_faults(reasons, found) == []
    (first, _) = sentences([one.as_json() for one in found])
    assert first == (
        "beyond the factor `arm`: epochs is 4 at decay, 2 at none, slow and clean decay "
        "(acknowledged: as published)"
    )


def test_a_path_excuses_what_lies_below_it():
    arms = Factor("arm", {"a": {}, "b": {"widths": (4,), "rule.decay": 5}, "c": {"widths": (5,)}})
    (found,) = confounded(arms, acknowledged={"rule": "why not"})
    assert (found.field, found.acknowledged) == ("rule.decay", "why not")


def test_what_is_no_confound_cannot_be_acknowledged():
    found = confounded(Factor("arm", ARMS))
    wrong = {"epoch": "x", "rule.rate": "x", "data": "x", "updates": " ", "epochs": "x"}
    assert [str(fault) for fault in acknowledgement_faults(wrong, found)] == [
        "acknowledged.epoch: is no confound of the study; did you mean 'epochs'?",
        "acknowledged.rule.rate: is no confound of the study; known: epochs, updates",
        "acknowledged.data: is no confound of the study; known: epochs, updates",
        "acknowledged.updates: got ' '; give the reason why it is so, in a sentence",
    ]
    assert [str(fault) for fault in acknowledgement_faults({"epochs": "x"}, [])] == [
        "acknowledged.epochs: is no confound of the study; there are none"
    ]


# Two conditions


def test_a_pair_shows_the_confounds_that_touch_it():
    differences = stored(Factor("arm", ARMS), acknowledged={"epochs": "as published"})
    told = [
        "beyond the factor `arm`: epochs is 2 at none, 4 at decay (acknowledged: as published)",
        "optimizer updates: 20 at none, 40 at decay: a 2-fold difference",
    ]
    assert between(differences, {"arm": "none"}, {"arm": "decay"}) == told
    assert between(differences, {"arm": "none"}, {"arm": "clean decay"}) == []
    assert between(differences, {"arm": "decay"}, {"arm": "decay"}) == []
    assert following(differences, {"arm": "none"}, {"arm": "decay"}) == []


def test_a_pair_of_several_factors_is_touched_through_each():
    factors = Factor("arm", ARMS), Factor("batch", [1, 10])
    differences = stored(*factors)
    first = {"arm": "none", "batch": "1"}
    assert between(differences, first, {"arm": "slow", "batch": "1"}) == []
    assert between(differences, first, {"arm": "slow", "batch": "10"}) == [
        "optimizer updates: 200 at none · 1, 20 at slow · 10: a 10-fold difference"
    ]
    # What both factors change is said once.
    both = between(differences, first, {"arm": "decay", "batch": "10"})
    assert [one.partition(":")[0] for one in both] == [
        "beyond the factor `arm`",
        "optimizer updates",
    ]


def test_what_another_factor_changes_is_no_confound_of_a_pair():
    slow = {"widths": (4,), "rule.rate": 0.05}
    arm = Factor("arm", {"none": {}, "wide": {"widths": (9,)}, "slow": slow})
    rate = Factor("rate", {"as it is": {}, "high": {"rule.rate": 0.9}})
    differences = stored(arm, rate)
    first, second = {"arm": "slow", "rate": "as it is"}, {"arm": "slow", "rate": "high"}
    assert between(differences, first, second) == []
    assert between(differences, first, first | {"arm": "none"}) == [
        "beyond the factor `arm`: rule.rate is 0.05 at slow, 0.1 at none"
    ]
    assert between(differences, second, second | {"arm": "none"}) == []


def test_conditions_that_a_study_does_not_have_share_no_confound():
    differences = stored(Factor("arm", ARMS), Factor("batch", [1, 10]))
    assert between(differences, {}, {"arm": "decay"}) == []
    assert between(differences, {"arm": "other"}, {"arm": "decay"}) == []
    assert between(differences, {"arm": "none", "batch": "1"}, {"arm": "slow"}) == []
    # Updates depend on the batch as well: without its label they have no one value.
    assert between(differences, {"arm": "none"}, {"arm": "decay"}) == [
        "beyond the factor `arm`: epochs is 2 at none, 4 at decay"
    ]


def test_a_pair_shows_its_consequences():
    widths = Factor("widths", {"narrow": (4,), "wide": (5,), "same": (4,)})
    sizes = {"parameters": [40, 80, 40], "initial weights": [0, 1, 0]}
    differences = stored(widths, sizes=sizes)
    assert following(differences, {"widths": "narrow"}, {"widths": "wide"}) == [
        "parameters: 40 at narrow, 80 at wide: a 2-fold difference",
        "initial weights: different at narrow and wide",
    ]
    assert following(differences, {"widths": "narrow"}, {"widths": "same"}) == []


# In words


def widths_of(count):
    return Factor("widths", {str(one): (one,) for one in range(1, count + 1)})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([5, 5, 5, 5, 5, 9], "9 at 6, 5 at the other 5: a 1.8-fold difference"),
        ([10, 20, 30, 40, 50, 60], "10 at 1 to 60 at 6: a 6-fold difference"),
        ([1000, 1000, 1001, 1000, 1000, 1000], "1,001 at 3, 1,000 at the other 5"),
        ([1, 2, 3, 1, 12_000, 0], "0 at 6 to 12,000 at 5"),
    ],
    ids=["one apart", "all different", "hardly", "from nothing"],
)
def test_many_levels_are_said_in_few_words(values, told):
    follow = consequences((widths_of(6),), BASE, cases(widths_of(6)), {"parameters": values})
    (sentence,) = sentences([one.as_json() for one in follow])
    assert sentence == f"parameters by `widths`: {told}"


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([0, 1, 2, 3, 4, 5], "different at every level"),
        ([0, 0, 0, 1, 1, 2], "equal at 1, 2 and 3, equal at 4 and 5, different at 6"),
        ([0, 0, 1, 1, 0, 0], "equal at 1, 2, 5 and 6, equal at 3 and 4"),
    ],
    ids=["all", "some", "none alone"],
)
def test_which_weights_are_equal_is_said(numbers, told):
    sizes = {"initial weights": numbers}
    follow = consequences((widths_of(6),), BASE, cases(widths_of(6)), sizes)
    (sentence,) = sentences([one.as_json() for one in follow])
    assert sentence == f"initial weights by `widths`: {told}"


def test_many_values_that_are_no_numbers_are_counted():
    levels = {str(one): {"rule.decay": one, "widths": (one,)} for one in range(1, 7)}
    (found,) = confounded(Factor("arm", levels))
    assert sentences([found.as_json()]) == [
        "beyond the factor `arm`: widths is 6 different values at 6 levels"
    ]


def test_values_are_shown_as_a_person_writes_them():
    assert shown(True) == "true"
    assert shown(None) == "not set"
    assert shown(0.00123456789) == "0.00123457"
    assert shown({"after": 5}) == "after=5"
    assert shown([]) == "()"


def test_an_impossible_level_is_a_fault_of_its_own():
    with pytest.raises(DeclarationError):
        BASE.with_fields({"rule.rate": -1.0})
