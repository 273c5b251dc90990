"""A database behind SQLAlchemy: its transactions, and its errors in our own words.

Every transaction is opened here. What SQLite and PostgreSQL do in different ways is in
`paribus.store.sqlite` and `paribus.store.postgresql`; all queries are written once for both.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, ClassVar, TypeVar, TypeVarTuple

from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from paribus.errors import LabError, LabGoneError

# Keys in one statement: far below the limits on parameters, and few enough that the
# measurements read at once stay small.
CHUNK = 200

_BEGIN = "paribus_begin"
_PAUSE_SECONDS = 0.5

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Database(ABC):
    """A database, used from the thread that opened it.

    One connection serves for all, so a transaction must end before the next begins: nothing is
    handed out while one is open. `BEGIN_READING` and its like are the first statements of a
    transaction, `PATIENCE_SECONDS` is how long a server that is gone is waited for.
    """

    shared: ClassVar[bool]
    BEGIN_READING: ClassVar[str]
    BEGIN_WRITING: ClassVar[str]
    BEGIN_NOTING: ClassVar[str]
    PATIENCE_SECONDS: ClassVar[float] = 0.0

    def __init__(self, engine: Engine, where: str) -> None:
        self.where = where
        self.engine = engine
        event.listen(engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store throughout."""
        with self.telling_errors(), self._beginning(self.BEGIN_READING) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction beside which nobody else writes, all of it stored or nothing."""
        with self.telling_errors(), self._beginning(self.BEGIN_WRITING) as connection:
            yield connection

    @contextmanager
    def noting(self) -> Iterator[Connection]:
        """A transaction of one statement, which waits only for others that write its row.

        Where the database can do so: SQLite has one writer at a time.
        """
        with self.telling_errors(), self._beginning(self.BEGIN_NOTING) as connection:
            yield connection

    def read(
        self, work: Callable[[Connection, *Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """What `work` gives in a transaction that reads; begun again where the server was gone."""
        return self._insisting(self.reading, work, *arguments)

    def write(
        self, work: Callable[[Connection, *Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """What `work` gives in a transaction that writes; begun again where the server was gone.

        A server that goes while it commits does not say whether it has, so `work` must be one
        that does no harm when it is done twice.
        """
        return self._insisting(self.writing, work, *arguments)

    def note(
        self, work: Callable[[Connection, *Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """As `write`, of one statement."""
        return self._insisting(self.noting, work, *arguments)

    def close(self) -> None:
        """Close the connection; closing twice does no harm."""
        self.engine.dispose()

    @abstractmethod
    def version(self, connection: Connection) -> int:
        """The schema's version, 0 where there is none.

        Raises `SchemaError` for a newer one than this program knows, and for a database of
        something else.
        """

    @abstractmethod
    def migrate(self, connection: Connection) -> None:
        """Bring the schema to the newest; `connection` is in a transaction that writes.

        The version is read inside that transaction, so of two processes that open a new lab at
        once one migrates and the other finds it done.
        """

    @abstractmethod
    def shrink(self) -> None:
        """Give the space of deleted rows free."""

    @abstractmethod
    def size(self) -> int:
        """Bytes that the store takes."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Keep out all others that ask for the same."""

    @abstractmethod
    def told(self, error: BaseException | None) -> LabError | None:
        """The driver's error in our words; None for one that no user can put right."""

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Raise errors of the database that a user can meet in our own words."""
        try:
            yield
        except (DBAPIError, UnicodeDecodeError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if (told := self.told(cause)) is not None:
                raise told from error
            raise

    def _beginning(self, statement: str) -> AbstractContextManager[Connection]:
        return self.engine.execution_options(**{_BEGIN: statement}).begin()

    def _insisting(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        work: Callable[[Connection, *Arguments], Result],
        *arguments: *Arguments,
    ) -> Result:
        deadline = time.monotonic() + self.PATIENCE_SECONDS
        while True:
            try:
                with transaction() as connection:
                    return work(connection, *arguments)
            except LabGoneError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens to rows that are there already.

    Both databases write it alike (ON CONFLICT); SQLAlchemy has a class of it for each.
    """
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return kind.insert(table)


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """The distinct keys in their order, as many at a time as one statement takes."""
    distinct = iter(dict.fromkeys(keys))
    while chunk := list(islice(distinct, CHUNK)):
        yield chunk


def _begin(connection: Connection) -> None:
    if begin := connection.get_execution_options().get(_BEGIN):
        connection.exec_driver_sql(begin)
