"""Labs that cannot be opened, and what is said of them."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import create_engine, inspect

from paribus.errors import LabError, LabUnwritableError, NothingStoredError, SchemaError
from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from paribus.store.migrations import LATEST
from paribus.store.schema import METADATA
from store.example_runs import example_key, example_run, example_study

CREATE = (True, False)


def test_a_lab_keeps_what_it_was_given(lab):
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
    for create in CREATE:
        with Catalogue.open(lab, create=create) as catalogue:
            assert catalogue.study("width", "demo") == example_study("width", [1])


def test_the_tables_of_the_queries_are_those_of_the_migrations(lab, tmp_path):
    Catalogue.open(lab, create=True).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    METADATA.create_all(engine)
    engine.dispose()

    assert tables_of(tmp_path / "made.sqlite") == tables_of(lab / FILE)


def tables_of(path):
    """All that a table is, whatever the order and the names of its parts, by table."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = inspect(connection)
        tables = {name: table_of(connection, found, name) for name in found.get_table_names()}
    engine.dispose()
    return tables


def table_of(connection, found, name):
    keys = set(found.get_pk_constraint(name)["constrained_columns"])
    return {
        "columns": {
            # Of a key SQLite leaves open whether it may be missing; PostgreSQL does not.
            column["name"]: (kind_of(column), column["nullable"] and column["name"] not in keys)
            for column in found.get_columns(name)
        },
        "keys": keys,
        "unique": {tuple(one["column_names"]) for one in found.get_unique_constraints(name)},
        "checks": {one["sqltext"] for one in found.get_check_constraints(name)},
        "indexes": {(one["name"], *one["column_names"]) for one in found.get_indexes(name)},
        # Not by the inspector, which overlooks what happens to the rows of an owner that goes.
        "owners": {
            (row.table, row.to, getattr(row, "from"), row.on_delete)
            for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({name})")
        },
        "rowid": found.get_table_options(name),
    }


def kind_of(column):
    """A column's type as SQLite keeps it."""
    kind = str(column["type"])
    return {"BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "DOUBLE": "REAL"}.get(kind, kind)


@pytest.mark.parametrize("present", [False, True])
def test_reading_a_lab_with_nothing_in_it_says_so(lab, present):
    if present:
        lab.mkdir(parents=True)
        (lab / FILE).touch()  # as left by a process killed while it made the lab

    with pytest.raises(NothingStoredError, match=r"mine holds nothing yet.*paribus run"):
        Catalogue.open(lab, create=False)

    assert lab.exists() == present


def test_a_file_left_empty_by_a_killed_process_becomes_a_store(lab):
    lab.mkdir(parents=True)
    (lab / FILE).touch()
    with Catalogue.open(lab, create=True) as catalogue:
        assert catalogue.studies() == []


@pytest.mark.parametrize("create", CREATE)
def test_a_newer_schema_is_refused(lab, create):
    Catalogue.open(lab, create=True).close()
    _alter(lab, "PRAGMA user_version = 99")

    with pytest.raises(
        SchemaError, match=rf"has schema 99; this paribus reads up to {LATEST}\. Upgrade"
    ):
        Catalogue.open(lab, create=create)


@pytest.mark.parametrize("create", CREATE)
def test_the_database_of_another_program_is_refused_untouched(lab, create):
    lab.mkdir(parents=True)
    _alter(lab, "CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(SchemaError, match="some other program"):
        Catalogue.open(lab, create=create)

    connection = sqlite3.connect(lab / FILE)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("bookmarks",)]


@pytest.mark.parametrize("create", CREATE)
def test_a_file_that_is_no_database_is_refused_untouched(lab, create):
    lab.mkdir(parents=True)
    (lab / FILE).write_text("my notes\n" * 200)

    with pytest.raises(SchemaError, match="is not an SQLite database"):
        Catalogue.open(lab, create=create)

    assert (lab / FILE).read_text() == "my notes\n" * 200


def test_a_lab_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "lab"
    path.touch()
    with pytest.raises(LabUnwritableError, match=r"is a file; it must be a folder.*--lab"):
        Catalogue.open(path, create=True)


def test_a_lab_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabUnwritableError, match=r"cannot be written: Not a directory.*--lab"):
        Catalogue.open(tmp_path / "file" / "lab", create=True)


def test_a_store_that_cannot_be_written_shows_at_once(lab):
    (lab / FILE).mkdir(parents=True)
    with pytest.raises(LabUnwritableError, match=r"cannot be written: unable to open.*--lab"):
        Catalogue.open(lab, create=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_lab_can_be_read_and_not_written(lab):
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
    lab.chmod(0o555)
    try:
        with pytest.raises(LabUnwritableError, match="Permission denied"):
            Catalogue.open(lab, create=True)
        with Catalogue.open(lab, create=False) as catalogue:
            assert catalogue.study("width", "demo") == example_study("width", [1])
            with pytest.raises(LabUnwritableError, match="cannot be written"):
                catalogue.put_study(example_study("depth", [1]))
    finally:
        lab.chmod(0o755)


def test_a_path_with_odd_characters_is_a_path(tmp_path):
    lab = tmp_path / "50 % ?mode=ro#è"
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
    assert (lab / FILE).is_file()


def test_a_damaged_file_is_told(lab):
    with Catalogue.open(lab, create=True) as catalogue:
        for index in range(20):
            catalogue.put_study(example_study(f"width-{index}", range(100)))
    whole = (lab / FILE).read_bytes()
    (lab / FILE).write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with (
        pytest.raises(LabError, match=r"is damaged: .*use another --lab"),
        Catalogue.open(lab, create=False) as catalogue,
    ):
        catalogue.studies()


def test_a_lab_that_another_process_is_making_is_waited_for(lab):
    lab.mkdir(parents=True)
    other = sqlite3.connect(lab / FILE, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # here SQLite refuses WAL at once, whatever the timeout
    release = Timer(0.1, other.rollback)
    release.start()

    with Catalogue.open(lab, create=True) as catalogue:
        assert catalogue.studies() == []

    release.join()
    other.close()


def test_two_catalogues_of_one_lab_lose_nothing(lab):
    def write(start):
        with Catalogue.open(lab, create=True) as catalogue:
            for index in range(start, 60, 3):
                catalogue.put_study(example_study(f"width-{start}", range(index)))
                assert catalogue.add_run(example_run(index))

    with ThreadPoolExecutor(3) as threads:  # connections lock alike in threads and in processes
        list(threads.map(write, range(3), timeout=60))

    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.finished(map(example_key, range(60))) == set(map(example_key, range(60)))
        assert [len(entry.members) for entry in catalogue.studies()] == [57, 58, 59]


def test_the_store_does_not_import_jax():
    program = "import sys, paribus.store, paribus.executors; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _alter(lab: Path, statement: str) -> None:
    connection = sqlite3.connect(lab / FILE)
    with connection:
        connection.execute(statement)
    connection.close()
