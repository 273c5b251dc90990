"""A lab's database as one SQLite file: how it is opened, and what its errors mean."""

import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from paribus.errors import (
    DamagedLabError,
    LabError,
    LabHeldError,
    LabUnwritableError,
    SchemaError,
)
from paribus.store.database import Database
from paribus.store.folder import ADVICE
from paribus.store.migrations import migrate, schema_version, statements_after
from paribus.store.mounts import network_file_system

BUSY_SECONDS = 30.0

# Readers and the one writer do not wait for each other, and a commit is one append.
WAL = "PRAGMA journal_mode = WAL"

PRAGMAS = (
    # Under WAL a commit outlives a killed process without fsync. A power cut may take the last
    # few commits, but never leaves half of one; FULL would cost an fsync for every run.
    "PRAGMA synchronous = NORMAL",
    # SQLite ignores REFERENCES, and so ON DELETE CASCADE, unless asked in every connection.
    "PRAGMA foreign_keys = ON",
)

# A lab may be somebody else's: what its schema says calls no function that has side effects, and
# a page that is damaged is found when it is read.
CAUTIONS = ("PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON")

# What SQLite says where the damaged bytes were a name or a text; our own queries are tested.
_DAMAGE = re.compile(
    "no such (table|column)|already exists|duplicate column|Could not decode to UTF-8|"
    "unsupported file format"
)


_OWN_TRIGGERS = frozenset(
    " ".join(statement.split())
    for statement in statements_after(0)
    if statement.split()[:2] == ["CREATE", "TRIGGER"]
)


class SqliteDatabase(Database):
    """A database file, or one in memory."""

    shared = False
    BEGIN_READING = "BEGIN"
    # Begun later, at the first write, SQLite would refuse the lock to a transaction whose view is
    # out of date rather than wait for it.
    BEGIN_WRITING = BEGIN_NOTING = "BEGIN IMMEDIATE"

    def __init__(self, path: Path | None) -> None:
        engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=StaticPool)
        super().__init__(engine, "the store in memory" if path is None else f"store {path}")

    def version(self, connection: Connection) -> int:
        version = schema_version(connection, self.where)
        _refuse_programs(connection, self.where)
        return version

    def migrate(self, connection: Connection) -> None:
        migrate(connection, self.where)

    def shrink(self) -> None:
        with self.telling_errors(), self.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def size(self) -> int:
        with self.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        yield  # `hold` keeps the others out of a folder

    def told(self, error: BaseException | None) -> LabError | None:
        match _name(error).partition("_")[0]:
            case "BUSY" | "LOCKED":
                return LabHeldError(
                    f"{self.where} was locked by another process for {BUSY_SECONDS:.0f} s. "
                    "Wait for that process, stop it, or use another --lab."
                )
            case "READONLY" | "CANTOPEN" | "PERM" | "FULL" | "IOERR":
                return LabUnwritableError(f"{self.where} cannot be written: {error}. {ADVICE}")
            case "NOTADB":
                return SchemaError(
                    f"{self.where} is not an SQLite database. Use another --lab. If it was a lab, "
                    "its beginning is damaged, and nothing of it can be read: put a copy back."
                )
            case "CORRUPT":
                return self._damaged(error)
        # The sqlite3 module fails so where a damaged name is part of what SQLite tells.
        if isinstance(error, UnicodeDecodeError) or _DAMAGE.search(str(error)):
            return self._damaged(error)
        return None

    def _damaged(self, error: BaseException | None) -> DamagedLabError:
        cause = str(error) if str(error).isprintable() else ascii(str(error))
        return DamagedLabError(
            f"{self.where} is damaged: {cause}. `paribus check` says what can still be read, and "
            "`paribus check --repair` saves that and makes the rest again; or put a copy of the "
            "lab back, or use another --lab."
        )


def _connect(path: Path | None) -> sqlite3.Connection:
    writable = path is None or (
        os.access(path.parent, os.W_OK) and network_file_system(path.parent) is None
    )
    # isolation_level None keeps the sqlite3 module from beginning transactions by itself.
    connection = sqlite3.connect(
        _address(path, writable), uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        _harden(connection)
        if writable:
            _use_wal(connection)
            for pragma in PRAGMAS:
                connection.execute(pragma)
    except MemoryError:  # sizes in a damaged header ask for any amount of it
        connection.close()
        raise LabError(
            f"{path} cannot be opened: SQLite got no memory for it. So it is where the beginning "
            "of a file is damaged: put a copy of the lab back, or use another --lab. If other "
            "labs cannot be opened either, the machine has no memory left."
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _harden(connection: sqlite3.Connection) -> None:
    for pragma in CAUTIONS:
        connection.execute(pragma)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, which is a step for the first process alone; the file remembers it.

    Two that switch at once could wait for each other for ever, so SQLite refuses one of them
    at once, whatever its timeout. The one that is refused tries again here.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(WAL)
        except sqlite3.OperationalError as error:
            if not _name(error).startswith("BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _address(path: Path | None, writable: bool) -> str:
    if path is None:
        return ":memory:"
    uri = path.absolute().as_uri()
    if writable:
        return uri
    # WAL asks even readers to write files beside the database. In a folder where we may not (a
    # lab on a share), it is read as it is, unless the files of somebody who may are there.
    return f"{uri}?{'mode=ro' if path.with_name(f'{path.name}-wal').exists() else 'immutable=1'}"


def _refuse_programs(connection: Connection, where: str) -> None:
    """Refuse a schema that does something by itself: a view may never end, a trigger may change.

    Of tables with columns that are computed, `trusted_schema` and the checksums of rows take care.
    """
    rows = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_schema WHERE type NOT IN ('table', 'index') "
        "OR sql LIKE 'CREATE VIRTUAL%'"
    )
    for kind, name, text in rows:
        if " ".join(str(text).split()) not in _OWN_TRIGGERS:
            raise SchemaError(
                f"{where} has a {kind} {str(name)[:80]!a} that no lab has: somebody has changed "
                "what the store does. Put a copy of the lab back, or use another --lab."
            )


def _name(error: BaseException | None) -> str:
    return getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
