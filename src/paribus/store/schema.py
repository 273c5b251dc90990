"""The store's tables: as queries see them, and as PostgreSQL is given them.

A new database in PostgreSQL is made from here. On SQLite they are made by the migrations of
`paribus.store.migrations`, which, once released, never change, while these follow the newest. A
test makes both and compares them, down to constraints and indexes.
"""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA = MetaData()

# SQLite's integers have 64 bits whatever they are called; only "INTEGER" makes a row's own number.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
# Ordered by code points, as SQLite does it, whatever the language of the database.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


class Document(TypeDecorator[Any]):
    """JSON as text. PostgreSQL's own JSON refuses the NaN and infinities that Python writes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:  # noqa: ARG002
        return json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


def _column(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _key(name: str, kind: TypeEngine[Any] = TEXT) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _number() -> Column[Any]:
    """The number that the database gives a row."""
    return Column("id", NUMBER, primary_key=True)


def _owner(name: str, column: str) -> Column[Any]:
    """A part of the key that says whose row it is; the row goes with its owner."""
    owner = ForeignKey(column, ondelete="CASCADE")
    return Column(name, NUMBER, owner, primary_key=True, autoincrement=False)


def _checksum() -> Column[Any]:
    """Of all columns but the row's own number; rows from before there were such have none."""
    return Column("checksum", BigInteger)


RUNS = Table(
    "runs",
    METADATA,
    _number(),
    Column("key", TEXT, nullable=False),
    _column("recipe", Document),
    _column("replicate", NUMBER),
    _column("fingerprint", TEXT),
    _column("status", TEXT),
    Column("diverged_epoch", NUMBER),
    _column("parameters", NUMBER),
    _column("provenance", Document),
    Column("parts", Integer),
    _checksum(),
    UniqueConstraint("key"),
    CheckConstraint("status IN ('finished', 'diverged')"),
)

MEASUREMENTS = Table(
    "measurements",
    METADATA,
    _owner("run_id", "runs.id"),
    _key("name"),
    _key("probe"),
    _column("position", NUMBER),
    _column("dims", Document),
    _column("coords", Document),
    _column("crc32", NUMBER),
    _column("content", LargeBinary),
    _checksum(),
)

FINALS = Table(
    "finals",
    METADATA,
    _owner("run_id", "runs.id"),
    _column("status", TEXT),
    _column("series", TEXT),
    _column("last", TEXT),
    _column("checksum", NUMBER),
)

PROBED = Table(
    "probed",
    METADATA,
    _owner("run_id", "runs.id"),
    _key("probe"),
    _checksum(),
    sqlite_with_rowid=False,
)

ARTIFACTS = Table(
    "artifacts",
    METADATA,
    _owner("run_id", "runs.id"),
    _key("name"),
    _column("crc32", NUMBER),
    _column("content", LargeBinary),
    _checksum(),
)

STUDIES = Table(
    "studies",
    METADATA,
    _number(),
    _column("name", TEXT),
    _column("scale", TEXT),
    _column("document", Document),
    _checksum(),
    UniqueConstraint("name", "scale"),
)

MEMBERS = Table(
    "members",
    METADATA,
    _owner("study_id", "studies.id"),
    _key("position", NUMBER),
    _column("run_key", TEXT),
    _column("condition", Document),
    _column("replicate", NUMBER),
    sqlite_with_rowid=False,
)

STUDY_RUNS = Table(
    "study_runs",
    METADATA,
    _owner("study_id", "studies.id"),
    _key("run_key"),
    Index("study_runs_by_key", "run_key"),
    sqlite_with_rowid=False,
)

ANALYSES = Table(
    "analyses",
    METADATA,
    _owner("study_id", "studies.id"),
    _key("name"),
    _column("identity", TEXT),
    _column("position", NUMBER),
    _column("dims", Document),
    _column("coords", Document),
    _column("crc32", NUMBER),
    _column("content", LargeBinary),
    _checksum(),
)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    _key("run_key"),
    _column("crc32", NUMBER),
    _column("content", LargeBinary),
)

FAILURES = Table(
    "failures",
    METADATA,
    _key("run_key"),
    _column("message", TEXT),
    _column("failed_at", TEXT),
    sqlite_with_rowid=False,
)

REGISTRATIONS = Table(
    "registrations",
    METADATA,
    _number(),
    _column("study", TEXT),
    _column("scale", TEXT),
    _column("digest", TEXT),
    _column("content", Document),
    _column("at", TEXT),
    _column("ahead", Boolean),
    _column("salt", NUMBER),
    _checksum(),
)

LEASES = Table(
    "leases",
    METADATA,
    _key("run_key"),
    _column("driver", TEXT),
    Index("leases_by_driver", "driver"),
    sqlite_with_rowid=False,
)

DRIVERS = Table(
    "drivers",
    METADATA,
    _key("id"),
    _column("beats", NUMBER),
    _column("beat_at", Double),
    _column("document", Document),
    sqlite_with_rowid=False,
)
