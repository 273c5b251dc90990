"""Looking through a lab for damage: every row is read, and all that can be wrong with it is named.

Rows are read by their own numbers and each in a transaction of its own, so that a page that
cannot be read costs the rows that are on it and no others. What the numbers mean is none of the
store's business: whoever calls passes in what a run or a registration must fulfil besides.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, select
from sqlalchemy.exc import DBAPIError, NoResultFound

from paribus.errors import DamagedLabError
from paribus.store.checksums import as_stored, is_whole
from paribus.store.database import Database
from paribus.store.records import Measurement, Registration, StoredRun, StudyEntry
from paribus.store.runs import artifact_of, measured_of, probe_of, run_of
from paribus.store.schema import (
    ANALYSES,
    ARTIFACTS,
    CHECKPOINTS,
    DRIVERS,
    FAILURES,
    LEASES,
    MEASUREMENTS,
    PROBED,
    REGISTRATIONS,
    RUNS,
    STUDIES,
    STUDY_RUNS,
)
from paribus.store.studies import analysis_of, registration_of, select_members, study_of

Kind = Literal["file", "run", "checkpoint", "study", "analysis", "registration"]

Scaled = tuple[str, str]
"""A study by name and scale."""

# What reading a row whose checksum holds can still raise, if it is one from before checksums.
_UNREADABLE = (DamagedLabError, DBAPIError, ValueError, TypeError, OverflowError)


class Damage(NamedTuple):
    """Something damaged: its kind, its row's number or key, what is wrong, and of which study.

    `at` is None where no single row is meant; a run's `key` is "" where that cannot be read.
    """

    kind: Kind
    what: str
    at: int | str | None = None
    key: str = ""
    study: Scaled | None = None


@dataclass(frozen=True)
class Demands:
    """What must be so besides checksums: each gives what is wrong, "" where nothing is."""

    of_run: Callable[[StoredRun], str]
    of_registration: Callable[[Registration], str]


@dataclass(frozen=True)
class Examined:
    """What was found in a lab: keys of the runs that are whole, such studies, and all damage."""

    keys: frozenset[str]
    studies: tuple[StudyEntry, ...]
    damages: tuple[Damage, ...]


class Item(NamedTuple):
    """A row that was read, with all that belongs to it, or what is wrong with it."""

    at: int | str
    value: Any
    damage: Damage | None


def examine(database: Database, demands: Demands) -> Examined:
    """Reads everything that a lab holds; changes nothing."""
    found = [Damage("file", fault) for fault in structural_faults(database)]
    keys: set[str] = set()
    for item in runs_in(database, demands):
        if item.damage:
            found.append(item.damage)
        else:
            keys.add(item.value.key)
    studies = list(studies_in(database))
    for items in (
        studies,
        analyses_in(database),
        registrations_in(database, demands),
        checkpoints_in(database),
    ):
        found += [item.damage for item in items if item.damage]
    entries = tuple(item.value[0] for item in studies if not item.damage)
    return Examined(frozenset(keys), entries, tuple(found))


def structural_faults(database: Database) -> list[str]:
    """What SQLite finds wrong with the file itself; of a server's files nothing is known."""
    if database.shared:
        return []
    try:
        with database.reading() as connection:
            lines = list(connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars())
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            for table in (FAILURES, LEASES, DRIVERS):  # what these say is not kept, so not checked
                connection.execute(select(table)).all()
    except _UNREADABLE as error:
        return [_told(error, "the file")]
    found = [] if lines == ["ok"] else [f"the file's structure: {line}" for line in lines]
    for table in dict.fromkeys(row[0] for row in orphans):
        count = sum(row[0] == table for row in orphans)
        found.append(f"{count} rows of the table {table} belong to nothing")
    return found


def runs_in(database: Database, demands: Demands) -> Iterator[Item]:
    """All runs by their number, each with everything that belongs to it."""
    for at in _numbers(database, RUNS.c.id, RUNS.c.key):
        key = ""
        try:
            with database.reading() as connection:
                key = str(connection.scalar(select(RUNS.c.key).where(RUNS.c.id == at)))
                run = _whole_run(connection, at)
            if fault := demands.of_run(run) or _fault_of(run):
                raise DamagedLabError(f"run {run.key} is damaged: {fault}")
            yield Item(at, run, None)
        except NoResultFound:  # deleted meanwhile, or only in an index, as the structure tells
            continue
        except _UNREADABLE as error:
            yield Item(at, None, Damage("run", _told(error, f"run {key}"), at, key))


def studies_in(database: Database) -> Iterator[Item]:
    """All studies by their number, each with its members and the keys that it ever planned."""
    for at in _numbers(database, STUDIES.c.id):
        known = None
        try:
            with database.reading() as connection:
                known = _scaled(connection, at)
                entry, planned = _whole_study(connection, at)
            if lost := {member.key for member in entry.members} - planned:
                name, scale = known
                told = (
                    f"the plan of study {name!r} ({scale}) is damaged: it lacks {len(lost)} runs"
                )
                raise DamagedLabError(told)
            yield Item(at, (entry, planned), None)
        except NoResultFound:
            continue
        except _UNREADABLE as error:
            told = _told(error, f"the plan of a study (number {at})")
            yield Item(at, None, Damage("study", told, at, study=known))


