"""Studies as they are declared: what is refused, and what a scale makes of them."""

import pytest

from paribus import Factor, Reported, Scale, data, optimizers, probes
from paribus.errors import DeclarationError, UnknownNameError
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"


def faults(call):
    with pytest.raises(DeclarationError) as raised:
        call()
    return [str(fault) for fault in raised.value.faults]


def test_all_faults_of_all_factors_come_together_each_with_its_path():
    factors = [
        Factor(RATE, {"low": -0.01, "high": "fast"}),
        Factor("model.hiden", [(4,)]),
        Factor("arm", {"plain": {}, "long": {"epochs": 0}}),
    ]
    assert faults(lambda: tiny_study(factors=factors)) == [
        f"factors.learning_rate.low: {RATE}: got -0.01; should be greater than 0",
        f"factors.learning_rate.high: {RATE}: got 'fast'; should be a valid number",
        "factors.hiden.4: model.hiden: unknown field 'hiden'; did you mean 'hidden'?",
        "factors.arm.long: epochs: got 0; should be greater than 0",
    ]


def test_levels_that_fit_alone_but_not_together_are_refused_by_condition():
    factors = [
        Factor("loss", ["cross_entropy", "mean_squared_error"]),
        Factor("data", {"digits": data.Digits(), "sinc": data.Function(name="sinc")}),
    ]
    recipe = tiny_recipe(loss="mean_squared_error")
    assert faults(lambda: tiny_study(recipe=recipe, factors=factors)) == [
        "loss=cross_entropy, data=sinc: loss: got 'cross_entropy'; Function has no classes: "
        "mean_squared_error fits it"
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "My Study"}, "name: got 'My Study'; String should match pattern"),
        ({"name": "../elsewhere"}, "name: got '../elsewhere'; String should match pattern"),
        ({"scales": {"../full": Scale()}}, "got '../full'; String should match pattern"),
        ({"replicates": 0}, "replicates: got 0; should be greater than 0"),
        ({"design": "latin"}, "design: got 'latin'; should be one of factorial, one at a time"),
        ({"recipe": 3}, "recipe: got 3; should be a Recipe, or for a trainer"),
        ({"epochs": 3}, "epochs: unknown field 'epochs'; known: "),
        ({"scales": {"demo": Scale(set={"epoch": 3})}}, "epoch: unknown field 'epoch'; did you"),
        (
            {"scales": {"demo": Scale(only={"learning_rate": ("hihg",)})}},
            "scales.demo.only: no level of factor 'learning_rate' named 'hihg'; did you mean",
        ),
        (
            {"factors": [Factor(RATE, [0.1]), Factor(RATE, [0.2])]},
            "factors: two factors named 'learning_rate'; give one of them another `name`",
        ),
        (
            {"factors": [Factor(RATE, [0.1], name="epoch")]},
            "factors: 'epoch' is a word of the results; give the factor a `name`",
        ),
    ],
)
def test_a_study_that_cannot_be_is_refused(fields, expected):
    assert any(expected in fault for fault in faults(lambda: tiny_study(**fields)))


@pytest.mark.parametrize(
    ("earlier", "later", "path"),
    [
        (Factor("epochs", [1, 2]), Factor("arm", {"a": {}, "b": {"epochs": 3}}), "epochs"),
        (
            Factor(RATE, [0.1, 0.2]),
            Factor("optimizer", {"a": optimizers.SGD(learning_rate=0.5)}),
            RATE,
        ),
    ],
)
def test_a_factor_that_undoes_another_is_refused(earlier, later, path):
    (found,) = faults(lambda: tiny_study(factors=[earlier, later]))
    assert found == (
        f"factors: {later.name!r} sets {path} too, which undoes levels of {earlier.name!r}"
    )


