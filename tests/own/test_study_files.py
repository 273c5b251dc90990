"""Study files with parts of one's own, through the command line, as a user runs them."""

import json
import os
import subprocess
import sys

import pytest

from paribus.cli.arguments import find_study
from paribus.store import Catalogue
from study.bits import bits

WHOLE = '''\
"""A study whose network, loss, penalty, probe and data are its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from paribus import Factor, OwnPenalty, Penalties, Recipe, Study, data, models, optimizers, probes

random = np.random.default_rng(0)
inputs = random.normal(size=(60, 3)).astype("float32")
classes = (inputs[:, 0] > 0).astype(int)
SCALE = 1.0


class Net(eqx.Module):
    layer: eqx.nn.Linear
    last: eqx.nn.Linear
    gate: jax.Array
    dropout: eqx.nn.Dropout

    def __init__(self, shape, outputs, *, key, width):
        one, two = jax.random.split(key)
        self.layer = eqx.nn.Linear(shape[0], width, key=one)
        self.last = eqx.nn.Linear(width, outputs, key=two)
        self.gate = jnp.ones(width)
        self.dropout = eqx.nn.Dropout(0.2)

    def __call__(self, x, *, key=None):
        return self.last(self.dropout(jnp.tanh(self.layer(x)) * self.gate, key=key))


def entropy(outputs, target):
    return -SCALE * jax.nn.log_softmax(outputs)[target]


def gates(weights):
    return jnp.sum(jnp.abs(weights["gate"]))


def spread(network, inputs, targets):
    return jnp.std(jax.vmap(network)(inputs))


STUDY = Study(
    name="whole",
    question="Is wider better?",
    recipe=Recipe(
        data=data.Arrays(train=(inputs[:40], classes[:40]), test=(inputs[40:], classes[40:])),
        model=models.Own(network=Net, options={"width": 4}),
        optimizer=optimizers.Adam(learning_rate=0.01),
        batch_size=10,
        epochs=2,
        loss=entropy,
        penalties=Penalties(own=OwnPenalty(function=gates, coefficient=0.001)),
    ),
    factors=[Factor("optimizer.learning_rate", [0.01, 0.1])],
    probes=[probes.Own(name="spread", function=spread)],
    replicates=2,
)
'''

TORCH = """\
import jax.numpy as jnp
import torch
from torch.utils.data import TensorDataset

from paribus import Factor, Recipe, Study, data, models, optimizers

made = torch.Generator().manual_seed(0)
images = torch.rand((40, 1, 6, 6), generator=made)
pairs = TensorDataset(images, (images.mean(dim=(1, 2, 3)) > 0.5).long())


def bent(x):
    return jnp.where(x > 0, x, 0.1 * x)


def sine(x):
    return jnp.sin(x)


STUDY = Study(
    name="torch-data",
    question="Which bend?",
    recipe=Recipe(
        data=data.from_torch(pairs, pairs),
        model=models.CNN(convolutions=(models.Convolution(channels=2, kernel=3),), hidden=()),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=20,
        epochs=1,
    ),
    factors=[Factor("model.activation", [bent, sine])],
    replicates=1,
)
"""

HUGGING_FACE = """\
import datasets

from paribus import Recipe, Study, data, models, optimizers

datasets.disable_progress_bars()
rows = datasets.Dataset.from_dict(
    {"text length": [[float(n), float(n % 3)] for n in range(30)], "topic": [0, 1] * 15}
)

STUDY = Study(
    name="hugging-face-data",
    question="?",
    recipe=Recipe(
        data=data.from_hugging_face(
            rows.train_test_split(test_size=10, seed=0), input="text length", target="topic"
        ),
        model=models.MLP(hidden=(2,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=20,
        epochs=1,
    ),
    replicates=1,
)
"""


def alone(folder, *words):
    """What a command says that is a process of its own, in a folder."""
    program = "from paribus.cli.app import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "error::UserWarning:paribus"},
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def said(paribus, monkeypatch):
    """Runs a command in this process and a folder; gives what it says."""

    def say(folder, *words):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files change within a second
        found = paribus(*words)
        assert found.code == 0, found.err
        return found.out

    return say


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the study's file and a lab in which it was run."""
    home = tmp_path_factory.mktemp("whole")
    (home / "whole.py").write_text(WHOLE)
    told = alone(home, "run", "whole.py", "--lab", "lab")
    assert "4 runs trained, 0 reused, 0 diverged, 0 failed" in told
    return home


