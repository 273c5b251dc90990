"""Trainers of the user's own by the commands of every day, with the libraries themselves."""

import json
import re
from importlib.util import find_spec

import pytest

from cli.processes import finish, start, stored_keys, wait_until
from own.documented_trainers import shown_files, write_shown
from paribus.store import Catalogue


@pytest.fixture
def said(paribus):
    """Runs a command in this process; gives what it prints."""

    def say(*words):
        found = paribus(*words)
        assert found.code == 0, found.err
        return found.out

    return say


def last_json(text):
    return json.loads(text.splitlines()[-1])


@pytest.fixture
def run_row(said):
    """Runs a study in this process; gives the numbers of its runs."""

    def run(path, lab, *more):
        return last_json(said("run", path, "--lab", lab, "--json", *more))["runs"]

    return run


def run_alone(path, lab, *more):
    """Runs a study in a process of its own; gives the numbers of its runs."""
    code, out, err = finish(start("run", path, "--lab", lab, "--json", *more, OMP_NUM_THREADS="1"))
    assert code == 0, err
    return last_json(out)["runs"]


def measured(lab):
    """The measurements of all runs of a lab as bytes, by key and name."""
    with Catalogue.open(lab, create=False) as catalogue:
        found = catalogue.measurements(sorted(stored_keys(lab)))
        return {(key, one.name): one.values.tobytes() for key, one in found}


def test_a_scikit_learn_study_from_its_plan_to_its_report(tmp_path, said, run_row):
    path, lab = write_shown("logistic.py", tmp_path), tmp_path / "lab"
    planned = said("plan", path, "--lab", lab)
    assert "9 runs in 3 conditions: 9 to train" in planned
    assert "n/a" in planned
    assert "time: unknown" in planned
    assert run_row(path, lab)["trained"] == 9
    again = run_row(path, lab)
    assert (again["trained"], again["reused"]) == (0, 9)
    (status,) = json.loads(said("status", "--lab", lab, "--json"))
    assert (status["total"], status["done"]) == (9, 9)
    rows = json.loads(said("table", "logistic", "--lab", lab, "--json"))
    assert {row["n"] for row in rows} == {3}
    (finding,) = json.loads(said("findings", "logistic", "--lab", lab, "--json"))
    assert (finding["verdict"], finding["registered"]) == ("supported", True)
    assert re.search(r"report\.html$", said("report", "logistic", "--lab", lab).strip())
    assert "no damage; 9 runs whole" in said("check", "--lab", lab)
    assert "time: unknown" not in said("plan", path, "--lab", lab, "--replicates", "4")
    assert run_row(path, tmp_path / "other")["trained"] == 9
    (same,) = last_json(said("diff", lab, tmp_path / "other", "--json"))["studies"]
    assert (same["runs"]["both"], same["runs"]["identical"]) == (9, 9)
    fewer = ("--set", "train_examples=300", "--only", "strength=0.1", "--replicates", "1")
    assert run_row(path, lab, *fewer)["trained"] == 1


def test_planning_imports_nothing_that_trains(tmp_path, monkeypatch, said, paribus):
    library = "raise RuntimeError('this was imported')"
    (tmp_path / "heavy_library.py").write_text(library)
    monkeypatch.syspath_prepend(tmp_path)
    text = shown_files()["logistic.py"].replace(
        "    from sklearn", "    import heavy_library\n#", 1
    )
    (tmp_path / "heavy.py").write_text(text)
    assert "9 to train" in said("plan", tmp_path / "heavy.py", "--lab", tmp_path / "lab")
    found = paribus("run", tmp_path / "heavy.py", "--lab", tmp_path / "lab", "--replicates", "1")
    assert found.code != 0
    assert "RuntimeError: this was imported (heavy_library.py, line 1, in <module>)" in found.out


def test_a_pytorch_study_comes_out_the_same_in_processes_and_in_threads(tmp_path):
    pytest.importorskip("torch")
    path = write_shown("torch_width.py", tmp_path)
    few = ("--only", "rate=0.3", "--set", "epochs=2", "--replicates", "1")
    assert run_alone(path, tmp_path / "threads", *few)["trained"] == 2
    row = run_alone(path, tmp_path / "processes", *few, "--on", "processes", "--cores", "1")
    assert row["trained"] == 2
    found = measured(tmp_path / "threads")
    assert {name for _, name in found} == {"test/loss", "test/accuracy", "weight/norm"}
    assert found == measured(tmp_path / "processes")


def test_a_keras_study_is_trained(tmp_path):
    if find_spec("keras") is None:  # imported here, it would look for a backend
        pytest.skip("keras is not installed")
    path, lab = write_shown("keras_width.py", tmp_path), tmp_path / "lab"
    assert run_alone(path, lab, "--set", "epochs=1", "--replicates", "1")["trained"] == 2
    assert {name for _, name in measured(lab)} == {"test/loss", "test/accuracy"}
    assert len(set(measured(lab).values())) == 4


def test_a_command_is_a_trainer(tmp_path, monkeypatch, run_row):
    path, lab = write_shown("descent.py", tmp_path), tmp_path / "lab"
    command = write_shown("descend.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    row = run_row(path, lab)
    assert row == {"total": 6, "trained": 6, "reused": 0, "diverged": 2, "failed": 0}
    command.write_text(command.read_text() + "\n# other\n")
    assert run_row(path, lab)["trained"] == 6


SLOW = """
import time
from pathlib import Path
from paribus import Factor, Measured, Spec, Study

class Slow(Spec):
    arm: int = 0
    epochs: int = 300

def train(recipe, replicate):
    try:
        for epoch in range(1, (recipe.epochs if recipe.arm else 1) + 1):
            time.sleep(0.01 if recipe.arm else 0)
            yield Measured(epoch, {"test/accuracy": 0.5})
    finally:
        Path(FOLDER, f"ended-{recipe.arm}").touch()

STUDY = Study(name="slow", question="When?", recipe=Slow(), trainer=train,
    factors=[Factor("arm", [0, 1])], replicates=1)
"""


def slow_study(folder):
    path = folder / "slow.py"
    path.write_text(SLOW.replace("FOLDER", repr(str(folder))))
    return path


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_ctrl_c_closes_the_trainer_and_what_is_finished_stays(tmp_path, on):
    path, lab = slow_study(tmp_path), tmp_path / "lab"
    child = start("run", path, "--lab", lab, "--on", on, "--cores", "1")
    wait_until(lambda: len(stored_keys(lab)) == 1, child)
    child.send_signal(2)
    code, _, err = finish(child)
    assert code == 130, err
    assert (tmp_path / "ended-1").exists()
    assert len(stored_keys(lab)) == 1


def test_a_killed_study_goes_on_with_the_runs_that_it_lacks(tmp_path):
    path, lab = slow_study(tmp_path), tmp_path / "lab"
    child = start("run", path, "--lab", lab)
    wait_until(lambda: len(stored_keys(lab)) == 1, child)
    child.kill()
    child.communicate()
    row = run_alone(path, lab)
    assert (row["trained"], row["reused"], row["total"]) == (1, 1, 2)