def test_a_factor_may_refine_what_an_earlier_one_sets():
    rules = Factor("optimizer", {"sgd": optimizers.SGD(learning_rate=1)})
    study = tiny_study(factors=[rules, Factor(RATE, [0.1, 0.2])])
    rates = [recipe.optimizer.learning_rate for _, recipe in study.at().resolved()]
    assert rates == [0.1, 0.2]


def test_without_scales_a_study_has_one_its_recipe():
    study = tiny_study()
    assert study.scale_names == ("full",)
    assert study.at().scale == "full"
    assert study.at().recipe == study.recipe


def test_the_first_scale_is_the_default_and_changes_what_it_says():
    study = tiny_study(
        scales={
            "demo": Scale(set={"epochs": 1}, only={"learning_rate": ("high",)}, replicates=1),
            "full": Scale(),
        }
    )
    demo, full = study.at(), study.at("full")
    assert (demo.scale, demo.recipe.epochs, demo.replicates) == ("demo", 1, 1)
    assert [factor.labels for factor in demo.factors] == [("high",)]
    assert (full.scale, full.recipe.epochs, full.replicates) == ("full", 2, 2)
    assert [factor.labels for factor in full.factors] == [("low", "high")]


def test_a_scale_may_have_factors_of_its_own():
    study = tiny_study(scales={"demo": Scale(factors=(Factor("model.hidden", [(4,), (2, 2)]),))})
    assert [dict(one.labels) for one, _ in study.at().resolved()] == [
        {"hidden": "4"},
        {"hidden": "2-2"},
    ]


