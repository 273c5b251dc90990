"""Parts and trainers of one's own with all that is done to studies."""

import json
import warnings
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from own import example_parts as parts
from own.documented_trainers import write_shown
from paribus import (
    Factor,
    Measured,
    OwnPenalty,
    Penalties,
    Spec,
    Study,
    claims,
    models,
    probes,
)
from paribus.data.base import Source
from paribus.design.differences import sentences
from paribus.interop.eject import eject
from paribus.interop.stored import find_run
from paribus.store import Catalogue
from paribus.store.arrays import decode_weights
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.bits import bits

RATE = Factor("optimizer.learning_rate", {"slow": 0.01, "fast": 0.5})
SPREAD = probes.Own(name="spread", function=parts.margin, when=probes.AtEnd())
OWN = {
    "loss": parts.entropy,
    "penalties": Penalties(own=OwnPenalty(function=parts.squares, coefficient=1e-3)),
}


def study(**fields):
    given = {
        "name": "together",
        "question": "Does a larger rate spread the outputs?",
        "recipe": parts.recipe(**OWN),
        "factors": [RATE],
        "probes": [SPREAD],
        "replicates": 3,
        "claims": [claims.Better("own/spread", "fast", "slow")],
    }
    return Study(**(given | fields))


def run(lab, declared, **options):
    plan = make_plan(declared.at(), Source())
    outcome = run_plan(plan, RunOptions(lab=lab, **options))
    assert not outcome.failures
    return plan


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab in which the study was run."""
    home = tmp_path_factory.mktemp("together") / "lab"
    run(home, study())
    return home


def test_a_claim_on_what_an_own_probe_measures_is_tested(lab, paribus):
    said = paribus("findings", "together", "--lab", lab, "--json")
    (finding,) = json.loads(said.out)
    assert finding["registered"]
    with Catalogue.open(lab, create=False) as catalogue:
        members = catalogue.study("together", "full").members
        found = catalogue.measurements([member.key for member in members])
        last = {key: one.values[-1] for key, one in found if one.name == "own/spread"}
    means = {
        rate: np.mean([last[one.key] for one in members if rate in one.condition.values()])
        for rate in RATE.labels
    }
    assert finding["estimate"] == pytest.approx(means["fast"] - means["slow"])


def test_several_runs_side_by_side_come_to_the_same(lab, tmp_path):
    run(tmp_path, study(), side_by_side=3)
    apart, together = bits(lab), bits(tmp_path)
    assert together.keys() == apart.keys()
    for key, (artifacts, _) in together.items():
        found, expected = (
            decode_weights(one["weights.safetensors"]) for one in (artifacts, apart[key][0])
        )
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-6)


def test_a_probe_asked_for_afterwards_measures_the_same(lab, tmp_path, paribus):
    first = run(tmp_path, study(probes=(), claims=()))
    with Catalogue.open(tmp_path, create=False) as catalogue:
        assert catalogue.finished(run.key for run in first.runs)
    plan = make_plan(study().at(), Source())
    outcome = run_plan(plan, RunOptions(lab=tmp_path))
    assert (outcome.trained, outcome.probed) == (0, 6)
    assert bits(tmp_path) == bits(lab)
    said = paribus("diff", lab, tmp_path, "--json")
    assert said.code == 0
    (found,) = json.loads(said.out)["studies"]
    assert (found["runs"]["both"], found["runs"]["identical"]) == (6, 6)


@pytest.fixture(scope="module")
def address():
    """That of a Ray cluster of these tests' own: another may end while they run."""
    pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - Ray is optional

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        yield made.address
        made.shutdown()


def test_parts_of_ones_own_on_a_cluster(lab, tmp_path, address):
    run(tmp_path, study(), on="ray", address=address, cores=1)
    assert bits(tmp_path) == bits(lab)


class Arm(Spec):
    level: float = 0.5


def train(recipe, replicate):
    yield Measured(1, {"test/accuracy": recipe.level + replicate / 100})


def trained(**fields):
    given = {"name": "arms", "question": "?", "recipe": Arm(), "trainer": train}
    factors = [Factor("level", {"low": 0.2, "high": 0.7})]
    return Study(**(given | {"factors": factors, "replicates": 2} | fields))


def test_a_trainer_on_a_cluster(tmp_path, address):
    run(tmp_path / "ray", trained(), on="ray", address=address, cores=1)
    run(tmp_path / "here", trained())
    assert bits(tmp_path / "ray") == bits(tmp_path / "here")


# Which conditions are confounded


def confounded(factor, **fields):
    declared = study(factors=[factor], probes=(), claims=(), **fields)
    return [one.field or one.kind for one in declared.at().confounds]


def scaled(weights):
    return 2.0 * parts.squares(weights)


def test_a_factor_of_functions_is_about_them():
    recipe = parts.recipe(model=models.MLP(hidden=(4,)))
    assert confounded(Factor("loss", {"own": parts.entropy, "built in": "cross_entropy"})) == []
    levels = Factor("model.activation", {"bent": parts.bent, "sine": jnp.sin})
    assert confounded(levels, recipe=recipe) == []


