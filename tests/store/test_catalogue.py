"""The contract of a catalogue: in a file, in memory, and in a database that drivers share."""

import sqlite3

import numpy as np
import pytest

from paribus.errors import LabError, NothingStoredError, UnknownNameError
from paribus.store import Catalogue, Measurement
from paribus.store.catalogue import FILE
from store.example_runs import example_key, example_run, example_study


@pytest.fixture(params=["lab", "shared_lab", "memory"])
def catalogue(request):
    if request.param == "memory":
        opened = Catalogue.in_memory()
    else:
        opened = Catalogue.open(request.getfixturevalue(request.param), create=True)
    with opened as catalogue:
        yield catalogue


def assert_same_run(got, expected):
    def plain(run):
        fields = vars(run) | {"measurements": None, "artifacts": dict(run.artifacts)}
        return fields, [
            (m.name, m.dims, _exact(m.values), {k: _exact(v) for k, v in m.coords.items()})
            for m in run.measurements
        ]

    assert plain(got) == plain(expected)


def _exact(array):
    return array.dtype, array.shape, array.tobytes()


def test_a_run_comes_back_as_it_was(catalogue):
    diverged = example_run(2, status="diverged", diverged_epoch=3, artifacts={})

    assert catalogue.add_run(example_run(1))
    assert catalogue.add_run(diverged)

    assert_same_run(catalogue.run(example_key(1)), example_run(1))
    assert_same_run(catalogue.run(example_key(2)), diverged)


def test_a_run_may_have_nothing_measured_and_nothing_kept(catalogue):
    bare = example_run(1, measurements=(), artifacts={})
    catalogue.add_run(bare)
    assert_same_run(catalogue.run(bare.key), bare)


def test_a_key_that_is_there_is_left_as_it_is(catalogue):
    catalogue.add_run(example_run(1))

    assert not catalogue.add_run(example_run(1, parameters=5, measurements=(), artifacts={}))

    assert_same_run(catalogue.run(example_key(1)), example_run(1))


def test_runs_are_stored_together_but_for_those_that_are_there(catalogue):
    catalogue.add_run(example_run(1))
    bare = example_run(3, measurements=(), artifacts={})
    new = [example_run(2), example_run(1, parameters=5), bare, example_run(2)]
    assert catalogue.add_runs(new) == {example_key(2), example_key(3)}
    for index in (1, 2):
        assert_same_run(catalogue.run(example_key(index)), example_run(index))
    assert_same_run(catalogue.run(example_key(3)), bare)
    assert catalogue.add_runs([]) == set()


def test_of_runs_stored_together_one_that_cannot_be_keeps_out_all(catalogue):
    bad = Measurement("test/loss", np.array([None]), ("epoch",))
    with pytest.raises(TypeError):
        catalogue.add_runs([example_run(1), example_run(2, measurements=(bad,))])
    assert not catalogue.finished([example_key(1), example_key(2)])


def test_a_run_that_cannot_be_stored_whole_is_not_stored(catalogue):
    bad = Measurement("bad", np.array([object()]))
    with pytest.raises(TypeError, match="cannot store"):
        catalogue.add_run(example_run(1, measurements=(*example_run(1).measurements, bad)))

    assert not catalogue.finished([example_key(1)])
    assert catalogue.add_run(example_run(1))


def test_a_checkpoint_is_replaced_and_gone_when_its_run_is_stored(catalogue):
    catalogue.put_checkpoint(example_key(1), b"first")
    catalogue.put_checkpoint(example_key(2), b"other")
    catalogue.put_checkpoint(example_key(1), b"second")
    keys = [example_key(index) for index in (1, 2, 3)]
    assert catalogue.checkpoints(keys) == {example_key(1): b"second", example_key(2): b"other"}

    catalogue.add_run(example_run(1))

    assert catalogue.checkpoints(keys) == {example_key(2): b"other"}

    catalogue.record_failure(example_key(2), "its state did not fit")

    assert catalogue.checkpoints(keys) == {}


def test_finished_answers_for_thousands_of_keys(catalogue):
    for index in (0, 250, 4_999):
        catalogue.add_run(example_run(index))

    found = catalogue.finished(map(example_key, range(5_000)))

    assert found == {example_key(index) for index in (0, 250, 4_999)}


def test_summaries_keep_the_order_of_the_keys(catalogue):
    for index in range(300):
        catalogue.add_run(example_run(index, measurements=(), artifacts={}))
    wanted = [example_key(index) for index in (299, 7, 1_000, 7, *range(100, 290), 3)]

    found = list(catalogue.summaries(wanted))

    assert [run.replicate for run in found] == [299, 7, *range(100, 290), 3]
    assert found[0].recipe == example_run(0).recipe


def test_measurements_are_chosen_by_run_and_name(catalogue):
    for index in range(3):
        catalogue.add_run(example_run(index))

    everything = list(catalogue.measurements([example_key(0), example_key(2)]))
    chosen = list(catalogue.measurements([example_key(1)], ["test/final", "test/loss"]))

    names = ["test/loss", "gradient/norm", "test/final"]
    assert [(key, found.name) for key, found in everything] == [
        (example_key(index), name) for index in (0, 2) for name in names
    ]
    assert [found.name for _, found in chosen] == ["test/loss", "test/final"]
    assert list(catalogue.measurements([example_key(1)], [])) == []


