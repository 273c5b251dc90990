"""Several commands, and Ctrl-C, on one lab: nothing is lost, and each says what is going on."""

import json
import random
import signal
import sqlite3
import time

import pytest

from cli.processes import finish, start, stored_keys, wait_until
from paribus.store import Catalogue, hold
from paribus.store.catalogue import FILE
from paribus.store.hold import is_held
from study.example_study import tiny_file

# Some 0.3 s a run, and far more of them than any of these tests waits for.
LONG = {"epochs": 100, "replicates": 300}


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def running(tmp_path, lab):
    """A command that trains, once it has stored a run."""
    child = start("run", tiny_file(tmp_path, **LONG), "--lab", lab)
    try:
        wait_until(lambda: len(stored_keys(lab)) > 0, child)
        yield child
    finally:
        child.kill()
        child.communicate()


def assert_whole(lab):
    connection = sqlite3.connect(lab / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    with Catalogue.open(lab, create=False) as catalogue:
        for key in stored_keys(lab):
            run = catalogue.run(key)
            assert "weights.safetensors" in run.artifacts
            assert "test/accuracy" in {one.name for one in run.measurements}


def test_an_interrupted_study_keeps_what_is_finished_and_goes_on_from_there(
    paribus, running, tmp_path, lab
):
    running.send_signal(signal.SIGINT)
    code, out, err = finish(running)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted; what is finished is kept"
    assert "Traceback" not in err
    assert_whole(lab)

    kept = stored_keys(lab)
    assert 0 < len(kept) < 900
    # The first level was trained in part, the second not at all.
    words = ["run", tmp_path / "tiny.py", "--lab", lab, "--only", "learning_rate=low,mid"]
    said = paribus(*words, "--replicates", 3, "--json")
    runs = json.loads(said.out.splitlines()[-1])["runs"]
    assert runs["reused"] == len(kept & stored_keys(lab))
    assert runs["reused"] + runs["trained"] == runs["total"] == 6
    assert runs["failed"] == 0


@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_interrupted_twice_it_ends_and_the_lab_is_whole(running, lab, pause):
    running.send_signal(signal.SIGINT)
    time.sleep(pause)
    running.send_signal(signal.SIGINT)
    code, out, err = finish(running)
    assert (code, out) == (130, "")
    assert "interrupted; what is finished is kept" in err
    assert_whole(lab)
    with hold(lab):  # and nobody holds it
        pass


def test_interrupted_before_it_trains_it_ends_the_same_way(tmp_path, lab):
    child = start("run", tiny_file(tmp_path, **LONG), "--lab", lab)
    wait_until(lambda: is_held(lab), child)
    time.sleep(random.Random(5).uniform(0, 0.2))
    child.send_signal(signal.SIGINT)
    code, _, err = finish(child)
    assert code == 130
    assert "interrupted" in err


def test_a_second_command_is_refused_and_the_first_goes_on(paribus, running, tmp_path, lab):
    said = paribus("run", tmp_path / "tiny.py", "--lab", lab)
    assert (said.code, said.out) == (2, "")
    assert f"lab {lab} is held by process {running.pid} (`" in said.err
    assert "Wait for it, stop it, or use another --lab." in said.err
    assert paribus("clean", "tiny", "--yes", "--lab", lab).code == 2

    before = len(stored_keys(lab))
    wait_until(lambda: len(stored_keys(lab)) > before + 2, running)
    assert_whole(lab)


def test_a_lab_can_be_read_while_it_is_written(paribus, running, tmp_path, lab):
    def status():
        said = paribus("status", "--lab", lab, "--json")
        assert said.code == 0, said.err
        (row,) = json.loads(said.out)
        return row

    def is_under_way():
        found.append(status())
        # At first there is nothing to tell the time by.
        return found[-1]["running"] and found[-1]["done"] and found[-1]["seconds_left"]

    found = []
    wait_until(is_under_way, running)
    row = found[-1]
    assert row["total"] == 900
    assert 0 < row["done"] < 900
    assert row["failed"] == row["diverged"] == 0
    assert row["seconds_left"] > 0

    said = paribus("table", "tiny", "--lab", lab, "--json")
    assert said.code == 0, said.err
    assert sum(one["n"] for one in json.loads(said.out) if one["metric"] == "test/loss") > 0
    exported = paribus("export", "tiny", "--lab", lab, "--output", tmp_path / "x.csv")
    assert exported.code == 0, exported.err
    assert "to train" in paribus("plan", tmp_path / "tiny.py", "--lab", lab).out
    assert running.poll() is None


def test_the_reader_of_a_pipe_may_go_away():
    child = start("list")
    child.stdout.close()
    assert child.wait(timeout=60) == 0
    assert child.stderr.read() == ""
    child.stderr.close()
