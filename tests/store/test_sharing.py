"""Leases and heartbeats: who trains what. The same in a folder as in a shared database."""

import signal

import pytest

from paribus.errors import LabHeldError
from paribus.store import Catalogue
from paribus.store.leases import FORGOTTEN_SECONDS
from paribus.store.schema import DRIVERS
from store.example_runs import example_key, example_run, example_study
from store.server import program

KEYS = [example_key(index) for index in range(6)]


def test_a_run_is_leased_to_one_driver(catalogue):
    assert catalogue.lease([KEYS[2], KEYS[0], KEYS[2]], "one") == [KEYS[2], KEYS[0]]
    assert catalogue.lease(KEYS[:4], "two") == [KEYS[1], KEYS[3]]
    assert catalogue.lease(KEYS[:4], "one") == [KEYS[0], KEYS[2]]  # asking again changes nothing
    assert catalogue.lease([], "one") == []
    assert catalogue.leases(KEYS) == {
        KEYS[0]: "one",
        KEYS[1]: "two",
        KEYS[2]: "one",
        KEYS[3]: "two",
    }


def test_leases_of_more_runs_than_one_statement_takes(catalogue):
    keys = [example_key(index) for index in range(450)]
    catalogue.lease(keys[::3], "one")

    expected = [key for index, key in enumerate(keys) if index % 3]
    assert catalogue.lease(keys, "two") == expected
    assert sum(driver == "one" for driver in catalogue.leases(keys).values()) == 150


def test_the_leases_of_the_dead_are_taken_over_and_those_of_the_living_are_not(catalogue):
    catalogue.lease(KEYS[:2], "dead")
    catalogue.lease(KEYS[2:4], "alive")

    assert catalogue.lease(KEYS, "heir", dead=["dead", "another"]) == [*KEYS[:2], *KEYS[4:]]
    assert catalogue.lease(KEYS, "dead") == []
    assert catalogue.leases(KEYS[2:4]) == {KEYS[2]: "alive", KEYS[3]: "alive"}


def test_a_stored_run_is_leased_to_nobody(catalogue):
    catalogue.lease(KEYS[:3], "one")
    catalogue.add_run(example_run(0))
    catalogue.add_run(example_run(5))

    assert catalogue.leases(KEYS) == {KEYS[1]: "one", KEYS[2]: "one"}
    assert catalogue.lease(KEYS, "two", dead=["one"]) == KEYS[1:5]
    assert catalogue.lease([KEYS[0], KEYS[5]], "one") == []
    assert catalogue.leases([KEYS[0], KEYS[5]]) == {}


def test_a_lease_ends_with_a_failure_a_release_and_a_removed_study(catalogue):
    catalogue.put_study(example_study("width", [3]))
    catalogue.lease(KEYS, "one")
    catalogue.beat("one", {})
    catalogue.record_failure(KEYS[0], "it did not fit")
    catalogue.remove_study("width", "demo")
    assert set(catalogue.leases(KEYS)) == {KEYS[1], KEYS[2], KEYS[4], KEYS[5]}

    catalogue.release("nobody")
    catalogue.release("one")
    assert catalogue.leases(KEYS) == {}
    assert catalogue.drivers() == []
    assert catalogue.lease(KEYS[:1], "two") == KEYS[:1]


def test_beats_are_counted_and_the_last_word_is_kept(catalogue):
    catalogue.beat("b", {"study": "width", "workers": [{"where": "cpu:0"}], "left": None})
    catalogue.beat("a", {})
    catalogue.beat("b", {"study": "depth"})

    found = catalogue.drivers()
    assert [(one.id, one.beats, one.document) for one in found] == [
        ("a", 1, {}),
        ("b", 2, {"study": "depth"}),
    ]
    assert all(0 <= one.age_seconds < 3600 for one in found)


def test_a_driver_is_as_old_as_the_databases_clock_says_and_never_younger_than_new(catalogue):
    for name, seconds in (("ahead", -50), ("past", 500)):
        catalogue.beat(name, {})
        move(catalogue, name, seconds)

    ages = {one.id: one.age_seconds for one in catalogue.drivers()}
    assert ages["ahead"] == 0
    assert 500 <= ages["past"] < 4000