def test_runs_can_be_added_between_two_measurements_read(catalogue):
    catalogue.add_run(example_run(0))
    for index, _ in enumerate(catalogue.measurements([example_key(0)]), start=1):
        assert catalogue.add_run(example_run(index))


def test_an_artifact_comes_back(catalogue):
    catalogue.add_run(example_run(1))
    expected = example_run(1).artifacts["weights.safetensors"]
    assert catalogue.artifact(example_key(1), "weights.safetensors") == expected
    assert catalogue.artifact(example_key(1), "correct") == b""


def test_what_is_not_stored_is_said(catalogue):
    catalogue.add_run(example_run(1))
    with pytest.raises(NothingStoredError, match=f"holds no run {example_key(2)}"):
        catalogue.run(example_key(2))
    with pytest.raises(NothingStoredError, match=f"run {example_key(1)} keeps no 'gradients'"):
        catalogue.artifact(example_key(1), "gradients")


def test_a_failure_is_counted_until_the_run_is_stored(catalogue):
    catalogue.record_failure(example_key(1), "out of memory")
    catalogue.record_failure(example_key(2), "interrupted")
    catalogue.record_failure(example_key(1), "still out of memory")
    keys = [example_key(index) for index in range(4)]
    assert catalogue.failures(keys) == {
        example_key(1): "still out of memory",
        example_key(2): "interrupted",
    }

    catalogue.add_run(example_run(1))

    assert catalogue.failures(keys) == {example_key(2): "interrupted"}


def test_a_study_is_what_was_planned_last(catalogue):
    catalogue.put_study(example_study("width", range(5)))
    catalogue.put_study(example_study("width", range(9), scale="full"))
    catalogue.put_study(example_study("depth", [3]))
    replanned = example_study("width", [4, 2])

    catalogue.put_study(replanned)

    assert catalogue.study("width", "demo") == replanned
    assert [(entry.name, entry.scale) for entry in catalogue.studies()] == [
        ("depth", "demo"),
        ("width", "demo"),
        ("width", "full"),
    ]


def test_two_members_may_share_a_run(catalogue):
    entry = example_study("width", [1, 1])
    catalogue.put_study(entry)
    assert catalogue.study("width", "demo") == entry


def test_an_unknown_study_is_told_with_near_names(catalogue):
    with pytest.raises(NothingStoredError, match=r"holds nothing yet.*paribus run"):
        catalogue.study("width", "demo")
    catalogue.put_study(example_study("width", [1]))

    with pytest.raises(UnknownNameError, match=r"'widht'; did you mean 'width'\?.*paribus run"):
        catalogue.study("widht", "demo")
    with pytest.raises(UnknownNameError, match=r"scale of study 'width' named 'full'.*: demo"):
        catalogue.study("width", "full")


def test_removing_a_study_keeps_the_runs_that_another_has_planned(catalogue):
    for index in range(6):
        catalogue.add_run(example_run(index))
    catalogue.put_study(example_study("width", [0, 1, 2]))
    catalogue.put_study(example_study("width", [2, 3]))  # 0 and 1 are no longer in the plan
    catalogue.put_study(example_study("depth", [1, 3, 4]))
    catalogue.put_study(example_study("depth", [4]))
    catalogue.record_failure(example_key(9), "left over")

    assert catalogue.remove_study("width", "demo") == 2

    left = catalogue.finished(map(example_key, range(6)))
    assert left == {example_key(index) for index in (1, 3, 4, 5)}
    assert [entry.name for entry in catalogue.studies()] == ["depth"]
    assert list(catalogue.measurements([example_key(0)])) == []
    with pytest.raises(UnknownNameError):
        catalogue.remove_study("width", "demo")


def test_removing_a_study_gives_the_space_back(catalogue):
    empty = catalogue.size()
    sizes = []
    for _ in range(2):
        for index in range(20):
            catalogue.add_run(example_run(index))
        catalogue.put_study(example_study("width", range(20)))
        assert catalogue.size() > empty + 20 * 10_000
        catalogue.remove_study("width", "demo")
        sizes.append(catalogue.size())

    # PostgreSQL keeps most of its pages, and fills them again.
    assert sizes == [sizes[0] if catalogue.shared else empty] * 2


@pytest.mark.parametrize(
    ("table", "read"),
    [
        ("measurements", lambda catalogue: list(catalogue.measurements([example_key(1)]))),
        ("artifacts", lambda catalogue: catalogue.artifact(example_key(1), "weights.safetensors")),
        ("artifacts", lambda catalogue: catalogue.run(example_key(1))),
    ],
)
def test_a_damaged_blob_is_refused_with_the_run_it_belongs_to(lab, table, read):
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.add_run(example_run(1))
    connection = sqlite3.connect(lab / FILE)
    with connection:
        for row, content in connection.execute(f"SELECT rowid, content FROM {table}").fetchall():
            flipped = content[:-1] + bytes([content[-1] ^ 1]) if content else content
            connection.execute(f"UPDATE {table} SET content = ? WHERE rowid = ?", (flipped, row))
    connection.close()

    with (
        Catalogue.open(lab, create=False) as catalogue,
        pytest.raises(LabError, match=f"of run {example_key(1)} is damaged"),
    ):
        read(catalogue)
