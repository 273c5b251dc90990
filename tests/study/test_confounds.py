"""Which studies are confounded: planted ones, those of the catalogue, and what is stored of it."""

import json
import os
import subprocess
import sys
from itertools import combinations

import pytest

from paribus import Factor, Scale, data, models, optimizers, studies
from paribus.cli.planned import show_plan
from paribus.data.base import Source
from paribus.design.adaptive import Tuned
from paribus.design.confound import own_paths
from paribus.design.differences import between, following
from paribus.errors import DeclarationError
from paribus.study.differences import cases_of, operations_of, shapes_of
from paribus.study.estimate import estimate
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from reference.plain_confounds import plain_confounds
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"

CONFOUNDS = {
    ("regularization-small", RATE),
    ("batch-size", "updates"),
    ("batch-size", "warm_start"),
    ("function-fitting", RATE),
    ("flatness-interpolation", "updates"),
    ("sensitivity", "updates"),
}
"""Of the catalogue, at every scale; each is as its source did it."""

SCALES = [study.at(scale) for study in studies.ALL for scale in study.scale_names]
MOST = 60
"""Conditions of a study that are compared, each with each."""


def study_named(name):
    return next(study for study in studies.ALL if study.name == name)


def confounds_of(study, **at):
    return [one.as_json() for one in study.at(**at).confounds]


def names(found):
    return [one["field"] or one["kind"] for one in found]


# Planted


def test_a_planted_confound_is_named():
    levels = {
        "relu": {"model.activation": "relu"},
        "tanh": {"model.activation": "tanh"},
        "sigmoid": {"model.activation": "sigmoid", RATE: 0.2},
    }
    (found,) = confounds_of(tiny_study(factors=[Factor("model.activation", levels)]))
    assert found == {
        "kind": "field",
        "field": RATE,
        "factor": "activation",
        "levels": {"relu": 0.1, "tanh": 0.1, "sigmoid": 0.2},
        "conditions": [],
        "acknowledged": None,
    }


def test_fewer_epochs_in_one_arm_are_named_with_the_updates():
    arms = {
        "plain": {},
        "dropout": {"model.dropout": 0.2, "epochs": 4},
        "L2": {"penalties.l2": 1.0},
    }
    study = tiny_study(factors=[Factor("arm", arms, about=("model.dropout", "penalties"))])
    assert names(confounds_of(study)) == ["epochs", "updates"]


def test_other_data_in_one_arm_are_named():
    arms = {"plain": {}, "wide": {"model.hidden": (9,), "data.validation": 500}}
    found = confounds_of(tiny_study(factors=[Factor("arm", arms)]))
    assert names(found) == ["data.validation", "updates", "data"]
    assert found[-1]["levels"] == {
        "plain": "1,437 examples of digits",
        "wide": "937 examples of digits",
    }


def test_data_of_one_size_and_kind_are_told_apart_by_their_fields():
    functions = {one: data.Function(name=one, examples=50) for one in ("sinc", "square")}
    study = tiny_study(
        recipe=tiny_recipe(data=functions["sinc"], loss="mean_squared_error"),
        factors=[Factor("data", functions)],
    )
    found = study.at().differences
    assert found["confounds"] == []
    assert found["consequences"][0]["levels"] == {
        "sinc": "50 examples of function, name sinc",
        "square": "50 examples of function, name square",
    }


def test_a_tuned_factor_is_a_factor_like_others():
    study = tiny_study(
        recipe=tiny_recipe(data=data.Digits(validation=100)),
        factors=[Factor("batch_size", [16, 32]), Factor(RATE, [0.1, 0.2])],
        design=Tuned(factor="learning_rate"),
    )
    (found,) = confounds_of(study)
    assert (found["kind"], found["factor"]) == ("updates", "batch_size")
    differences = study.at().differences
    # The rate is chosen for each batch size: it is not part of what is compared.
    (told,) = between(differences, {"batch_size": "16"}, {"batch_size": "32"})
    assert told == ("optimizer updates: 168 at 16, 84 at 32: a 2-fold difference")


def test_a_study_without_factors_has_no_differences():
    empty = {"consequences": [], "confounds": []}
    assert tiny_study(factors=[]).at().differences == empty


# The catalogue


@pytest.mark.parametrize("study", studies.ALL, ids=lambda one: one.name)
def test_the_catalogue_is_confounded_where_its_sources_are(study):
    expected = {field for name, field in CONFOUNDS if name == study.name}
    for scale in study.scale_names:
        found = confounds_of(study, scale=scale)
        assert set(names(found)) == expected
        assert all(one["acknowledged"] for one in found)


