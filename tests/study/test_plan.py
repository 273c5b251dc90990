"""Plans: which runs, by which keys, in which cohorts, with how many parameters."""

import json
import subprocess
import sys

import pytest

from paribus import (
    EarlyStopping,
    Factor,
    Initialization,
    Penalties,
    data,
    models,
    optimizers,
    probes,
    studies,
)
from paribus.data.base import Source
from paribus.spec import digest
from paribus.study.plan import make_plan, run_key, run_keys
from paribus.training.recipe import NUMERICS
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"

# Report B as printed, but for 15: 569,016 is reached with a further hidden layer of 10.
PARAMETERS = {
    "0": 7_850,
    "1": 101_770,
    "2": 101_770,
    "3": 101_770,
    "4": 101_770,
    "5": 101_770,
    "6": 101_770,
    "7": 104_775,
    "8": 101_807,
    "9": 407_050,
    "10": 401_110,
    "11": 366_618,
    "12": 3_985,
    "13": 577_178,
    "14": 227_018,
    "15": 569_016,
    "16": 44_374,
}


def keys(study):
    return [run.key for run in study.plan().runs]


def test_the_key_of_a_run_is_what_it_always_was():
    # Every run stored so far is found by its key. A change here means that all are trained anew.
    assert run_key(tiny_recipe(), 0, "0" * 64) == (
        "b2abc08c2cc99f7d581b9683f487f48dfcf2eec019e07bf9cdec859dac0edd80"
    )
    large = tiny_recipe(
        data=data.FashionMNIST(validation=1000),
        model=models.MLP(hidden=(128, 64), activation="tanh", dropout=0.2),
        optimizer=optimizers.AdamW(
            learning_rate=3e-4, weight_decay=1e-3, schedule=optimizers.Cosine(warmup=1)
        ),
        penalties=Penalties(l1=1e-4),
        early_stopping=EarlyStopping(),
        precision="float64",
        initialization=Initialization(weights="he_normal"),
        epochs=50,
    )
    assert run_key(large, 4, "f" * 64) == (
        "8e5d67ed5d723895a48b4f11c247795f9327d9a6b573f4192f9afc928e3871f5"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "other", "question": "Why?", "description": "x", "notes": ("x",)},
        {"probes": (probes.WeightNorm(),)},
        {"factors": [Factor(RATE, {"slow": 0.01, "fast": 0.3}, name="speed")]},
        {"factors": [Factor("arm", {"a": {RATE: 0.01}, "b": {RATE: 0.3}})]},
    ],
)
def test_what_does_not_change_a_training_does_not_change_its_key(fields):
    assert keys(tiny_study(**fields)) == keys(tiny_study())


def test_everything_that_changes_a_training_changes_its_key():
    changes = [
        {},
        {"epochs": 3},
        {"batch_size": 16},
        {"model.hidden": (9,)},
        {"model.activation": "tanh"},
        {"model.dropout": 0.1},
        {"optimizer": optimizers.Adam(learning_rate=0.1)},
        {"optimizer.momentum": 0.9},
        {"data.validation": 100},
        {"data.random_labels": 0.5},
        {"data": data.MNIST()},
        {"penalties.l2": 1e-3},
        {"initialization.weights": "he_normal"},
        {"evaluate": 2},
        {"precision": "float64"},
    ]
    recipes = [tiny_recipe().with_fields(change) for change in changes]
    found = {run_key(recipe, 0, "0" * 64) for recipe in recipes}
    found |= {run_key(tiny_recipe(), 1, "0" * 64), run_key(tiny_recipe(), 0, "1" * 64)}
    assert len(found) == len(changes) + 2


def test_more_replicates_and_levels_leave_the_runs_that_were_there():
    grown = tiny_study(
        factors=[Factor(RATE, {"low": 0.01, "new": 0.1, "high": 0.3})], replicates=4
    )
    assert set(keys(tiny_study())) < set(keys(grown))


def test_the_runs_come_by_condition_and_then_by_replicate():
    found = [(run.condition["learning_rate"], run.replicate) for run in tiny_study().plan().runs]
    assert found == [("low", 0), ("low", 1), ("high", 0), ("high", 1)]


