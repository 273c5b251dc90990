"""How far studies are, counted in the database, compared with counting the runs themselves."""

import pytest

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.store.catalogue import Catalogue
from paribus.store.counts import StudyCounts
from store.example_runs import example_key, example_run, example_study


@pytest.fixture
def catalogue():
    with Catalogue.in_memory() as catalogue:
        yield catalogue


def counted(catalogue):
    """The slow and obvious way: reads every run."""
    for entry in catalogue.studies():
        keys = {member.key for member in entry.members}
        stored = list(catalogue.summaries(keys))
        yield StudyCounts(
            name=entry.name,
            scale=entry.scale,
            total=len(keys),
            done=len(stored),
            diverged=sum(run.status == "diverged" for run in stored),
            failed=len(catalogue.failures(keys)),
        )


def test_counts_are_those_of_the_runs(catalogue):
    catalogue.put_study(example_study("width", range(9)))
    catalogue.put_study(example_study("depth", [3, 3, 4, 20]))  # two members of one run
    catalogue.put_study(example_study("depth", range(40, 60), scale="full"))
    catalogue.put_study(example_study("empty", []))
    for index in (0, 3, 4, 5, 99):
        catalogue.add_run(example_run(index))
    catalogue.add_run(example_run(6, status="diverged", diverged_epoch=2))
    for index in (7, 20, 98):
        catalogue.record_failure(example_key(index), "out of memory")
    found = catalogue.counts()
    assert found == list(counted(catalogue))
    assert found[0] == StudyCounts("depth", "demo", total=3, done=2, diverged=0, failed=1)
    assert found[-1] == StudyCounts("width", "demo", total=9, done=5, diverged=1, failed=1)
    assert catalogue.names() == [(one.name, one.scale) for one in found]


def test_another_plan_has_another_number(catalogue):
    found = []
    for indices in ([1, 2], [1, 3], [1, 2]):
        catalogue.put_study(example_study("width", indices))
        found.append(catalogue.counts()[0].plan)
    assert found[0] == found[2] != found[1]


def test_what_is_measured_later_is_counted(catalogue):
    for name, indices in (("width", [1, 1, 2]), ("depth", [3]), ("empty", [])):
        catalogue.put_study(example_study(name, indices))
    catalogue.add_runs([example_run(1), example_run(3)])
    depth, empty, width = (one.rows for one in catalogue.counts())
    assert (width, empty) == (depth, 0)  # a run that is two members counts once
    catalogue.add_measured(example_key(1), example_run(1).measurements[:0], ["a probe"])
    assert [one.rows for one in catalogue.counts()] == [depth, 0, width + 1]


def test_one_study_is_that_of_all(catalogue):
    for name, indices in (("width", [2, 1]), ("depth", [3, 3]), ("empty", [])):
        catalogue.put_study(example_study(name, indices))
    for entry in catalogue.studies():
        assert catalogue.study(entry.name, entry.scale) == entry


def test_a_lab_without_a_study_has_no_counts(catalogue):
    assert catalogue.counts() == catalogue.names() == []
    with pytest.raises(NothingStoredError):
        catalogue.study("width", "demo")


def test_a_study_that_is_not_there_names_the_others(catalogue):
    catalogue.put_study(example_study("width", [1]))
    with pytest.raises(UnknownNameError, match="width"):
        catalogue.study("widht", "demo")
    with pytest.raises(UnknownNameError, match="demo"):
        catalogue.study("width", "full")