def test_c2_is_flagged_for_its_l2_and_dropout_arms_and_not_for_its_clean_ones():
    scaled = study_named("regularization-small").at("full")
    rates = scaled.differences["confounds"][0]["levels"]
    flagged = {label for label, rate in rates.items() if rate != rates["none"]}
    assert flagged == {"L2", "dropout"}

    def told(first, second):
        labels = ({"optimizer": "adam", "regularization": one} for one in (first, second))
        return between(scaled.differences, *labels)

    (sentence,) = told("L2", "none")
    assert sentence.startswith(
        "beyond the factor `regularization`: optimizer.learning_rate is 0.0033 at L2, 0.003 at "
        "none (acknowledged: "
    )
    assert len(told("dropout", "L1")) == 1
    clean = ["none", "L1", "L2 at 0.003", "dropout at 0.003"]
    assert not any(told(first, second) for first, second in combinations(clean, 2))


def test_d2_notes_a_thousandfold_difference_of_updates():
    differences = study_named("batch-size").at("full").differences
    (told,) = between(differences, {"batch_size": "1"}, {"batch_size": "1000"})
    assert told.startswith(
        "optimizer updates: 2,500,000 at 1, 2,500 at 1000: a 1,000-fold difference"
    )


def test_e1_is_flagged_for_the_rate_of_the_deep_network():
    differences = study_named("function-fitting").at("full").differences
    deep, middle = ({"network": one, "target": "sinc"} for one in ("deep", "middle"))
    (told,) = between(differences, deep, middle)
    assert "optimizer.learning_rate is 0.0012 at deep, 0.0011 at middle" in told
    assert between(differences, deep | {"network": "deep at 0.0011"}, middle) == []


@pytest.mark.parametrize("scaled", SCALES, ids=lambda one: f"{one.name}-{one.scale}")
def test_a_pair_is_told_what_a_plain_comparison_finds(scaled):
    found = scaled.resolved()
    differences = {"confounds": [one.as_json() for one in scaled.confounds]}
    cases = cases_of(found)
    own = {
        one.name: own_paths(one, scaled.factors, scaled.recipe, cases) for one in scaled.factors
    }
    for (first, one), (second, other) in combinations(found[:MOST], 2):
        apart = [name for name in first.labels if first.labels[name] != second.labels[name]]
        if len(apart) > 1:
            continue
        told = between(differences, first.labels, second.labels)
        assert {line.partition(" is ")[0] for line in told if line.startswith("beyond")} == {
            f"beyond the factor `{apart[0]}`: {path}"
            for path in plain_confounds(one.as_json(), other.as_json(), own[apart[0]])
        }
        updates = one.epochs * one.steps_per_epoch != other.epochs * other.steps_per_epoch
        assert any(line.startswith("optimizer updates") for line in told) == updates


# Sizes


LENET_OPERATIONS = 2 * (
    28 * 28 * 6 * 3 * 25 + 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10
)


def test_operations_are_those_of_the_layers():
    lenet = study_named("cifar-layers").at("full").resolved()[-1][1].model
    assert operations_of(lenet, (32, 32, 3), 10) == LENET_OPERATIONS
    assert operations_of(models.MLP(hidden=(120, 84)), (32, 32, 3), 10) == 2 * (
        3072 * 120 + 120 * 84 + 84 * 10
    )


@pytest.mark.parametrize(
    "convolution",
    [
        models.Convolution(channels=2, kernel=(3, 2), stride=2, padding=1),
        models.Convolution(channels=2, kernel=1, pool=models.Pool(size=4)),
    ],
    ids=["stride and padding", "pooled"],
)
def test_a_convolution_is_counted_at_every_place(convolution):
    model = models.CNN(convolutions=(convolution,), hidden=())
    shapes = shapes_of(model, (8, 8), 10)
    high, wide = convolution.sizes((8, 8))[0]
    kernel = shapes[0][0] * shapes[0][1] * shapes[0][2] * shapes[0][3]
    dense = shapes[2][0] * shapes[2][1]
    assert operations_of(model, (8, 8), 10) == 2 * (kernel * high * wide + dense)


@pytest.mark.parametrize("name", ["fashion-architectures", "deep-vs-shallow-mnist"])
def test_parameters_are_those_of_the_plan(name, tmp_path):
    plan = make_plan(study_named(name).at("full"), Source(tmp_path))
    (*_, levels) = (
        one["levels"]
        for one in plan.study.differences["consequences"]
        if one["kind"] == "parameters"
    )
    assert levels == {
        label: run.parameters for run in plan.runs for label in run.condition.values()
    }


def test_initial_weights_differ_by_shape_initialization_and_where_training_begins():
    levels = {
        "plain": {},
        "tanh": {"model.activation": "tanh"},
        "wide": {"model.hidden": (9,)},
        "He": {"initialization.weights": "he_normal"},
        "continued": {"warm_start": {"batch_size": 64}},
    }
    found = tiny_study(factors=[Factor("arm", levels)]).at().differences["consequences"]
    starts = next(one for one in found if one["kind"] == "initial weights")
    assert starts["levels"] == {"plain": 0, "tanh": 0, "wide": 1, "He": 2, "continued": 3}


