"""Several drivers that train one study in one PostgreSQL lab: they split it."""

import json
import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("psycopg", reason="psycopg is not installed")

from paribus.data.base import Source
from paribus.store import Catalogue
from paribus.study.options import RunOptions
from paribus.study.peers import PATIENCE_SECONDS, Peers
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from store.server import address
from study.bits import bits
from study.example_study import tiny_file, tiny_study

DRIVER = "from paribus.cli.app import main; main()"
LIMIT = 240


@pytest.fixture
def lab(server):
    return server.database()


@pytest.fixture
def drive(lab, tmp_path):
    """Starts a driver of a study of 18 runs that take about a second each."""
    file = tiny_file(tmp_path, epochs=400, replicates=6)
    children = []

    def start():
        folder = tmp_path / str(len(children))
        folder.mkdir()
        words = ["run", str(file), "--cores", "1", "--json", "--checkpoint-seconds", "0.5"]
        child = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=os.environ | {"PARIBUS_LAB": address(lab)},
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def ended(child):
    """What the command printed at its end."""
    out, told = child.communicate(timeout=LIMIT)
    assert child.returncode == 0, told
    return json.loads(out.splitlines()[-1])["runs"]


def stored(lab):
    with Catalogue.open(lab, create=False) as catalogue:
        keys = {member.key for entry in catalogue.studies() for member in entry.members}
        return catalogue.finished(keys)


def wait_for(lab, child, count):
    """Until so many runs are stored."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        assert child.poll() is None, child.communicate()
        with Catalogue.open(lab, create=True) as catalogue:
            entries = catalogue.studies()
        if entries and len(stored(lab)) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{count} runs were not stored in {LIMIT} s")


@pytest.fixture
def local(tmp_path):
    """The same study, trained in a folder."""

    def train():
        folder = tmp_path / "local"
        words = ["run", str(tmp_path / "tiny.py"), "--json", "--lab", str(folder)]
        subprocess.run([sys.executable, "-c", DRIVER, *words], check=True, capture_output=True)
        return bits(folder)

    return train


def test_two_drivers_split_the_runs(lab, drive, local):
    found = [ended(child) for child in [drive(), drive()]]
    assert [one["total"] for one in found] == [18, 18]
    assert sum(one["trained"] for one in found) == 18  # none is trained twice
    assert min(one["trained"] for one in found) > 0
    assert sum(one["reused"] for one in found) == 18
    assert bits(lab) == local()
    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.leases(stored(lab)) == {}
        assert catalogue.drivers() == []


def test_a_driver_that_is_killed_is_outlived(lab, drive, local):
    first = drive()
    wait_for(lab, first, 2)
    second = drive()
    first.kill()
    first.communicate()
    before = stored(lab)
    found = ended(second)
    assert found["trained"] == 18 - len(before)
    assert bits(lab) == local()


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class TestPeers:
    @pytest.fixture
    def plan(self):
        return make_plan(tiny_study().at(), Source())

    @pytest.fixture
    def catalogue(self, lab):
        with Catalogue.open(lab, create=True) as catalogue:
            yield catalogue

    def test_what_another_has_leased_is_left_to_it(self, catalogue):
        clock = Clock()
        peers = Peers("me", clock)
        catalogue.beat("other", {})
        assert catalogue.lease(["a", "b"], "other") == ["a", "b"]
        for clock.now in (0.0, PATIENCE_SECONDS, 2 * PATIENCE_SECONDS, 3 * PATIENCE_SECONDS):
            assert peers.leased(catalogue, ["a", "b", "c"]) == ["c"]
            catalogue.beat("other", {})

    def test_what_a_dead_one_has_leased_is_taken_over(self, catalogue):
        clock = Clock()
        peers = Peers("me", clock)
        catalogue.beat("other", {})
        catalogue.lease(["a"], "other")
        assert peers.leased(catalogue, ["a"]) == []
        clock.now = PATIENCE_SECONDS
        assert peers.leased(catalogue, ["a"]) == []
        clock.now += 0.1
        assert peers.leased(catalogue, ["a"]) == ["a"]

    def test_what_one_without_a_heart_has_leased_is_free(self, catalogue):
        catalogue.lease(["a"], "gone")
        assert Peers("me").leased(catalogue, ["a"]) == ["a"]

    def test_a_folder_is_ours_alone(self, tmp_path):
        with Catalogue.open(tmp_path, create=True) as catalogue:
            assert Peers("me").leased(catalogue, ["a", "b"]) == ["a", "b"]

    def test_the_second_driver_trains_nothing_that_is_there(
        self, plan, lab, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        run_plan(plan, RunOptions(lab=lab))
        outcome = run_plan(plan, RunOptions(lab=lab))
        assert (outcome.total, outcome.trained, outcome.reused) == (4, 0, 4)
