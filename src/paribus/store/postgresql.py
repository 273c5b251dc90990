"""A lab's database on a PostgreSQL server that several drivers share.

All that is ours is in a schema of its own, so the database may hold other things too. As on SQLite
one transaction writes at a time: a lock that it holds until its end makes what the queries
take for granted true here as well, at the cost of a round trip.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import StaticPool

from paribus.errors import LabError, LabGoneError, LabHeldError, LabUnwritableError, SchemaError
from paribus.extras import extra
from paribus.store.database import Database
from paribus.store.lab import SharedLab
from paribus.store.migrations import LATEST, check_version, statements_after
from paribus.store.schema import METADATA

SCHEMA = "paribus"

# Two numbers that are ours alone: programs that share a database share its advisory locks.
WRITING = 0x7061726962757301
EXCLUSIVE = 0x7061726962757302

BUSY_SECONDS = 30.0
EXCLUSIVE_SECONDS = 120.0
_PAUSE_SECONDS = 0.1

# A machine that vanishes, at either end, is found out within about a minute, and a driver that was
# stopped in the middle of a transaction does not keep the others from writing for longer.
SESSION = {
    "search_path": SCHEMA,
    "lock_timeout": f"{BUSY_SECONDS:.0f}s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
CONNECTION = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "paribus",
    "client_encoding": "utf8",
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
}

# Raised as a breach of a constraint, as the triggers on SQLite are.
_REFUSAL = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""
_TRIGGER = """
    CREATE TRIGGER {name} BEFORE {events} ON registrations
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()
"""
TRIGGERS = tuple(
    template.format(name=name, events=events, message=message)
    for name, events, message in (
        ("registrations_stay", "UPDATE", "registrations are never changed"),
        ("registrations_are_kept", "DELETE OR TRUNCATE", "registrations are never deleted"),
    )
    for template in (_REFUSAL, _TRIGGER)
)


class PostgresqlDatabase(Database):
    """The database of a shared lab."""

    shared = True
    BEGIN_READING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    # Each statement after the lock sees what others committed before it was given.
    BEGIN_WRITING = f"SELECT pg_advisory_xact_lock({WRITING})"
    BEGIN_NOTING = ""
    PATIENCE_SECONDS = 60.0

    def __init__(self, lab: SharedLab) -> None:
        self._lab = lab
        url = URL.create(
            "postgresql+psycopg",
            username=lab.user,
            password=lab.password,
            host=lab.host,
            port=lab.port,
            database=lab.database,
        )
        extra("psycopg", "postgresql", f"lab {lab}, which is a PostgreSQL database,")
        engine = create_engine(
            url, poolclass=StaticPool, connect_args=CONNECTION | dict(lab.options)
        )
        super().__init__(engine, f"lab {lab}")

    def version(self, connection: Connection) -> int:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise SchemaError(
                f"{self.where} keeps text as {encoding}; it must be UTF8. Make another database: "
                "createdb --template template0 --encoding UTF8 NAME"
            )
        if not _is_there(connection, f"pg_tables WHERE schemaname = '{SCHEMA}'"):
            return 0
        version = connection.exec_driver_sql("SELECT version FROM schema_version").scalar_one()
        check_version(version, self.where)
        return version

    def migrate(self, connection: Connection) -> None:
        version = self.version(connection)
        if version == 0:
            if not _is_there(connection, f"pg_namespace WHERE nspname = '{SCHEMA}'"):
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            METADATA.create_all(connection, checkfirst=False)
            for statement in TRIGGERS:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(
                f"CREATE TABLE schema_version AS SELECT {LATEST} AS version"
            )
        elif version < LATEST:
            for statement in statements_after(version):
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"UPDATE schema_version SET version = {LATEST}")

    def shrink(self) -> None:
        """The space of deleted rows is used again; PostgreSQL gives only some of it back."""
        tables = ", ".join(METADATA.tables)
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with self.telling_errors(), engine.connect() as connection:
            connection.exec_driver_sql(f"VACUUM {tables}")

    def size(self) -> int:
        sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in METADATA.tables)
        with self.reading() as connection:
            return int(connection.exec_driver_sql(f"SELECT {sizes}").scalar_one())

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The lock is the connection's: a server that is restarted meanwhile has forgotten it."""
        deadline = time.monotonic() + EXCLUSIVE_SECONDS
        while not self.read(_take_lock):
            if time.monotonic() >= deadline:
                raise LabHeldError(
                    f"{self.where} was kept by another driver for {EXCLUSIVE_SECONDS:.0f} s. "
                    "Wait for it, or stop it: `paribus status` shows the drivers."
                )
            time.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            with suppress(LabGoneError), self.reading() as connection:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({EXCLUSIVE})")

    def told(self, error: BaseException | None) -> LabError | None:
        state = getattr(error, "sqlstate", None) or ""
        if _is_gone(error, state):
            return self._gone(error)
        if state == "55P03":
            return LabHeldError(
                f"{self.where} was locked by another process for {BUSY_SECONDS:.0f} s. "
                "Wait for that process, or stop it."
            )
        if state == "42501":
            return LabUnwritableError(
                f"{self.where} refuses: {self._line(error)}. Its owner can allow it: "
                f"GRANT CREATE ON DATABASE, or GRANT ALL on the schema {SCHEMA} and its tables"
            )
        if state in ("25006", "53100", "53200", "54000"):
            return LabUnwritableError(
                f"{self.where} cannot be written: {self._line(error)}. See to the server, then "
                "give the same command again."
            )
        if state.startswith("XX"):
            return LabError(
                f"{self.where} is damaged or its server failed: {self._line(error)}. The server's "
                "log says more; put a copy of the database back if it must be."
            )
        return None

    def _gone(self, error: BaseException | None) -> LabGoneError:
        text = str(error)
        if "authentication failed" in text or "no password supplied" in text:
            advice = (
                "Check user and password: postgresql://USER:PASSWORD@..., or PGUSER and "
                "PGPASSWORD, or ~/.pgpass."
            )
        elif "does not exist" in text:
            advice = f"Make it on the server: createdb --encoding UTF8 {self._lab.database}"
        else:
            advice = (
                "Check host and port, and start the server; the same command then goes on "
                "where it was."
            )
        return LabGoneError(f"{self.where} cannot be reached: {self._line(error)}. {advice}")

    def _line(self, error: BaseException | None) -> str:
        """What the server said, in one line and without the user; it never repeats a password."""
        text = " ".join(str(error).partition("DETAIL:")[0].split())
        text = text.rpartition("FATAL: ")[2].rpartition(" failed: ")[2]
        text = text.partition(" Is the server")[0].strip().rstrip(".")
        return text.replace(f'"{self._lab.user}"', "***") if self._lab.user else text


def _take_lock(connection: Connection) -> bool:
    return connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({EXCLUSIVE})").scalar_one()


def _is_there(connection: Connection, rows: str) -> bool:
    # A query, which sees what was committed while the lock was waited for. PostgreSQL's functions
    # that look a name up (to_regclass) may answer from before.
    found = connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM pg_catalog.{rows})")
    return bool(found.scalar_one())


def _is_gone(error: BaseException | None, state: str) -> bool:
    """Whether the server cannot be reached or has broken the connection off.

    Such errors have a state of their own (shut down, too many connections, taken for idle), or
    none, as there was nobody to say it.
    """
    if state:
        return state.startswith(("08", "57P", "28", "3D")) or state in ("53300", "25P03")
    return type(error).__name__ in ("OperationalError", "ConnectionTimeout", "AdminShutdown")