def test_seventeen_architectures_are_said_in_a_few_lines():
    differences = study_named("fashion-architectures").at("full").differences
    assert [one["kind"] for one in differences["consequences"]] == [
        "parameters",
        "operations",
        "initial weights",
    ]
    first, last = ({"architecture": one} for one in ("6", "16"))
    assert following(differences, first, last) == [
        "parameters: 101,770 at 6, 44,374 at 16: a 2.3-fold difference",
        "operations of a forward pass per example: 203,264 at 6, 563,200 at 16: "
        "a 2.8-fold difference",
        "initial weights: different at 6 and 16",
    ]


# Acknowledged


def faults(**fields):
    with pytest.raises(DeclarationError) as raised:
        tiny_study(**fields)
    return [str(fault) for fault in raised.value.faults]


def test_acknowledging_what_is_no_confound_is_a_fault():
    assert faults(acknowledged={RATE: "why"}) == [
        f"acknowledged.{RATE}: is no confound of the study; there are none"
    ]
    sizes = [Factor("batch_size", [16, 32])]
    assert faults(factors=sizes, acknowledged={"update": "why", "updates": ""}) == [
        "acknowledged.update: is no confound of the study; did you mean 'updates'?",
        "acknowledged.updates: got ''; give the reason why it is so, in a sentence",
    ]
    assert faults(factors=sizes, acknowledged={"updates": 3}) == [
        "acknowledged.updates: got 3; should be a valid string"
    ]


def test_a_confound_of_one_scale_may_be_acknowledged():
    study = tiny_study(
        factors=[Factor("batch_size", [16, 32])],
        scales={"demo": Scale(only={"batch_size": ("16",)}), "full": Scale()},
        acknowledged={"updates": "as published"},
    )
    assert confounds_of(study, scale="demo") == []
    assert confounds_of(study, scale="full")[0]["acknowledged"] == "as published"
    assert confounds_of(study, scale="full", only={"batch_size": ("32",)}) == []


def test_being_about_a_field_that_is_not_there_is_a_fault_of_the_study():
    assert faults(factors=[Factor(RATE, [0.1], about=["optimizer.rate"])]) == [
        "factors.learning_rate.about: 'optimizer.rate' is no field of the recipe"
    ]


# Stored and shown


def test_differences_are_stored_with_the_study_and_printed_with_the_plan():
    plan = study_named("batch-size").plan("demo")
    differences = plan.study.differences
    assert json.loads(json.dumps(differences)) == differences
    assert plan.entry.document["differences"] == differences
    printed = plan.as_json()
    assert {name: printed[name] for name in differences} == differences


def test_plan_shows_both_groups(capsys, tmp_path):
    shown(study_named("function-fitting").at("demo"), tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" by ")[0] for line in lines if line.startswith("consequence: ")] == [
        "consequence: parameters",
        "consequence: operations of a forward pass per example",
        "consequence: initial weights",
        "consequence: training data",
    ]
    (told,) = [line for line in lines if line.startswith("confound")]
    assert told == (
        "confound: beyond the factor `network`: optimizer.learning_rate is 0.0012 at deep, 0.0011 "
        "at middle, shallow and deep at 0.0011 (acknowledged: the report gives the deep network a "
        "rate of its own; `deep at 0.0011` has that of the others)"
    )


def test_plan_says_where_there_is_no_confound(capsys, tmp_path):
    shown(tiny_study().at(), tmp_path)
    assert "\nconfounds: none found\n" in capsys.readouterr().out
    shown(tiny_study(factors=[]).at(), tmp_path)
    assert "confounds" not in capsys.readouterr().out


def shown(scaled, folder):
    plan = make_plan(scaled, Source(folder))
    show_plan(plan, estimate(plan, RunOptions(lab=folder / "lab", source=Source(folder))))


def test_finding_differences_starts_no_backend():
    program = (
        "from paribus import studies; from jax._src import xla_bridge\n"
        "for study in studies.ALL[:4]: study.at('full').document()\n"
        "assert not xla_bridge._backends"
    )
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_optimizers_of_two_kinds_are_one_difference():
    arms = {
        "sgd": {},
        "adam": {"optimizer": optimizers.Adam(learning_rate=0.1), "model.activation": "tanh"},
        "tanh": {"model.activation": "tanh"},
    }
    (found,) = confounds_of(tiny_study(factors=[Factor("arm", arms)]))
    assert found["field"] == "optimizer"
    assert {label: one["kind"] for label, one in found["levels"].items()} == {
        "sgd": "sgd",
        "adam": "adam",
        "tanh": "sgd",
    }