def test_what_is_asked_for_replaces_what_the_scale_says():
    study = tiny_study(scales={"demo": Scale(set={"epochs": 5}, replicates=3)})
    asked = study.at("demo", values={"epochs": 1, "model.hidden": (2,)}, replicates=1)
    assert (asked.recipe.epochs, asked.recipe.model.hidden, asked.replicates) == (1, (2,), 1)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"scale": "ful"}, "no scale of study 'tiny' named 'ful'; did you mean 'full'?"),
        ({"only": {"rate": ("low",)}}, "no factor named 'rate'; "),
        ({"only": {"learning_rate": ("lo",)}}, "named 'lo'; did you mean 'low'?"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_the_nearest(asked, expected):
    with pytest.raises((UnknownNameError, DeclarationError)) as raised:
        tiny_study().at(**asked)
    assert expected in str(raised.value)


def test_all_that_is_asked_for_wrongly_is_told_together():
    asked = {
        "only": {"learning_rate": ("lo",)},
        "values": {"epochz": 3, RATE: 1.0},
        "replicates": 0,
    }
    assert faults(lambda: tiny_study().at(**asked)) == [
        f"{RATE}: every level of factor 'learning_rate' sets it; choose among low, high",
        "no level of factor 'learning_rate' named 'lo'; did you mean 'low'?",
        "epochz: unknown field 'epochz'; did you mean 'epochs'?",
        "replicates: got 0; should be greater than 0",
    ]


def test_a_value_that_every_level_replaces_is_refused_rather_than_ignored():
    assert faults(lambda: tiny_study().at(values={RATE: 0.5}, replicates=0)) == [
        f"{RATE}: every level of factor 'learning_rate' sets it; choose among low, high",
        "replicates: got 0; should be greater than 0",
    ]


def test_a_value_that_some_levels_replace_is_the_others():
    study = tiny_study(factors=[Factor("arm", {"plain": {}, "long": {"epochs": 9}})])
    resolved = study.at(values={"epochs": 4}).resolved()
    assert [recipe.epochs for _, recipe in resolved] == [4, 9]


def test_a_study_is_written_down_as_data():
    document = tiny_study(notes=("a note",)).at().document()
    assert document["factors"] == [
        {
            "name": "learning_rate",
            "labels": ["low", "high"],
            "sets": {"low": {RATE: 0.01}, "high": {RATE: 0.3}},
        }
    ]
    assert document["primary"] == "test/accuracy"
    assert document["recipe"]["optimizer"]["learning_rate"] == 0.1
    assert document["notes"] == ["a note"]


def test_faults_of_the_study_and_of_its_factors_come_together():
    factors = [Factor("model.hiden", [(4,)]), Factor(RATE, [-1.0])]
    assert faults(lambda: tiny_study(name="tiny", replicates=0, factors=factors)) == [
        "replicates: got 0; should be greater than 0",
        "factors.hiden.4: model.hiden: unknown field 'hiden'; did you mean 'hidden'?",
        f"factors.learning_rate.-1.0: {RATE}: got -1.0; should be greater than 0",
    ]


def test_a_fault_of_a_scale_names_the_scale():
    scales = {"demo": Scale(set={"epochs": 0}), "full": Scale()}
    assert faults(lambda: tiny_study(scales=scales)) == [
        "scales.demo.set: epochs: got 0; should be greater than 0"
    ]


def test_reported_numbers_belong_to_a_scale_where_there_are_scales():
    reported = Reported(metric="test/accuracy", values={"low": 0.9}, source="a book")
    assert tiny_study(reported=reported).at().reported == reported
    assert tiny_study(reported=reported).at(values={"epochs": 1}).reported is None
    told = faults(lambda: tiny_study(reported=reported, scales={"demo": Scale()}))
    assert told == ["reported: belongs to one scale: give it there, as Scale(reported=...)"]
    scaled = tiny_study(scales={"demo": Scale(), "full": Scale(reported=reported)})
    assert scaled.at("demo").reported is None
    assert scaled.at("full").reported == reported


def test_numbers_of_several_metrics_may_be_reported_each_metric_once():
    accuracy = Reported(metric="test/accuracy", values={"low": 0.9}, source="a book")
    recall = Reported(metric="test/recall", values={"low": 0.8}, source="a book")
    documents = [
        {"metric": "test/accuracy", "values": {"low": 0.9}, "source": "a book"},
        {"metric": "test/recall", "values": {"low": 0.8}, "source": "a book"},
    ]
    assert tiny_study(reported=accuracy).at().document()["reported"] == documents[0]
    assert tiny_study(reported=[accuracy, recall]).at().document()["reported"] == documents
    scaled = tiny_study(scales={"full": Scale(reported=(accuracy, recall))})
    assert scaled.at().reported == (accuracy, recall)
    assert faults(lambda: tiny_study(reported=(recall, recall))) == [
        "reported: has two of test/recall; a metric has one set of numbers"
    ]
    assert faults(lambda: Scale(reported=())) == [
        "reported: is empty; leave it out, or give the numbers of one metric or more"
    ]


def test_two_probes_of_a_kind_are_refused():
    two = [probes.WeightNorm(), probes.WeightNorm(when=probes.AtEnd())]
    told = faults(lambda: tiny_study(probes=two))
    assert told == ["probes: has 2 of WeightNorm; one study takes one of a kind"]


def test_a_factor_named_like_a_fact_of_a_run_is_refused():
    factor = Factor(RATE, [0.1], name="parameters")
    told = faults(lambda: tiny_study(factors=[factor]))
    assert told == ["factors: 'parameters' is a word of the results; give the factor a `name`"]


def test_declarations_as_levels_need_labels():
    rates = [optimizers.Constant(), optimizers.Cosine()]
    (told,) = faults(lambda: Factor("optimizer.schedule", rates))
    assert told.endswith("which need labels: give a dict, label -> level")


def test_the_kind_of_a_declaration_is_not_set_alone():
    told = faults(lambda: tiny_study().at(values={"optimizer.kind": "adam"}))
    assert told == [
        "optimizer.kind: tells declarations apart and is not set alone; set optimizer whole"
    ]
    whole = {"kind": "adam", "learning_rate": 0.01}
    adam = tiny_study(factors=[]).at(values={"optimizer": whole}).recipe.optimizer
    assert adam == optimizers.Adam(learning_rate=0.01)
