"""One SQLite database behind SQLAlchemy: how it is opened, its transactions, its errors.

Every transaction is opened here, and every error of SQLite that a user can meet leaves here in
our own words.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from paribus.errors import LabError, LabHeldError, LabUnwritableError, SchemaError
from paribus.store.folder import ADVICE

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

_BEGIN = "paribus_begin"


class Database:
    """A database file, or one in memory, used from the thread that opened it.

    One connection serves for all, so a transaction must end before the next begins: nothing is
    handed out while one is open.
    """

    def __init__(self, path: Path | None) -> None:
        self.where = "the store in memory" if path is None else f"store {path}"
        self._engine = create_engine(
            "sqlite://", creator=lambda: _connect(path), poolclass=StaticPool
        )
        event.listen(self._engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store throughout."""
        with self._telling_errors(), self._options("BEGIN").begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from the start, all of it stored or nothing.

        Begun later, at the first write, SQLite would refuse the lock to a transaction whose view
        is out of date rather than wait for it.
        """
        with self._telling_errors(), self._options("BEGIN IMMEDIATE").begin() as connection:
            yield connection

    def shrink(self) -> None:
        """Give the space of deleted rows back to the file system."""
        with self._telling_errors(), self._options("").connect() as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection; the last one to close folds the log into the database file."""
        self._engine.dispose()

    def _options(self, begin: str) -> Engine:
        return self._engine.execution_options(**{_BEGIN: begin})

    @contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if (told := _told(error.orig, self.where)) is not None:
                raise told from error
            raise


def _connect(path: Path | None) -> sqlite3.Connection:
    writable = path is None or os.access(path.parent, os.W_OK)
    # isolation_level None keeps the sqlite3 module from beginning transactions by itself.
    connection = sqlite3.connect(
        _address(path, writable), uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        if writable:
            _use_wal(connection)
            for pragma in PRAGMAS:
                connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


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


def _begin(connection: Connection) -> None:
    if begin := connection.get_execution_options()[_BEGIN]:
        connection.exec_driver_sql(begin)


def _told(error: BaseException | None, where: str) -> LabError | None:
    """SQLite's error in our words; None for one that no user can put right."""
    match _name(error).partition("_")[0]:
        case "BUSY" | "LOCKED":
            return LabHeldError(
                f"{where} was locked by another process for {BUSY_SECONDS:.0f} s. "
                "Wait for that process, stop it, or use another --lab."
            )
        case "READONLY" | "CANTOPEN" | "PERM" | "FULL" | "IOERR":
            return LabUnwritableError(f"{where} cannot be written: {error}. {ADVICE}")
        case "NOTADB":
            return SchemaError(f"{where} is not an SQLite database. Use another --lab.")
        case "CORRUPT":
            return LabError(
                f"{where} is damaged: {error}. Put a copy of it back, or use another --lab."
            )
    return None


def _name(error: BaseException | None) -> str:
    return getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