def analyses_in(database: Database) -> Iterator[Item]:
    """All that analyses gave, by study: pairs of identity and measurement."""
    for at in _numbers(database, STUDIES.c.id):
        known = None
        try:
            with database.reading() as connection:
                known = _scaled(connection, at)
                of_study = select(*as_stored(ANALYSES)).where(ANALYSES.c.study_id == at)
                rows = connection.execute(of_study.order_by(ANALYSES.c.position)).all()
            found = [analysis_of(row, *known) for row in rows]
            for _, measurement in found:
                if fault := _fault_of_measurement(measurement):
                    raise DamagedLabError(f"analysis {fault}")
            yield Item(at, (known, found), None)
        except NoResultFound:
            continue
        except _UNREADABLE as error:
            told = _told(error, f"what analyses gave of a study (number {at})")
            yield Item(at, None, Damage("analysis", told, at, study=known))


def registrations_in(database: Database, demands: Demands) -> Iterator[Item]:
    """All registrations in their order."""
    for at in _numbers(database, REGISTRATIONS.c.id):
        known = None
        try:
            with database.reading() as connection:
                query = select(*as_stored(REGISTRATIONS)).where(REGISTRATIONS.c.id == at)
                row = connection.execute(query).one()
            known = (str(row.study), str(row.scale))
            registration = registration_of(row)
            if fault := demands.of_registration(registration):
                at_time = f"of study {registration.study!r} at {registration.at}"
                raise DamagedLabError(f"a registration {at_time} is damaged: {fault}")
            yield Item(at, registration, None)
        except NoResultFound:
            continue
        except _UNREADABLE as error:
            told = _told(error, f"registration number {at}")
            yield Item(at, None, Damage("registration", told, at, study=known))


def checkpoints_in(database: Database) -> Iterator[Item]:
    """All checkpoints of runs in training, by the runs' keys."""
    for at in _numbers(database, CHECKPOINTS.c.run_key):
        what = f"the checkpoint of run {at}"
        try:
            with database.reading() as connection:
                query = select(*as_stored(CHECKPOINTS)).where(CHECKPOINTS.c.run_key == at)
                row = connection.execute(query).one_or_none()
            if row is None:  # the run has been finished meanwhile
                continue
            if not is_whole(row):
                raise DamagedLabError(f"{what} is damaged: it does not match its checksum")
            yield Item(at, row.content, None)
        except _UNREADABLE as error:
            yield Item(at, None, Damage("checkpoint", _told(error, what), at, str(at)))


def _whole_run(connection: Connection, at: int | str) -> StoredRun:
    def rows(table: Table) -> list[Any]:
        return list(connection.execute(select(*as_stored(table)).where(table.c.run_id == at)))

    row = connection.execute(select(*as_stored(RUNS)).where(RUNS.c.id == at)).one()
    run = run_of(row)
    measured = sorted(rows(MEASUREMENTS), key=lambda row: row.position)
    kept, been = rows(ARTIFACTS), rows(PROBED)
    parts = len(measured) + len(kept) + len(been)
    if row.parts is not None and row.parts != parts:
        told = f"{parts} of {row.parts} measurements, artifacts and probes are there"
        raise DamagedLabError(f"run {row.key} is damaged: {told}")
    return replace(
        run,
        measurements=tuple(measured_of(one, run.key) for one in measured),
        artifacts={one.name: artifact_of(one, run.key) for one in kept},
        probes=tuple(probe_of(one, run.key) for one in been),
    )


def _whole_study(connection: Connection, at: int | str) -> tuple[StudyEntry, set[str]]:
    row = connection.execute(select(*as_stored(STUDIES)).where(STUDIES.c.id == at)).one()
    planned = select(STUDY_RUNS.c.run_key).where(STUDY_RUNS.c.study_id == at)
    return study_of(row, select_members(connection, row.id)), set(connection.scalars(planned))


def _scaled(connection: Connection, at: int | str) -> Scaled:
    query = select(STUDIES.c.name, STUDIES.c.scale).where(STUDIES.c.id == at)
    row = connection.execute(query).one()
    return str(row.name), str(row.scale)


def _fault_of(run: StoredRun) -> str:
    faults = (_fault_of_measurement(one) for one in run.measurements)
    return next((f"measurement {fault}" for fault in faults if fault), "")


def _fault_of_measurement(one: Measurement) -> str:
    if len(one.dims) != one.values.ndim:
        return f"{one.name!r} has {one.values.ndim} axes, and names for {len(one.dims)}"
    sizes = dict(zip(one.dims, one.values.shape, strict=True))
    for name, places in one.coords.items():
        if places.shape != (sizes.get(name),):
            return f"{one.name!r} has places along {name!r} that do not fit its values"
    return ""


def _numbers(
    database: Database, column: ColumnElement[Any], *others: ColumnElement[Any]
) -> list[int | str]:
    """All that the column holds: from both ends, and by indexes, around what cannot be read."""
    found: set[int | str] = set()
    for order in (column, column.desc(), *others):
        with suppress(*_UNREADABLE), database.reading() as connection:
            for value in connection.scalars(select(column).order_by(order)):
                found.add(value)
    return sorted(found, key=lambda value: (str(type(value)), value))


def _told(error: BaseException, what: str) -> str:
    if isinstance(error, DamagedLabError):
        # The advice of a message that a reader gets is what is being done here.
        return str(error).partition(". `paribus check")[0]
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{what} cannot be read: {cause}"
