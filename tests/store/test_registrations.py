"""What was registered of studies: kept as it was said, in its order, whatever else is removed."""

import sqlite3
from dataclasses import fields, replace

import pytest
from sqlalchemy.exc import IntegrityError

from paribus.store import Catalogue, Registration
from paribus.store.catalogue import FILE
from paribus.store.migrations import APPLICATION_ID, LATEST, MIGRATIONS
from paribus.store.sqlite import SqliteDatabase
from store.example_runs import example_key, example_run, example_study

FIRST = Registration(
    study="width",
    scale="demo",
    digest="ab" * 32,
    content={"claims": [{"claim": {"kind": "better", "margin": 0.1}, "about": "è"}], "looks": [5]},
    at="2026-01-02T03:04:05+00:00",
)
SECOND = replace(FIRST, digest="cd" * 32, ahead=True, salt=2**52 - 1)


def test_registrations_come_back_as_they_were_in_their_order(catalogue):
    for one in (SECOND, FIRST, SECOND):
        catalogue.add_registration(one)
    catalogue.add_registration(replace(FIRST, scale="full"))
    catalogue.add_registration(replace(FIRST, study="depth"))

    found = catalogue.registrations("width", "demo")

    assert found == [SECOND, FIRST, SECOND]
    assert [type(one.ahead) for one in found] == [bool] * 3
    assert catalogue.registrations("width", "full") == [replace(FIRST, scale="full")]
    assert catalogue.registrations("height", "demo") == []


def test_a_registration_whose_storing_is_repeated_is_there_once(catalogue):
    for one in (FIRST, FIRST, SECOND, SECOND, replace(SECOND, at="2026-01-02T03:04:06+00:00")):
        catalogue.add_registration(one)

    assert [one.at[-8:-6] for one in catalogue.registrations("width", "demo")] == [
        "05",
        "05",
        "06",
    ]


def test_a_removed_study_leaves_its_registrations(catalogue):
    catalogue.put_study(example_study("width", [1]))
    catalogue.add_run(example_run(1))
    catalogue.add_registration(FIRST)

    assert catalogue.remove_study("width", "demo") == 1

    assert catalogue.studies() == []
    assert catalogue.registrations("width", "demo") == [FIRST]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE registrations SET at = '2020-01-01T00:00:00+00:00'", "never changed"),
        ("DELETE FROM registrations", "never deleted"),
    ],
)
def test_the_store_itself_takes_no_registration_back(lab, statement, told):
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.add_registration(FIRST)
    database = SqliteDatabase(lab / FILE)
    with pytest.raises(IntegrityError, match=told), database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()

    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.registrations("width", "demo") == [FIRST]


TABLES = ("runs", "measurements", "artifacts", "studies", "members", "study_runs", "failures")


def columns_of(connection):
    found = {table: connection.execute(f"PRAGMA table_info({table})") for table in TABLES}
    return {table: ", ".join(row[1] for row in rows) for table, rows in found.items()}


def contents(connection, columns):
    return {
        table: connection.execute(f"SELECT {named} FROM {table}").fetchall()
        for table, named in columns.items()
    }


@pytest.fixture
def old_lab(lab, tmp_path):
    """A lab of schema 3, made by its migrations, with what a lab of today holds."""
    with Catalogue.open(tmp_path / "today", create=True) as catalogue:
        catalogue.put_study(example_study("width", [1, 2]))
        for index in (1, 2):
            catalogue.add_run(example_run(index))
        catalogue.record_failure(example_key(3), "it did not fit")
    today = sqlite3.connect(tmp_path / "today" / FILE)
    lab.mkdir(parents=True)
    old = sqlite3.connect(lab / FILE)
    with old:
        for statement in (line for migration in MIGRATIONS[:3] for line in migration):
            old.execute(statement)
        columns = columns_of(old)
        rows = contents(today, columns)
        for table, found in rows.items():
            old.executemany(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found
            )
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute("PRAGMA user_version = 3")
    old.close()
    today.close()
    return lab, columns, rows


def test_a_lab_from_before_registrations_keeps_all_that_it_has(old_lab):
    lab, columns, before = old_lab
    assert all(before.values())

    with Catalogue.open(lab, create=False) as catalogue:
        assert catalogue.registrations("width", "demo") == []
        assert catalogue.study("width", "demo") == example_study("width", [1, 2])
        catalogue.add_registration(FIRST)

    connection = sqlite3.connect(lab / FILE)
    assert contents(connection, columns) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert len(connection.execute("SELECT * FROM registrations").fetchall()) == 1
    connection.close()


def test_every_field_of_a_registration_is_stored(catalogue):
    catalogue.add_registration(SECOND)
    (found,) = catalogue.registrations("width", "demo")
    assert {field.name for field in fields(found)} == set(vars(SECOND))
    assert found.salt == SECOND.salt
