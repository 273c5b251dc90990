"""A lab in a PostgreSQL database: made once, and what is said and done when something is wrong."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event, Thread

import pytest
from sqlalchemy.exc import IntegrityError

from paribus.errors import (
    LabError,
    LabGoneError,
    LabHeldError,
    LabUnwritableError,
    NothingStoredError,
    SchemaError,
)
from paribus.store import Catalogue, Registration
from paribus.store.migrations import LATEST
from paribus.store.postgresql import PostgresqlDatabase
from paribus.store.schema import METADATA
from store.example_runs import example_key, example_run, example_study
from store.server import PASSWORD, USER, program

OPENING = """
import sys
from paribus.store import Catalogue, find_lab
print("ready", flush=True)
sys.stdin.readline()
Catalogue.open(find_lab(sys.argv[1]), create=True).close()
"""


def test_processes_that_open_an_empty_database_at_once_make_it_once(server, shared_lab):
    children = [program(OPENING, shared_lab) for _ in range(3)]
    for child in children:
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        child.stdin.write(b"go\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    assert [child.returncode for child in children] == [0, 0, 0]

    assert server.execute(shared_lab, "SELECT version FROM paribus.schema_version") == [(LATEST,)]
    tables = server.execute(
        shared_lab, "SELECT tablename FROM pg_tables WHERE schemaname = 'paribus'"
    )
    assert {name for (name,) in tables} == {*METADATA.tables, "schema_version"}


def test_a_lab_keeps_what_it_was_given_beside_what_else_is_in_the_database(server, shared_lab):
    server.execute(shared_lab, "CREATE TABLE runs (url text)")
    with Catalogue.open(shared_lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
    for create in (True, False):
        with Catalogue.open(shared_lab, create=create) as catalogue:
            assert catalogue.shared
            assert catalogue.study("width", "demo") == example_study("width", [1])
    assert server.execute(shared_lab, "SELECT * FROM public.runs") == []


def test_reading_a_database_with_nothing_in_it_says_so_and_makes_nothing(server, shared_lab):
    with pytest.raises(NothingStoredError, match=r"holds nothing yet.*paribus run"):
        Catalogue.open(shared_lab, create=False)
    found = server.execute(shared_lab, "SELECT FROM pg_namespace WHERE nspname = 'paribus'")
    assert found == []


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_schema_is_refused(server, shared_lab, create):
    Catalogue.open(shared_lab, create=True).close()
    server.execute(shared_lab, "UPDATE paribus.schema_version SET version = 99")
    with pytest.raises(
        SchemaError, match=rf"has schema 99; this paribus reads up to {LATEST}\. Upgrade"
    ):
        Catalogue.open(shared_lab, create=create)


def test_a_database_of_another_encoding_is_refused(server):
    with pytest.raises(SchemaError, match=r"as LATIN1; it must be UTF8.*createdb --template"):
        Catalogue.open(server.database("LATIN1"), create=True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": "wrong"}, "password authentication failed for user .*Check user and"),
        ({"password": None}, "no password supplied.*PGPASSWORD"),
        ({"user": "nobody-known"}, "password authentication failed for user .*Check user and"),
        ({"database": "nothing"}, "does not exist.*createdb --encoding UTF8 nothing"),
        ({"port": 1}, "cannot be reached: Connection refused.*start the server"),
        ({"host": "nowhere.invalid"}, "nowhere.invalid.*Check host and port"),
        ({"options": (("sslmode", "require"),)}, "SSL.*Check host and port"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_names(shared_lab, changes, told):
    wrong = replace(shared_lab, **changes)
    with pytest.raises(LabGoneError, match=told) as raised:
        Catalogue.open(wrong, create=True)
    assert "\n" not in str(raised.value)
    for secret in (PASSWORD, "wrong", f'"{USER}"', "nobody-known"):
        assert secret not in str(raised.value)


def test_a_user_who_may_only_read_reads(server, shared_lab):
    with Catalogue.open(shared_lab, create=True) as catalogue:
        catalogue.put_study(example_study("width", [1]))
    server.execute(shared_lab, "CREATE ROLE reader LOGIN PASSWORD 'r'")
    server.execute(shared_lab, "GRANT USAGE ON SCHEMA paribus TO reader")
    server.execute(shared_lab, "GRANT SELECT ON ALL TABLES IN SCHEMA paribus TO reader")
    reader = replace(shared_lab, user="reader", password="r")
    with Catalogue.open(reader, create=False) as catalogue:
        assert catalogue.study("width", "demo") == example_study("width", [1])
        with pytest.raises(LabUnwritableError, match=r"permission denied .* Its owner can allow"):
            catalogue.put_study(example_study("depth", [1]))
    elsewhere = replace(server.database(), user="reader", password="r")
    with pytest.raises(LabUnwritableError, match="GRANT CREATE ON DATABASE"):
        Catalogue.open(elsewhere, create=True)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE registrations SET at = '2020-01-01T00:00:00+00:00'", "never changed"),
        ("DELETE FROM registrations", "never deleted"),
        ("TRUNCATE registrations", "never deleted"),
    ],
)
def test_the_database_itself_takes_no_registration_back(shared_lab, statement, told):
    made = Registration("width", "demo", "ab" * 32, {"claims": []}, "2026-01-02T03:04:05+00:00")
    with Catalogue.open(shared_lab, create=True) as catalogue:
        catalogue.add_registration(made)
        with (
            closing(PostgresqlDatabase(shared_lab)) as database,
            pytest.raises(IntegrityError, match=told),
            database.writing() as connection,
        ):
            connection.exec_driver_sql(statement)
        assert catalogue.registrations("width", "demo") == [made]


def test_what_postgresql_would_refuse_in_text_is_kept(shared_lab):
    odd = example_run(1, provenance={"loss": float("nan"), "margin": float("inf"), "x": "a\0b"})
    with Catalogue.open(shared_lab, create=True) as catalogue:
        catalogue.add_run(odd)
        assert repr(catalogue.run(odd.key).provenance) == repr(odd.provenance)
        catalogue.record_failure(example_key(2), "bytes a\0b")
        assert catalogue.failures([example_key(2)]) == {example_key(2): "bytes a\\0b"}


def test_one_writes_at_a_time_and_reading_sees_one_state(shared_lab):
    with (
        Catalogue.open(shared_lab, create=True) as writer,
        closing(PostgresqlDatabase(shared_lab)) as database,
        ThreadPoolExecutor(1) as thread,
    ):
        with database.reading() as connection:
            before = connection.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
            writer.add_run(example_run(1))
            after = connection.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
        assert (before, after) == (0, 0)
        with database.writing() as connection:
            waiting = thread.submit(lambda: add_one(shared_lab, 2))
            writer.beat("alive", {})  # it waits for nobody
            connection.exec_driver_sql("SELECT pg_sleep(0.5)")
            assert not waiting.done()
        assert waiting.result(timeout=60)


def add_one(lab, index):
    with Catalogue.open(lab, create=False) as catalogue:
        return catalogue.add_run(example_run(index))


def test_one_driver_at_a_time_is_exclusive(shared_lab):
    inside, leave, order = Event(), Event(), []

    def first():
        with Catalogue.open(shared_lab, create=True) as catalogue, catalogue.exclusive():
            inside.set()
            leave.wait(60)
            order.append("first")

    thread = Thread(target=first)
    thread.start()
    assert inside.wait(60)
    with Catalogue.open(shared_lab, create=False) as catalogue:
        assert catalogue.add_run(example_run(1))  # it keeps nobody from writing
        leave.set()
        with catalogue.exclusive():
            order.append("second")
            with catalogue.exclusive():
                order.append("again")
    thread.join(60)
    assert order == ["first", "second", "again"]


class Impatient(PostgresqlDatabase):
    PATIENCE_SECONDS = 0.2


def test_a_lock_that_is_never_given_back_is_told(shared_lab):
    with (
        Catalogue.open(shared_lab, create=True),
        closing(PostgresqlDatabase(shared_lab)) as one,
        closing(PostgresqlDatabase(shared_lab)) as other,
        one.writing(),
        pytest.raises(LabHeldError, match=r"was locked by another process for \d+ s"),
    ):
        other.read(wait_shortly)


def wait_shortly(connection):
    connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
    connection.exec_driver_sql(PostgresqlDatabase.BEGIN_WRITING)


def test_what_no_user_can_put_right_is_no_error_of_the_lab(shared_lab):
    with (
        closing(PostgresqlDatabase(shared_lab)) as database,
        pytest.raises(Exception, match="syntax") as raised,
        database.reading() as connection,
    ):
        connection.exec_driver_sql("SELEC 1")
    assert not isinstance(raised.value, LabError)


WRITING = """
import sys
from paribus.store import Catalogue, find_lab
from store.example_runs import example_key, example_run
with Catalogue.open(find_lab(sys.argv[1]), create=True) as catalogue:
    for index in range(60):
        catalogue.lease([example_key(index)], "driver")
        catalogue.put_checkpoint(example_key(index), b"half")
        catalogue.add_run(example_run(index))
        catalogue.beat("driver", {"done": index})
        print(index, flush=True)