def test_a_function_that_changes_beside_the_factor_is_named():
    changing = {
        "slow": {"optimizer.learning_rate": 0.1},
        "fast": {"optimizer.learning_rate": 0.5, "penalties.own.function": scaled},
    }
    factor = Factor("optimizer.learning_rate", changing)
    assert confounded(factor) == ["penalties.own.function"]
    told = " ".join(sentences(study(factors=[factor]).at().differences["confounds"]))
    assert "own.test_together:scaled (code " in told


class Narrow(eqx.Module):
    first: eqx.nn.Conv1d
    last: eqx.nn.Linear

    def __init__(self, shape, outputs, *, key):
        one, two = jax.random.split(key)
        self.first = eqx.nn.Conv1d(1, 2, 2, key=one)
        self.last = eqx.nn.Linear(2 * (shape[0] - 1), outputs, key=two)

    def __call__(self, x, *, key=None):
        return self.last(self.first(x[None]).ravel())


class Slanted(Narrow):
    def __call__(self, x, *, key=None):
        return self.last(jnp.tanh(self.first(x[None])).ravel())


def test_networks_are_compared_by_their_work_and_start_apart():
    networks = Factor("model.network", {"narrow": Narrow, "slanted": Slanted})
    differences = study(factors=[networks], probes=(), claims=()).at().differences
    kinds = {one["kind"] for one in differences["consequences"]}
    assert "initial weights" in kinds
    assert "parameters" not in kinds
    assert differences["confounds"] == []


# Ejected


def first_key(lab):
    with Catalogue.open(lab, create=False) as catalogue:
        return catalogue.studies()[0].members[0].key


def test_every_function_of_ones_own_is_named_where_a_run_is_ejected(lab, tmp_path, paribus):
    said = paribus("eject", first_key(lab), "--lab", lab, "--to", tmp_path / "out")
    assert said.code == 2
    told = " ".join(said.err.split())
    for path in ("model.network", "loss", "penalties.own.function"):
        assert f"{path}: got " in told, told
    assert not (tmp_path / "out").exists()


STUDY_FILE = """\
import numpy as np
from paribus import Factor, Recipe, Study, data, models, optimizers

random = np.random.default_rng(0)
x = random.normal(size=(60, 3)).astype("float32")
y = (x[:, 0] > 0).astype(int)
STUDY = Study(
    name="arrays",
    question="?",
    recipe=Recipe(
        data=data.Arrays(train=(x[:40], y[:40]), test=(x[40:], y[40:])),
        model=models.MLP(hidden=(3,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=20,
        epochs=2,
    ),
    factors=[Factor("optimizer.learning_rate", [0.1])],
    replicates=1,
)
"""


def test_a_run_on_arrays_is_ejected_with_the_file_that_makes_them(tmp_path, paribus):
    file, lab = tmp_path / "arrays.py", tmp_path / "lab"
    file.write_text(STUDY_FILE)
    assert paribus("run", file, "--lab", lab).code == 0
    words = ("eject", first_key(lab), "--lab", lab, "--to")
    said = paribus(*words, tmp_path / "without")
    assert said.code == 2
    assert "arrays of your own, which a lab does not hold" in " ".join(said.err.split())
    assert "--study FILE" in said.err
    other = tmp_path / "other.py"
    other.write_text(STUDY_FILE.replace("x[:, 0] > 0", "x[:, 0] > 0.1"))
    said = paribus(*words, tmp_path / "other", "--study", other)
    assert said.code == 2
    assert "no condition of it has the recipe of run" in " ".join(said.err.split())
    assert paribus(*words, tmp_path / "out", "--study", file).code == 0
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from interop.ejecting import alone  # noqa: PLC0415 - the script needs PyTorch

    told = alone([str(tmp_path / "out" / "train.py")], tmp_path)
    assert "epoch   2" in told


def test_a_recipe_in_python_ejects_its_run(tmp_path):
    declared = study(recipe=parts.recipe(model=models.MLP(hidden=(2,))), probes=(), claims=())
    plan = run(tmp_path / "lab", declared)
    key, recipe = plan.runs[0].key, plan.runs[0].recipe
    files = eject(find_run(tmp_path / "lab", key), Source(), tmp_path / "out", recipe)
    assert Path(tmp_path / "out" / "train.py") in files


def test_a_run_of_a_trainer_is_not_ejected(tmp_path, paribus):
    path, lab = write_shown("logistic.py", tmp_path), tmp_path / "lab"
    words = ("--replicates", "1", "--only", "strength=0.1")
    assert paribus("run", path, "--lab", lab, *words).code == 0
    said = paribus("eject", first_key(lab), "--lab", lab, "--to", tmp_path / "out")
    assert said.code == 2
    assert "was trained by logistic:train, a trainer of your own" in " ".join(said.err.split())
