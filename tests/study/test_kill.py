"""A study killed again and again, and run to its end, is the study that nobody disturbed."""

import json
import random
import signal
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest

from cli.processes import finish, start, stored_keys, wait_until
from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from paribus.training.checkpoint import Checkpoint
from study.example_study import tiny_file

KILLS = 10
REPLICATES = 12
RUNS = 3 * REPLICATES


@pytest.fixture
def command(tmp_path):
    """Starts the study in a lab."""
    path = tiny_file(tmp_path, epochs=60, replicates=REPLICATES)
    return lambda lab: start("run", path, "--lab", lab, "--cores", 2, "--json")


def completed(child):
    code, out, err = finish(child)
    assert code == 0, err
    return json.loads(out.splitlines()[-1])


def kill(command, lab, pause, *, training):
    """Kills the study after a pause, counted from its start or from the first run it stores.

    Or at once when it has stored two runs more: on a machine that has become faster meanwhile
    there would soon be nothing left to kill.
    """
    there = len(stored_keys(lab))
    child = command(lab)
    if training:
        wait_until(lambda: len(stored_keys(lab)) > there, child)
    last = time.monotonic() + pause
    while time.monotonic() < last and len(stored_keys(lab)) < there + 2:
        time.sleep(0.01)
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    return len(stored_keys(lab))


def runs_of(lab):
    with Catalogue.open(lab, create=False) as catalogue:
        return {key: catalogue.run(key) for key in stored_keys(lab)}


def assert_same(run, other):
    for name in ("recipe", "replicate", "fingerprint", "status", "parameters", "artifacts"):
        assert getattr(run, name) == getattr(other, name), name
    assert [one.name for one in run.measurements] == [one.name for one in other.measurements]
    for one, its in zip(run.measurements, other.measurements, strict=True):
        assert (one.dims, one.values.dtype) == (its.dims, its.values.dtype)
        assert one.values.tobytes() == its.values.tobytes(), one.name
        assert all(np.array_equal(one.coords[dim], its.coords[dim]) for dim in its.coords)


def checkpointed(lab):
    """The place of each run in training that left a checkpoint, by key."""
    if not (lab / FILE).is_file():
        return {}
    with closing(sqlite3.connect(f"file:{lab / FILE}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("SELECT run_key, content FROM checkpoints").fetchall()
        except sqlite3.OperationalError:  # not made yet
            return {}
    return {key: Checkpoint.from_bytes(content).place for key, content in rows}


def test_killed_in_the_middle_of_its_runs_it_goes_on_from_their_checkpoints(tmp_path):
    path = tiny_file(tmp_path, epochs=400, replicates=1)

    def command(lab):
        words = ("run", path, "--lab", lab, "--cores", 2, "--checkpoint-seconds", 0.05)
        return start(*words, "--json")

    completed(command(tmp_path / "undisturbed"))
    lab, furthest = tmp_path / "killed", (0, 0)
    for _ in range(2):
        child = command(lab)
        wait_until(lambda at=furthest: max(checkpointed(lab).values(), default=at) > at, child)
        child.kill()
        child.communicate()
        furthest = max(checkpointed(lab).values(), default=furthest)
    done = completed(command(lab))
    assert done["model_steps"] < 3 * 400 * 45
    assert checkpointed(lab) == {}
    expected, found = runs_of(tmp_path / "undisturbed"), runs_of(lab)
    assert found.keys() == expected.keys()
    for key, run in expected.items():
        assert_same(found[key], run)
    assert max(run.provenance["restarts"] for run in found.values()) > 0
    assert {run.provenance["model_steps"] for run in found.values()} == {400 * 45}


@pytest.mark.slow
def test_killed_at_ten_random_moments_it_ends_as_if_undisturbed(command, tmp_path):
    begun = time.monotonic()
    seconds = completed(command(tmp_path / "undisturbed"))["seconds"]
    before = time.monotonic() - begun - seconds["total"]
    each = (seconds["total"] - seconds["report"]) / RUNS

    lab, moments = tmp_path / "killed", random.Random(20)
    counts = []
    for _ in range(KILLS // 2):
        # While it starts, plans, opens the lab or has just begun; then while it trains and stores.
        pause = moments.uniform(0, 1.2 * before)
        counts.append(kill(command, lab, pause, training=False))
        counts.append(kill(command, lab, moments.uniform(0, 2 * each), training=True))
    assert counts == sorted(counts)
    assert KILLS // 2 <= counts[-1] < RUNS

    runs = completed(command(lab))["runs"]
    assert (runs["total"], runs["reused"], runs["failed"]) == (RUNS, counts[-1], 0)
    assert runs["trained"] == RUNS - counts[-1]
    connection = sqlite3.connect(lab / FILE)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    (stored,) = connection.execute("SELECT count(*), count(DISTINCT key) FROM runs").fetchall()
    assert stored == (RUNS, RUNS)
    connection.close()
    expected, found = runs_of(tmp_path / "undisturbed"), runs_of(lab)
    assert found.keys() == expected.keys()
    for key, run in expected.items():
        assert_same(found[key], run)
