"""`paribus new`: a study file that runs, under a name that is allowed, and never over another."""

import json
import runpy
from pathlib import Path

import pytest

from paribus.cli import template
from paribus.cli.new import TEMPLATE_NAME
from paribus.studies import NAMES

NO_NAMES = {
    "words": ("My Study", "did you mean 'my-study'?"),
    "file": ("Width.py", "did you mean 'width'?"),
    "above": ("../width", "did you mean 'width'?"),
    "absolute": ("/etc/width.py", "did you mean 'width'?"),
    "mark": ("_width", "did you mean 'width'?"),
    "dashes": ("--", "the first of them a letter or digit"),
    "dots": ("..", "the first of them a letter or digit"),
    "empty": ("", "got ''"),
    "accent": ("é", "got 'é'"),
    "two lines": ("a\nb", r"got 'a\nb'"),
    "escape": ("\x1b[2J", r"got '\x1b[2J'"),
    "long": ("x" * 65, "should be up to 64 small letters"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_new_study_runs(folder, paribus):
    made = paribus("new", "width-of-mine")
    assert (made.code, made.err) == (0, "")
    steps = [line.split("    ")[0].strip() for line in made.out.splitlines() if "paribus" in line]
    assert steps == ["paribus plan width-of-mine.py", "paribus run width-of-mine.py"]

    # Fewer epochs and replicates than it has, so that the test takes seconds.
    few = ("--set", "epochs=1", "--replicates", "2", "--lab", folder / "lab", "--json")
    ran = paribus(*steps[1].split()[1:], *few)
    assert ran.code == 0, ran.err
    outcome = json.loads(ran.out.splitlines()[-1])
    assert outcome["study"] == "width-of-mine"
    assert outcome["runs"]["trained"] == 6

    found = paribus("findings", "width-of-mine.py", "--lab", folder / "lab", "--json")
    assert [one["verdict"] for one in json.loads(found.out)]


def test_the_new_study_has_all_that_a_newcomer_should_meet(folder, paribus):
    paribus("new", "mine")
    study = runpy.run_path("mine.py")["STUDY"]
    assert study.name == "mine"
    assert study.factors
    assert study.probes
    assert study.claims
    assert len(study.scales) > 1
    assert study.scale_names[0] == "demo"


def test_the_name_of_the_template_stands_for_the_study_alone(folder, paribus):
    paribus("new", "x")
    text = (folder / "x.py").read_text(encoding="utf-8")
    original = Path(template.__file__).read_text(encoding="utf-8")
    assert TEMPLATE_NAME not in text
    assert (
        text.replace("paribus plan x.py", f"paribus plan {TEMPLATE_NAME}.py")
        .replace("paribus run x.py", f"paribus run {TEMPLATE_NAME}.py")
        .replace('name="x"', f'name="{TEMPLATE_NAME}"')
        == original
    )


def test_a_file_is_never_overwritten(folder, paribus):
    (folder / "mine.py").write_text("precious")
    said = paribus("new", "mine")
    assert said.code == 2
    assert "mine.py is there already, and is left as it is" in said.err
    assert (folder / "mine.py").read_text() == "precious"


def test_a_link_to_nowhere_is_not_followed(folder, paribus):
    (folder / "mine.py").symlink_to(folder / "elsewhere")
    said = paribus("new", "mine")
    assert said.code == 2
    assert "is there already" in said.err
    assert not (folder / "elsewhere").exists()


def test_a_folder_that_cannot_be_written_is_told(folder, paribus, monkeypatch):
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    said = paribus("new", "mine")
    assert said.code == 2
    assert "mine.py cannot be written: No such file or directory" in said.err


@pytest.mark.parametrize(("typed", "near"), NO_NAMES.values(), ids=NO_NAMES)
def test_what_is_no_name_is_refused(folder, paribus, typed, near):
    said = paribus("new", "--", typed)
    assert said.code == 2
    assert "error: NAME: got " in said.err
    assert near in said.err
    assert not list(folder.iterdir())
    assert not list(folder.parent.glob("*.py"))


def test_the_longest_name_is_one_of_a_study(folder, paribus):
    assert paribus("new", "x" * 64).code == 0
    assert runpy.run_path("x" * 64 + ".py")["STUDY"].name == "x" * 64


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_study_keeps_its_name(folder, paribus, name):
    said = paribus("new", name)
    assert said.code == 2
    assert f"{name!r} is a built-in study" in said.err
    assert not list(folder.iterdir())


def test_no_name_is_told(paribus):
    said = paribus("new")
    assert said.code == 2
    assert "Missing argument" in said.err
    assert "NAME" in said.err
