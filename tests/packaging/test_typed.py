"""The types that Paribus ships: a user's study file is free of faults under pyright."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import paribus
from paribus.cli.new import write_study

pytest.importorskip("pyright", reason="pyright is not installed")

ROOT = Path(__file__).parents[2]
WRONG = """
from paribus import Factor, Recipe, Study, data, models, optimizers

STUDY = Study(
    name="wrong",
    question="?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hiden=(8,)),
        optimizer=optimizers.SGD(learning_rate="fast"),
        batch_size=32,
        epochs=1,
    ),
    replicats=3,
)
"""


def readme_study():
    """The study of the README, which users begin with too."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition("```python\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """What pyright says of study files outside the tree, by file: rules of its errors."""
    folder = tmp_path_factory.mktemp("typed")
    write_study("begun", folder)
    (folder / "readme.py").write_text(readme_study())
    (folder / "wrong.py").write_text(WRONG)
    settings = {
        "include": ["*.py"],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(Path(paribus.__file__).parents[1])],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = {path.name: [] for path in folder.glob("*.py")}
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        found[Path(one["file"]).name].append(f"{one['rule']}: {one['message'].splitlines()[0]}")
    return found


def test_the_package_says_that_it_is_typed():
    assert Path(paribus.__file__).with_name("py.typed").exists()


@pytest.mark.parametrize("name", ["begun.py", "readme.py"])
def test_a_study_file_has_no_fault(faults, name):
    assert faults[name] == []


def test_what_is_wrong_is_seen_before_it_runs(faults):
    said = "\n".join(faults["wrong.py"])
    for word in ('"hiden"', '"learning_rate"', '"replicats"'):
        assert word in said
