"""The text of ejected scripts: what formatter and linter say of it, and what is in it at all."""

import ast
import subprocess
import sys

import numpy as np
import pytest

from interop.eject_recipes import BASE, CASES, DOUBLE, FEATURES, colour_cases
from interop.example_pictures import fill
from paribus.interop.eject.script import Ejected, script
from paribus.interop.layers import blocks_of
from paribus.models import MLP
from paribus.models.base import shapes_of
from paribus.store.records import Measurement, StoredRun

RULES = "E,F,W,I,UP,B,C4,SIM,PIE,RET,PTH,NPY,N,ARG,ERA,C90,PLR,RUF,D100,D101,D103,D205,D415"
NOT_OURS = "PLR2004"  # numbers without a name
DROPOUT = MLP(hidden=(8,), dropout=0.25)


def text_of(recipe, place="tiny (full): rate low, replicate 0", epochs=None):
    """The script of a run of this recipe, whatever its weights."""
    facts = recipe.data.facts()
    shapes = shapes_of(recipe.model, facts.shape, facts.outputs)
    weights = {
        f"{number // 2 + 1}.{('weight', 'bias')[number % 2]}": np.zeros(shape)
        for number, shape in enumerate(shapes)
    }
    metric = "accuracy" if facts.classification else "loss"
    stored = StoredRun(
        key="0123456789abcdef" * 4,
        recipe=recipe.as_json(),
        replicate=0,
        fingerprint="",
        status="finished",
        parameters=0,
        provenance={"epochs": epochs or recipe.epochs},
        measurements=(
            Measurement("batch/loss", np.array([2.0, 0.5])),
            Measurement(f"test/{metric}", np.array([0.25, 0.75])),
        ),
    )
    return script(Ejected(stored, (place,), recipe, blocks_of(recipe.model, weights)))


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """All scripts of the tables, in both precisions, and one with dropout."""
    tables = CASES | FEATURES | colour_cases(fill(tmp_path_factory.mktemp("pictures")))
    recipes = {name: BASE.with_fields(fields) for name, fields in tables.items()}
    recipes |= {f"{name} twice": one.with_fields(DOUBLE) for name, one in recipes.items()}
    recipes["dropout"] = BASE.with_fields({"model": DROPOUT})
    return {name: text_of(recipe) for name, recipe in recipes.items()}


@pytest.fixture(scope="module")
def folder(texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    for number, text in enumerate(texts.values()):
        (folder / f"script_{number}.py").write_text(text)
    return folder


def ruff(*arguments):
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class TestRuff:
    @pytest.fixture(autouse=True)
    def installed(self):
        pytest.importorskip("ruff", reason="formats scripts: needs ruff installed")

    def test_formatting_changes_nothing(self, folder):
        ruff("format", "--isolated", "--no-cache", "--diff", str(folder))

    def test_finds_nothing_wrong(self, folder):
        chosen = ["--select", RULES, "--ignore", NOT_OURS]
        ruff("check", "--isolated", "--no-cache", *chosen, str(folder))


def test_every_script_is_python(texts):
    for text in texts.values():
        ast.parse(text)


@pytest.mark.parametrize(
    "absent",
    ["Dropout", "manual_seed", "penalty", "scheduler", "validation", "double", "math"],
)
def test_what_a_run_does_not_use_is_not_there(texts, absent):
    assert absent not in texts["MLP Adam"]


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("dropout", "            nn.Dropout(0.25),"),
        ("dropout", "    torch.manual_seed(0)  # for dropout masks: other ones than Paribus drew"),
        ("MLP Adam", "    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)"),
        ("LeNet SGD", "            nn.Conv2d(1, 6, kernel_size=3),"),
        ("MLP SGD", "MOMENTUM = 0.9"),
        ("random labels and cosine after warm-up", "        betas=(0.8, 0.999),"),
        ("random labels and cosine after warm-up", "WARMUP_STEPS = 38  # 2 epochs"),
        ("step after warm-up", '    torch.set_float32_matmul_precision("high")'),
        ("full batch and warm-up to the end", "    return (step + 1) / WARMUP_STEPS"),
        ("colour convolutions", "    mean = torch.tensor([0.5, 0.25, 0.0]).view(3, 1, 1)"),
        ("colour", "    mean = torch.tensor([0.5, 0.25, 0.0])"),
        ("kernels", "            nn.AvgPool2d((2, 1)),"),
    ],
)
def test_what_a_run_uses_is_there(texts, case, line):
    assert line in texts[case].splitlines()


def test_a_run_that_ended_before_its_time_says_by_which_rule():
    recipe = BASE.with_fields({"loss_threshold": 0.5})
    assert "EPOCHS = 4  # of 10: ended by a train loss of 0.5 or less" in text_of(recipe, epochs=4)


def test_a_dropped_out_run_says_that_it_is_another(texts):
    assert "other dropout masks than Paribus does" in texts["dropout"]


@pytest.mark.parametrize(
    "place",
    [
        'a"""\nimport os\n"""',
        "a\\",
        "a\\N{BULLET}",
        "\x1b[2J",
        "a" * 500,
        '"',
        "\u202eb",
        "<script>",
    ],
)
def test_names_from_a_study_stay_in_the_docstring(place):
    plain = ast.parse(text_of(BASE, "tiny"))
    strange = ast.parse(text_of(BASE, place))
    assert [ast.dump(one) for one in strange.body[1:]] == [ast.dump(one) for one in plain.body[1:]]
    assert isinstance(strange.body[0], ast.Expr)