def test_drivers_that_are_long_gone_and_hold_nothing_are_forgotten(catalogue):
    for name in ("gone", "gone-holding", "here"):
        catalogue.beat(name, {})
    for name in ("gone", "gone-holding"):
        move(catalogue, name, FORGOTTEN_SECONDS + 60)
    catalogue.lease(KEYS[:1], "gone-holding")

    catalogue.release("another")
    assert [one.id for one in catalogue.drivers()] == ["gone-holding", "here"]


def move(catalogue, driver, seconds):
    """Put the last beat of a driver into the past."""
    change = DRIVERS.update().where(DRIVERS.c.id == driver)
    with catalogue._database.writing() as connection:
        connection.execute(change.values(beat_at=DRIVERS.c.beat_at - seconds))


def test_a_study_that_a_living_driver_trains_is_not_removed_from_a_shared_lab(shared_lab):
    with Catalogue.open(shared_lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
        catalogue.put_study(example_study("depth", [2]))
        said = {"study": "width", "scale": "demo", "host": "far", "pid": 17}
        catalogue.beat("one", said)
        with pytest.raises(LabHeldError, match=r"width \(demo\) .* by process 17 on far\. Wait"):
            catalogue.remove_study("width", "demo")
        assert catalogue.remove_study("depth", "demo") == 0
        move(catalogue, "one", 31)
        assert catalogue.remove_study("width", "demo") == 0


def test_a_study_of_a_folder_is_removed_whatever_a_killed_driver_last_said(lab):
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
        catalogue.beat("killed", {"study": "width", "scale": "demo"})
        assert catalogue.remove_study("width", "demo") == 0


LEASING = """
import sys
from paribus.store import Catalogue, find_lab
from store.example_runs import example_key, example_run
with Catalogue.open(find_lab(sys.argv[1]), create=True) as catalogue:
    print("ready", flush=True)
    sys.stdin.readline()
    for index in range(0, 120, 4):
        keys = [example_key(one) for one in range(index, index + 4)]
        for key in catalogue.lease(keys if index % 8 else keys[::-1], sys.argv[2])[:2]:
            assert catalogue.add_run(example_run(int(key, 16), measurements=(), artifacts={}))
            print(key)
"""


def test_processes_that_lease_at_once_share_no_run(any_lab):
    children = [program(LEASING, any_lab, f"driver-{number}") for number in range(3)]
    for child in children:
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        child.stdin.write(b"go\n")
        child.stdin.flush()
    trained = [key.decode() for child in children for key in child.communicate()[0].split()]
    assert [child.returncode for child in children] == [0, 0, 0]

    assert len(trained) == len(set(trained)) >= 60
    with Catalogue.open(any_lab, create=False) as catalogue:
        everything = [example_key(index) for index in range(120)]
        assert catalogue.finished(everything) == set(trained)
        assert not catalogue.finished(catalogue.leases(everything))


DRIVER = """
import sys
from paribus.store import Catalogue, find_lab
from store.example_runs import example_key
with Catalogue.open(find_lab(sys.argv[1]), create=True) as catalogue:
    catalogue.beat("killed", {})
    catalogue.lease([example_key(0), example_key(1)], "killed")
    with catalogue.exclusive():
        print("leased", flush=True)
        sys.stdin.readline()
"""


def test_a_killed_driver_leaves_leases_to_take_over_and_no_lock(any_lab):
    child = program(DRIVER, any_lab)
    assert child.stdout.readline() == b"leased\n"
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL

    with Catalogue.open(any_lab, create=False) as catalogue, catalogue.exclusive():
        (before,) = catalogue.drivers()
        (after,) = catalogue.drivers()
        assert (before.id, before.beats) == (after.id, after.beats) == ("killed", 1)
        assert catalogue.lease(KEYS[:3], "heir") == KEYS[2:3]
        assert catalogue.lease(KEYS[:3], "heir", dead=[before.id]) == KEYS[:3]
