"""What shells are offered: asked as bash, zsh and fish ask, in a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paribus import studies
from paribus.cli.completion import Spelled, spelled
from study.example_study import FILE

HEAVY = {"jax", "pandas", "sqlalchemy", "paribus.study"}
# The command, and what it had loaded when it left.
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
from paribus.cli.app import main
main()
"""
JSON = '{"scales": {"small": {}}, "factors": [{"path": "model.hidden", "levels": {"a": [1]}}]}'
ODD = """
STUDY = Study(
    scales={"plain": Scale(), "$(touch ran)": Scale(), "two words": Scale(), NAME: Scale()},
    factors=[
        Factor("epochs", [1, 2.5, "many"]),
        Factor("model.hidden", {f"{n}": (n,) for n in range(3)}),
        Factor("optimizer", {"`touch ran`": SGD(), "sgd": SGD()}, "rule"),
        made_elsewhere(),
    ],
)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.py").write_text(FILE.format(epochs=1, replicates=1))
    Path("odd.py").write_text(ODD)
    Path("mine.json").write_text(JSON)
    Path("broken.py").write_text("STUDY = Study(\n")
    Path("$(touch ran).py").write_text("")
    return tmp_path


def asked(*words, **variables):
    """What the command prints when a shell asks for the last of these words."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told, _, loaded = done.stderr.partition("loaded:")
    assert not told
    assert not HEAVY & set(loaded.split())
    return done.stdout.strip()


def bash(*words):
    """As `complete -F` of bash asks, which takes = for a word of its own."""
    split = [part for word in words for part in word.replace("=", "\n=\n").split("\n")]
    typed = [part for part in split if part] + ([""] if words[-1] == "" else [])
    place = str(len(typed) - 1)
    variables = {"COMP_WORDS": "\n".join(typed), "COMP_CWORD": place}
    return asked(_PARIBUS_COMPLETE="complete_bash", **variables).splitlines()


def fish(*words):
    variables = {
        "_TYPER_COMPLETE_ARGS": " ".join(words),
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    return [
        line.partition("\t")[0]
        for line in asked(_PARIBUS_COMPLETE="complete_fish", **variables).splitlines()
    ]


def zsh(*words):
    said = asked(_PARIBUS_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=" ".join(words))
    if said == "_files":
        return []
    head, _, rest = said.partition("((")
    assert head == "_arguments '*: :"
    return [line.split('"')[1] for line in rest.removesuffix("))'").splitlines()]


SHELLS = pytest.mark.parametrize("shell", [bash, fish, zsh], ids=["bash", "fish", "zsh"])


@SHELLS
def test_every_shell_is_offered_commands_studies_and_scales(shell, folder):
    assert shell("paribus", "sche") == ["schema"]
    assert shell("paribus", "run", "activ") == ["activations"]
    assert shell("paribus", "run", "activations", "--scale", "") == ["demo", "full"]
    assert shell("paribus", "run", "activations", "--only", "a") == ["activation="]


@pytest.mark.parametrize(
    ("shell", "whole"), [(bash, False), (fish, True), (zsh, True)], ids=["bash", "fish", "zsh"]
)
def test_levels_are_offered_one_after_the_other(shell, whole, folder):
    head = "activation=" if whole else ""  # bash replaces what follows the =
    only = ("paribus", "run", "activations", "--only")
    offered = ["sigmoid", "tanh", "relu", "leaky_relu"]
    assert shell(*only, "activation=") == [f"{head}{label}" for label in offered]
    assert shell(*only, "activation=r") == [f"{head}relu"]
    assert shell(*only, "activation=relu,t") == [f"{head}relu,tanh"]
    assert shell(*only, "activation=relu,r") == []


def test_studies_are_the_built_in_ones_and_files_of_this_folder(folder):
    offered = fish("paribus", "plan", "")
    assert offered == [*studies.NAMES, "broken.py", "mine.json", "odd.py", "tiny.py"]
    assert fish("paribus", "findings", "ti") == ["tiny.py"]


def test_what_a_file_declares_is_offered(folder):
    assert bash("paribus", "run", "tiny.py", "--only", "") == ["learning_rate="]
    levels = bash("paribus", "run", "tiny.py", "--only", "learning_rate=")
    assert levels == ["low", "mid", "high"]
    assert bash("paribus", "run", "mine.json", "--scale", "") == ["small"]
    assert bash("paribus", "run", "mine.json", "--only", "hidden=") == ["a"]


@pytest.mark.parametrize("study", ["broken.py", "none.py", "nothing", "."])
def test_of_what_cannot_be_read_nothing_is_offered(study, folder):
    assert bash("paribus", "run", study, "--scale", "") == []


@SHELLS
def test_what_a_shell_would_run_is_not_offered(shell, folder):
    assert "$(touch ran).py" not in shell("paribus", "run", "")
    assert shell("paribus", "run", "odd.py", "--scale", "") == ["plain"]
    assert [one[-3:] for one in shell("paribus", "run", "odd.py", "--only", "rule=")] == ["sgd"]
    assert not Path("ran").exists()


def test_what_is_computed_is_not_offered_and_hides_nothing_else(folder):
    assert spelled("odd.py") == Spelled(
        ("plain", "$(touch ran)", "two words"),
        {"epochs": ("1", "2.5", "many"), "hidden": (), "rule": ("`touch ran`", "sgd")},
    )


@pytest.mark.parametrize("name", studies.NAMES)
def test_what_is_offered_of_built_in_studies_is_there(name):
    study, found = studies.named(name), spelled(name)
    assert set(found.scales) == set(study.scales)
    known = {factor.name: factor.labels for factor in study.factors}
    for factor, labels in found.factors.items():
        assert set(labels) <= set(known[factor])


def test_most_built_in_studies_have_a_factor_that_is_offered():
    offered = [name for name in studies.NAMES if any(spelled(name).factors.values())]
    assert len(offered) > len(studies.NAMES) / 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_completes(folder):
    program = Path(sys.executable).with_name("paribus")
    if not program.exists():
        pytest.skip("the command is not beside this Python")
    script = """
        source <(_PARIBUS_COMPLETE=source_bash paribus)
        COMP_WORDS=(paribus run activations --only activation = re) COMP_CWORD=6
        _paribus_completion paribus
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("relu\n", "")