def test_runs_that_differ_in_traced_numbers_share_a_cohort():
    assert [len(runs) for runs in tiny_study().plan().cohorts.values()] == [4]
    widths = tiny_study(factors=[Factor("model.hidden", [(4,), (8,)])])
    assert [len(runs) for runs in widths.plan().cohorts.values()] == [2, 2]
    # Without momentum there is no momentum in the program.
    momenta = tiny_study(factors=[Factor("optimizer.momentum", [0.0, 0.5, 0.9])])
    assert [len(runs) for runs in momenta.plan().cohorts.values()] == [2, 4]


def test_two_labels_for_one_recipe_are_one_run_each_shown():
    study = tiny_study(factors=[Factor(RATE, {"a": 0.1, "b": 0.1})])
    plan = study.plan()
    assert len(plan.runs) == 4
    assert len({run.key for run in plan.runs}) == 2
    assert [len(runs) for runs in plan.cohorts.values()] == [2]
    assert any("identical, trained once" in notice for notice in plan.notices())


def test_a_full_batch_is_noticed():
    study = tiny_study(recipe=tiny_recipe(batch_size=5000))
    assert study.plan().notices() == [
        "batch size 5000 is at least all training examples: full batch"
    ]
    assert study.plan().runs[0].steps == 2


def test_fashion_architectures_has_the_parameters_of_its_report(tmp_path):
    (study,) = [study for study in studies.ALL if study.name == "fashion-architectures"]
    plan = make_plan(study.at("full"), Source(tmp_path))
    found = {run.condition["architecture"]: run.parameters for run in plan.runs}
    assert found == PARAMETERS
    by_label = {run.condition["architecture"]: run.recipe.model.hidden for run in plan.runs}
    assert by_label["15"] == (512, 256, 64, 256, 10)
    assert len(plan.runs) == 17 * 5


def test_a_plan_needs_no_data(tmp_path):
    study = tiny_study(recipe=tiny_recipe(data=data.FashionMNIST()))
    plan = study.plan(data=tmp_path)
    assert plan.locations[data.FashionMNIST()].state == "absent"
    assert plan.notices() == [
        "FashionMNIST: not found; `run` downloads it, unless a folder for data is given"
    ]
    assert list(tmp_path.iterdir()) == []


def test_data_that_nobody_publishes_is_to_be_put_there(tmp_path):
    study = tiny_study(recipe=tiny_recipe(data=data.Gurmukhi(validation=100)))
    plan = study.plan(data=tmp_path)
    assert plan.locations[data.Gurmukhi()].state == "absent"
    assert plan.notices() == [
        "Gurmukhi: not found, and there is no place to download it from; put it into a folder for "
        "data, and give that with --data-dir or PARIBUS_DATA"
    ]


def test_what_is_the_same_of_several_data_sets_is_noticed_once(tmp_path):
    sets = {"colour": data.CIFAR10(), "grey": data.CIFAR10(grayscale=True)}
    study = tiny_study(factors=[Factor("data", sets)])
    plan = study.plan(data=tmp_path)
    assert set(plan.locations) == set(sets.values())
    assert len(plan.notices()) == 1


def test_data_is_located_once_however_it_is_split(tmp_path):
    study = tiny_study(factors=[Factor("data.validation", [0, 100])])
    assert list(study.plan(data=tmp_path).locations) == [data.Digits()]


def test_a_plan_is_written_down_as_data():
    found = tiny_study().plan().as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == ["study", "scale", "cohorts", "runs", "consequences", "confounds"]
    assert found["runs"][0]["condition"] == {"learning_rate": "low"}
    assert found["runs"][0]["recipe"]["optimizer"]["learning_rate"] == 0.01


def test_planning_does_not_start_the_backend():
    # It would take a second, and planning is also done where nothing is trained.
    program = (
        "from jax.extend import backend\n"
        "from paribus.studies import ALL\n"
        "[study.plan() for study in ALL]\n"
        "backend.register_backend_factory('cpu', None)  # which JAX refuses of one that runs\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 17, 1_000_000, 2**51 + 3), ()])
def test_the_keys_of_many_seeds_are_those_of_each(seeds):
    """They share the hash of all but the seed; here the whole content is hashed each time."""
    recipe, fingerprint = tiny_recipe(), "f" * 64
    plain = [
        digest(
            {
                "recipe": recipe.as_json(),
                "replicate": seed,
                "data": fingerprint,
                "numerics": NUMERICS,
            }
        )
        for seed in seeds
    ]
    assert run_keys(recipe, seeds, fingerprint) == plain