def test_other_processes_come_to_the_same_bits(folder, said):
    words = ("--on", "processes", "--cores", "1")
    told = said(folder, "run", "whole.py", "--lab", "there", *words)
    assert "4 runs trained" in told
    assert bits(folder / "there") == bits(folder / "lab")


def test_runs_are_kept_when_the_file_changes_elsewhere(folder, said):
    (folder / "whole.py").write_text(WHOLE.replace("Is wider better?", "Is faster better?"))
    assert "4 reused" in said(folder, "run", "whole.py", "--lab", "lab")


def test_runs_are_others_when_the_code_does(folder, said):
    (folder / "whole.py").write_text(WHOLE)
    before = planned(folder, said)
    for old, new in [("SCALE = 1.0", "SCALE = 2.0"), ("jnp.tanh", "jnp.sin")]:
        (folder / "whole.py").write_text(WHOLE.replace(old, new))
        assert not planned(folder, said) & before
    (folder / "whole.py").write_text(WHOLE)
    assert planned(folder, said) == before


def planned(folder, said):
    """The keys of the study's runs."""
    plan = json.loads(said(folder, "plan", "whole.py", "--lab", "lab", "--json"))
    return {run["key"] for run in plan["runs"]}


def test_options_are_set_from_the_command_line(folder, said):
    words = ["run", "whole.py", "--lab", "lab", "--set", "model.options.width=6"]
    assert "4 runs trained" in said(folder, *words, "--replicates", "2")


def test_a_report_needs_neither_the_arrays_nor_the_code(folder, said):
    (folder / "whole.py").rename(folder / "gone")
    try:
        said(folder, "report", "whole", "--lab", "lab", "--output", "page")
    finally:
        (folder / "gone").rename(folder / "whole.py")
    page = (folder / "page" / "report.html").read_text()
    assert "whole:entropy (code " in page
    assert "whole:Net (code " in page


def test_what_the_lab_holds_has_no_arrays(folder):
    with Catalogue.open(folder / "lab", create=False) as catalogue:
        key = catalogue.study("whole", "full").members[0].key
        (run,) = catalogue.summaries([key])
        recipe = run.recipe
        names = {one.name for one in catalogue.run(key).measurements}
    assert "own/spread" in names
    assert set(recipe["data"]["train"]) == {"examples", "shape", "fingerprint"}


@pytest.mark.parametrize(
    ("package", "text", "runs"), [("torch", TORCH, 2), ("datasets", HUGGING_FACE, 1)]
)
def test_data_of_other_libraries(tmp_path, said, package, text, runs):
    pytest.importorskip(package)
    (tmp_path / "other.py").write_text(text)
    told = said(tmp_path, "run", "other.py", "--lab", "lab")
    assert f"{runs} run{'s' if runs > 1 else ''} trained, 0 reused, 0 diverged, 0 failed" in told


EDITED = """
import jax.numpy as jnp
from paribus import data, models, optimizers, Recipe, Study

def act(x):
    return jnp.tanh(x)

STUDY = Study(
    name="edited",
    question="Which text is trained?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(4,), activation=act),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=1437,
        epochs=1,
    ),
    replicates=2,
)
"""


def test_a_file_that_is_edited_while_its_study_runs_is_trained_as_it_was(tmp_path):
    file = tmp_path / "edited.py"
    file.write_text(EDITED)
    study = find_study(str(file))
    file.write_text(EDITED.replace("jnp.tanh(x)", "x * jnp.nan"))
    study.run(lab=tmp_path / "lab", on="processes")
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        (counts,) = catalogue.counts()
    assert (counts.done, counts.diverged) == (2, 0)


def test_a_study_file_may_use_a_module_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "beside_it.py").write_text("RATE = 0.25\n")
    file = tmp_path / "using.py"
    text = EDITED.replace("import jax.numpy as jnp", "import jax.numpy as jnp\nimport beside_it")
    file.write_text(text.replace("learning_rate=0.1", "learning_rate=beside_it.RATE"))
    assert find_study(str(file)).recipe.optimizer.learning_rate == 0.25
