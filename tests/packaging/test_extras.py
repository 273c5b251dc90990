"""Without a package of an extra: one line that names the command to install it, and exit code 2.

Each is asked for in a process in which no module of that package can be found.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import paribus
from paribus.cli.doctor import OPTIONAL
from paribus.errors import MissingExtraError
from paribus.extras import extra
from study.example_study import tiny_study

ROOT = Path(__file__).parents[2]
SOURCE = Path(paribus.__file__).parent
NOT_FOUND = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
COMMAND = "from paribus.cli.app import main; main(sys.argv[1:])"
TO_TORCH = """
from paribus.errors import MissingExtraError
from paribus.interop.torch import to_module
try:
    to_module("0")
except MissingExtraError as error:
    print("error:", error, file=sys.stderr)
    sys.exit(2)
"""
# The package that is not there, its extra, and what asks for it, with {here} a folder that has
# a study file and a lab with that study.
ASKED = {
    "ray": ("ray", "ray", "run {here}/tiny.py --on ray --lab {here}/new"),
    "psycopg": ("psycopg", "postgresql", "status --lab postgresql://somebody@127.0.0.1:1/lab"),
    "starlette": ("starlette", "ui", "ui --no-browser --lab {here}/lab"),
    "uvicorn": ("uvicorn", "ui", "ui --no-browser --lab {here}/lab"),
    "tensorboard": ("tensorboard", "trackers", "export tiny --to tensorboard --lab {here}/lab"),
    "mlflow": (
        *("mlflow", "trackers"),
        "export tiny --to mlflow --tracking-uri http://127.0.0.1:1 --lab {here}/lab",
    ),
    "torch": ("torch", "torch", TO_TORCH),
}
STUDY = """
from study.example_study import tiny_study
STUDY = tiny_study()
"""


def extras():
    """The packages of each extra for users, as pyproject.toml declares them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["optional-dependencies"]
    return {
        name: {re.match(r"[\w.-]+", one)[0] for one in packages}
        for name, packages in declared.items()
        if name not in ("dev", "docs", "fuzz", "test")
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("extras")
    tiny_study().run(lab=folder / "lab")
    (folder / "tiny.py").write_text(STUDY)
    return folder


@pytest.mark.parametrize(("package", "name", "asking"), ASKED.values(), ids=ASKED)
def test_a_missing_package_names_its_command(here, package, name, asking):
    program = NOT_FOUND.format(package=package)
    words = [] if "\n" in asking else asking.format(here=here).split()
    code = COMMAND if words else asking
    environment = {"PYTHONPATH": f"{SOURCE.parent}:{ROOT / 'tests'}", "HOME": str(here)}
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{code}", *words],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(
        rf"error: .+ needs the package {package}, which is not installed here\. "
        rf"Install it with: pip install 'paribus\[{name}\]'\n",
        done.stderr,
    )
    assert not (here / "new").exists()


def test_every_extra_is_asked_for():
    assert {name for _, name, _ in ASKED.values()} == set(extras())


def test_every_message_names_an_extra_that_there_is():
    named = {
        call.args[1].value
        for path in SOURCE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "extra"
    }
    assert named == set(extras())


def test_the_doctor_looks_at_the_packages_of_every_extra():
    declared = {
        package: f"paribus[{name}]" for name, found in extras().items() for package in found
    }
    assert declared == OPTIONAL


def test_a_module_that_is_there_is_given():
    assert extra("json", "ui", "reading").loads("1") == 1


def test_a_package_that_cannot_be_loaded_is_not_said_to_be_missing(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("raise ImportError('no library\\nfound')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"half_there, .* loaded here \(no library found"):
        extra("half_there", "ui", "showing a lab")


def test_of_a_module_within_a_package_the_package_is_named():
    with pytest.raises(MissingExtraError, match="x needs the package nothing_of_this, which is"):
        extra("nothing_of_this.deep.module", "ui", "x")