"""


@pytest.fixture
def own_server(server):
    """The server of all tests, which runs again afterwards, whatever happened to it."""
    yield server
    if not server.runs():
        server.start()


def test_a_server_killed_and_started_again_in_the_middle_costs_nothing(own_server, shared_lab):
    child = program(WRITING, shared_lab)
    for stop in (7, 19, 31):
        while int(child.stdout.readline()) < stop:
            pass
        own_server.kill()
        own_server.start()
    child.communicate()
    assert child.returncode == 0

    with Catalogue.open(shared_lab, create=False) as catalogue:
        keys = [example_key(index) for index in range(60)]
        assert catalogue.finished(keys) == set(keys)
        assert catalogue.leases(keys) == {}
        assert catalogue.checkpoints(keys) == {}
        for index, key in enumerate(keys):
            stored = catalogue.run(key)
            assert len(stored.measurements) == 3
            assert stored.artifacts == example_run(index).artifacts
        (driver,) = catalogue.drivers()
        assert driver.beats >= 60
        assert driver.document == {"done": 59}


def test_a_server_that_stays_away_is_told_after_a_while(own_server, shared_lab):
    Catalogue.open(shared_lab, create=True).close()
    with closing(Impatient(shared_lab)) as database:
        with database.reading():
            pass
        own_server.kill()
        with pytest.raises(LabGoneError, match=r"cannot be reached.*start the server"):
            database.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
        own_server.start()
        assert database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1
