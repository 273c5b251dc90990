"""What is published: wheel and sdist, built here, looked into, and installed apart from the tree.

Nothing is fetched: the build backend is the one of this environment, and the installed command
finds the other packages where they are.
"""

import configparser
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.version import Version

pytest.importorskip("hatchling", reason="hatchling is not installed")

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "paribus"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = PROJECT["project"]
ALWAYS_THERE = {".gitignore", "PKG-INFO", "pyproject.toml"}
"""What every sdist has at its top besides what is asked for."""


def build(source, folder):
    """The files that hatchling makes of a source tree."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", folder],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    wheel, sdist = next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))
    return wheel, sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(ROOT, tmp_path_factory.mktemp("built") / "dist")


@pytest.fixture(scope="module")
def wheel(built):
    """What the wheel holds: bytes by name."""
    with zipfile.ZipFile(built[0]) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def sdist(built):
    """The names that the sdist holds, without the folder that all are in."""
    with tarfile.open(built[1]) as opened:
        members = opened.getmembers()
    assert all(one.isfile() and not Path(one.name).is_absolute() for one in members)
    assert {one.name.partition("/")[0] for one in members} == {f"paribus-{DECLARED['version']}"}
    return {one.name.partition("/")[2] for one in members}


@pytest.fixture(scope="module")
def described(wheel):
    """The metadata as an index reads it; whatever is no valid field is refused."""
    name = f"paribus-{DECLARED['version']}.dist-info/METADATA"
    return Metadata.from_email(wheel[name], validate=True)


def source_files():
    """What is in the package, without what Python and editors leave there."""
    return {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name[0] != "."
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    found = {name for name in wheel if not name.startswith("paribus-")}
    assert found == source_files()
    assert "paribus/py.typed" in found
    for suffix in (".css", ".html", ".js"):
        assert any(name.endswith(suffix) for name in found)
    assert not {name for name in found if "test" in name.partition("/")[2].split("/")[0]}


def test_the_wheel_carries_the_license(wheel):
    text = wheel[f"paribus-{DECLARED['version']}.dist-info/licenses/LICENSE"]
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_gives_the_command(wheel):
    read = configparser.ConfigParser()
    read.read_string(wheel[f"paribus-{DECLARED['version']}.dist-info/entry_points.txt"].decode())
    assert dict(read["console_scripts"]) == DECLARED["scripts"]


def test_the_sdist_holds_source_and_tests_and_no_more_than_asked_for(sdist):
    assert {f"src/{name}" for name in source_files()} <= sdist
    assert "tests/packaging/test_distribution.py" in sdist
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO"} <= sdist
    asked = {
        name.strip("/")
        for name in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    }
    assert {name.partition("/")[0] for name in sdist} <= asked | ALWAYS_THERE


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(built, wheel, tmp_path):
    with tarfile.open(built[1]) as opened:
        opened.extractall(tmp_path, filter="data")
    again, _ = build(tmp_path / f"paribus-{DECLARED['version']}", tmp_path / "dist")
    with zipfile.ZipFile(again) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == wheel


def test_the_metadata_is_that_of_the_project(described):
    assert described.name == "paribus"
    assert described.version == Version(DECLARED["version"])
    assert described.requires_python is not None
    assert str(described.requires_python) == DECLARED["requires-python"]
    assert described.license_expression == DECLARED["license"]
    assert described.summary == DECLARED["description"]


def test_every_extra_is_there_with_its_packages(described):
    assert {"postgresql", "ray", "torch", "trackers", "ui"} <= set(described.provides_extra or ())
    needed = described.requires_dist or []
    for name, packages in DECLARED["optional-dependencies"].items():
        found = {one.name for one in needed if one.marker and one.marker.evaluate({"extra": name})}
        always = {one.name for one in needed if not one.marker}
        asked = [Requirement(one) for one in packages]
        here = {one.name for one in asked if not one.marker or one.marker.evaluate()}
        assert here - {"paribus"} <= found - always


def test_no_extra_is_needed_by_the_package_itself(described):
    always = {one.name for one in described.requires_dist or [] if not one.marker}
    assert always == {Requirement(one).name for one in DECLARED["dependencies"]}


def test_the_long_description_is_the_readme_and_renders(described):
    assert described.description_content_type.partition(";")[0] == "text/markdown"
    assert described.description == (ROOT / "README.md").read_text(encoding="utf-8")
    page = MarkdownIt("commonmark").enable("table").render(described.description)
    assert page.startswith("<h1>Paribus</h1>")
    assert page.count("<pre>") == described.description.count("\n```") // 2


@pytest.fixture(scope="module")
def apart(built, tmp_path_factory):
    """Runs the command of an environment that has the wheel, in a folder outside the tree."""
    folder = tmp_path_factory.mktemp("apart")
    home = folder / "venv"
    venv.create(home, symlinks=True)
    bin_folder = home / "bin"
    pip = [sys.executable, "-m", "pip", "--python", bin_folder / "python", "--isolated"]
    quiet = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *quiet, built[0]], check=True, timeout=300)
    # The other packages, by their folder alone: its own .pth files, and so the tree, are left out.
    variables = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", vars=variables))
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME")
    environment = {name: os.environ[name] for name in kept if name in os.environ}

    def run(program, *words):
        done = subprocess.run(
            [bin_folder / program, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.slow
def test_the_installed_command_works_outside_the_tree(apart):
    place = Path(apart("python", "-c", "import paribus; print(paribus.__file__)").strip())
    assert "venv" in place.parts
    assert not place.is_relative_to(ROOT)
    assert "Usage: paribus" in apart("paribus", "--help")
    assert "activations" in apart("paribus", "list")
    assert json.loads(apart("paribus", "schema"))["title"] == "Study"


@pytest.mark.slow
def test_the_installed_command_trains_and_reports(apart):
    assert "mine.py" in apart("paribus", "new", "mine")
    few = ("--only", "width=narrow,medium", "--replicates", "2", "--set", "epochs=1", "--json")
    outcome = json.loads(apart("paribus", "run", "mine.py", *few).splitlines()[-1])
    assert outcome["runs"]["trained"] == 4
    assert "1 claim: 1 " in apart("paribus", "findings", "mine.py")
    page = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text()[:300])"
    assert "<!doctype html>" in apart("python", "-c", page, outcome["report"]).lower()


def test_the_version_is_the_same_everywhere():
    assert metadata.version("paribus") == DECLARED["version"]
