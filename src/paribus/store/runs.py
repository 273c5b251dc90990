"""Runs in the store: written whole, read in bulk.

All functions take the connection of a transaction that is open. `keys` here are few enough for
one statement; the catalogue cuts longer lists up.
"""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from paribus.store.arrays import decode, encode
from paribus.store.checksums import (
    Columns,
    as_stored,
    is_whole,
    parsed,
    refuse,
    row_checksum,
    verified_content,
    verify,
)
from paribus.store.database import insert_into
from paribus.store.finals import extend_finals, finals_row
from paribus.store.leases import delete_leases
from paribus.store.records import Measurement, StoredRun
from paribus.store.schema import (
    ARTIFACTS,
    CHECKPOINTS,
    FAILURES,
    FINALS,
    LEASES,
    MEASUREMENTS,
    PROBED,
    RUNS,
)

_OWNED = (ARTIFACTS, MEASUREMENTS, PROBED)

# Made once: making a statement takes longer than carrying it out.
_FORGETTING = [
    delete(table).where(table.c.run_key == bindparam("key"))
    for table in (FAILURES, CHECKPOINTS, LEASES)
]


def insert_runs(connection: Connection, runs: Iterable[StoredRun]) -> set[str]:
    """Write runs with all that belongs to them; the keys of those that were not there already."""
    new = {run.key: run for run in runs}
    if not new:
        return set()
    owned = {key: _owned_rows(run) for key, run in new.items()}
    statement = insert_into(connection, RUNS).on_conflict_do_nothing()
    written = connection.execute(
        statement.returning(RUNS.c.id, RUNS.c.key),
        [_run_row(run, sum(map(len, owned[key]))) for key, run in new.items()],
    )
    ids = {key: number for number, key in written}
    for place, table in enumerate(_OWNED):
        _insert_owned(connection, table, [(ids[key], owned[key][place]) for key in ids])
    finals = [(ids[key], [finals_row(new[key])]) for key in ids]
    _insert_owned(connection, FINALS, finals)
    _forget(connection, ids)
    return set(ids)


def insert_measured(
    connection: Connection,
    key: str,
    measurements: Sequence[Measurement],
    probes: Collection[str],
) -> None:
    """Write what probes measured of a stored run, unless it has been through them before."""
    row = connection.execute(select(*as_stored(RUNS)).where(RUNS.c.key == key)).one()
    run_of(row)  # a damaged run is not sealed as it is
    taken = select(func.count()).where(MEASUREMENTS.c.run_id == row.id)
    measured = _measured_rows(key, measurements, connection.execute(taken).scalar_one())
    for table, rows in ((MEASUREMENTS, measured), (PROBED, _probed_rows(key, probes))):
        if rows:
            owned = [one | {"run_id": row.id} for one in rows]
            connection.execute(insert_into(connection, table).on_conflict_do_nothing(), owned)
    extend_finals(connection, row.id, key, measurements)
    _seal(connection, row.id)
    _forget(connection, [key])


def select_probed(connection: Connection, keys: Collection[str]) -> list[tuple[str, str]]:
    """Keys of stored runs, each with the identity of a probe that it has been through."""
    query = (
        select(RUNS.c.key, *as_stored(PROBED))
        .join_from(RUNS, PROBED, RUNS.c.id == PROBED.c.run_id)
        .where(RUNS.c.key.in_(keys))
    )
    return [(row.key, probe_of(row, row.key)) for row in connection.execute(query)]


def probe_of(row: Row[Any], key: str) -> str:
    """The identity of a probe that the run of this key has been through."""
    verify(row, (key, row.probe), f"the list of probes of run {key}")
    return row.probe


def _run_row(run: StoredRun, parts: int) -> dict[str, Any]:
    """A run's own row; `parts` is how many rows of other tables belong to it."""
    row = {
        "key": run.key,
        "recipe": dict(run.recipe),
        "replicate": run.replicate,
        "fingerprint": run.fingerprint,
        "status": run.status,
        "diverged_epoch": run.diverged_epoch,
        "parameters": run.parameters,
        "provenance": dict(run.provenance),
        "parts": parts,
    }
    texts = {name: json.dumps(row[name]) for name in ("recipe", "provenance")}
    return row | {"checksum": row_checksum(_covered(row | texts))}


def _owned_rows(run: StoredRun) -> tuple[list[dict[str, Any]], ...]:
    """The rows that belong to a run, by the tables `_OWNED`."""
    artifacts = [_artifact_row(run.key, name, content) for name, content in run.artifacts.items()]
    measured = _measured_rows(run.key, run.measurements, 0)
    return artifacts, measured, _probed_rows(run.key, run.probes)


def _insert_owned(
    connection: Connection, table: Table, owned: Iterable[tuple[int, list[dict[str, Any]]]]
) -> None:
    """Write the rows of runs, which are given with their numbers."""
    rows = [row | {"run_id": number} for number, some in owned for row in some]
    if rows:
        connection.execute(insert(table), rows)


def _measured_rows(
    key: str, measurements: Sequence[Measurement], first: int
) -> list[dict[str, Any]]:
    """Rows of measurements, whose positions begin with `first`."""
    return [
        measurement_row(measurement, position, (key, measurement.probe))
        | {"probe": measurement.probe}
        for position, measurement in enumerate(measurements, start=first)
    ]


def _probed_rows(key: str, probes: Collection[str]) -> list[dict[str, Any]]:
    return [
        {"probe": probe, "checksum": row_checksum((key, probe))} for probe in dict.fromkeys(probes)
    ]


def _forget(connection: Connection, keys: Iterable[str]) -> None:
    """Delete what runs that are stored have no use for any more."""
    if stored := [{"key": key} for key in keys]:
        for statement in _FORGETTING:
            connection.execute(statement, stored)


def _seal(connection: Connection, run_id: int) -> None:
    """Count the rows that belong to a run, and put its checksum on it as it is stored now."""
    counts = [
        select(func.count()).where(table.c.run_id == run_id).scalar_subquery() for table in _OWNED
    ]
    query = select(*as_stored(RUNS), sum(counts[1:], counts[0]).label("there"))
    row = connection.execute(query.where(RUNS.c.id == run_id)).one()
    columns = _covered(row._asdict() | {"parts": row.there})
    sealed = {"parts": row.there, "checksum": row_checksum(columns)}
    connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(sealed))


def upsert_checkpoint(connection: Connection, key: str, content: bytes) -> None:
    """Write a run's checkpoint in place of an earlier one."""
    row = {"run_key": key, "crc32": zlib.crc32(content), "content": content}
    statement = insert_into(connection, CHECKPOINTS).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["run_key"], set_=row))


def select_checkpointed(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys of which there is a checkpoint."""
    query = select(CHECKPOINTS.c.run_key).where(CHECKPOINTS.c.run_key.in_(keys))
    return set(connection.scalars(query))


def select_checkpoints(connection: Connection, keys: Collection[str]) -> dict[str, bytes]:
    """The checkpoints of these runs by key; damaged ones are left out."""
    query = select(*as_stored(CHECKPOINTS)).where(CHECKPOINTS.c.run_key.in_(keys))
    return {row.run_key: row.content for row in connection.execute(query) if is_whole(row)}


def select_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that are stored."""
    return set(connection.scalars(select(RUNS.c.key).where(RUNS.c.key.in_(keys))))


def select_runs(connection: Connection, keys: Collection[str]) -> list[StoredRun]:
    """The stored ones of these runs, without measurements and artifacts."""
    rows = connection.execute(select(*as_stored(RUNS)).where(RUNS.c.key.in_(keys)))
    return [run_of(row) for row in rows]


def run_of(row: Row[Any]) -> StoredRun:
    """A run from its row, without what belongs to it."""
    what = f"run {row.key}"
    verify(row, _covered(row._asdict()), what)
    return StoredRun(
        key=row.key,
        recipe=parsed(row.recipe, what),
        replicate=row.replicate,
        fingerprint=row.fingerprint,
        status=row.status,
        parameters=row.parameters,
        provenance=parsed(row.provenance, what),
        diverged_epoch=row.diverged_epoch,
    )


def _covered(row: Mapping[str, Any]) -> Columns:
    """The columns of a run that its checksum covers, as they are stored."""
    return (
        *(row["key"], row["recipe"], row["replicate"], row["fingerprint"], row["status"]),
        *(row["diverged_epoch"], row["parameters"], row["provenance"], row["parts"]),
    )


def select_measurements(
    connection: Connection,
    keys: Collection[str],
    names: Collection[str] | None,
    probes: Collection[str] | None = None,
) -> list[tuple[str, Measurement]]:
    """The measurements of these runs, each with its run's key; of one run in their order.

    Without `names` those with an axis "weight" are left out. `probes` leaves out what was measured
    by others.
    """
    query = (
        select(RUNS.c.key, *as_stored(MEASUREMENTS))
        .join_from(RUNS, MEASUREMENTS, RUNS.c.id == MEASUREMENTS.c.run_id)
        .where(RUNS.c.key.in_(keys))
        .order_by(RUNS.c.id, MEASUREMENTS.c.position)
    )
    if names is not None:
        query = query.where(MEASUREMENTS.c.name.in_(names))
    else:
        query = query.where(type_coerce(MEASUREMENTS.c.dims, Text).not_like('%"weight"%'))
    if probes is not None:
        query = query.where(MEASUREMENTS.c.probe.in_(["", *probes]))
    return [(row.key, measured_of(row, row.key)) for row in connection.execute(query)]


def select_artifacts(connection: Connection, key: str) -> dict[str, bytes]:
    """All artifacts of a run by name."""
    query = (
        select(*as_stored(ARTIFACTS))
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key == key)
    )
    return {row.name: artifact_of(row, key) for row in connection.execute(query)}


def select_artifacts_named(
    connection: Connection, keys: Collection[str], name: str
) -> list[tuple[str, bytes]]:
    """One artifact of each of these runs that keeps it, with the run's key."""
    query = (
        select(RUNS.c.key, *as_stored(ARTIFACTS))
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key.in_(keys), ARTIFACTS.c.name == name)
    )
    return [(row.key, artifact_of(row, row.key)) for row in connection.execute(query)]


def select_checksums(
    connection: Connection, keys: Collection[str], name: str
) -> list[tuple[str, int]]:
    """The checksum of one artifact of each of these runs that keeps it, with the run's key."""
    columns = [ARTIFACTS.c[column] for column in ("name", "crc32", "checksum")]
    query = (
        select(RUNS.c.key, *columns)
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key.in_(keys), ARTIFACTS.c.name == name)
    )
    return [(row.key, _verified_crc32(row, row.key)) for row in connection.execute(query)]


def upsert_failure(connection: Connection, key: str, message: str) -> None:
    """Note that a run could not be trained; its checkpoint and its lease are no more."""
    row = {
        "run_key": key,
        "message": message.replace("\0", "\\0"),  # PostgreSQL's text has no such character
        "failed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    statement = insert_into(connection, FAILURES).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["run_key"], set_=row))
    delete_checkpoints(connection, [key])
    delete_leases(connection, [key])


def select_failures(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The last message of each of these runs that failed."""
    query = select(FAILURES.c.run_key, FAILURES.c.message).where(FAILURES.c.run_key.in_(keys))
    return {row.run_key: row.message for row in connection.execute(query)}


def delete_checkpoints(connection: Connection, keys: Collection[str]) -> None:
    """Delete the checkpoints of these runs."""
    connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.run_key.in_(keys)))


def delete_runs(connection: Connection, keys: Collection[str]) -> int:
    """Delete these runs and all that is known of them; how many were stored."""
    connection.execute(delete(FAILURES).where(FAILURES.c.run_key.in_(keys)))
    delete_checkpoints(connection, keys)
    delete_leases(connection, keys)
    return connection.execute(delete(RUNS).where(RUNS.c.key.in_(keys))).rowcount


def artifact_of(row: Row[Any], key: str) -> bytes:
    """An artifact of the run of this key, from its row."""
    _verified_crc32(row, key)
    return verified_content(row, f"artifact {row.name!r} of run {key}")


def measured_of(row: Row[Any], key: str) -> Measurement:
    """A measurement of the run of this key, from its row."""
    what = f"measurement {row.name!r} of run {key}"
    return measurement_of(row, (key, row.probe), what, row.probe)


def measurement_row(measurement: Measurement, position: int, owner: Columns) -> dict[str, Any]:
    """A measurement as the columns that hold one; `owner` says whose it is, for the checksum."""
    content = encode([measurement.values, *measurement.coords.values()])
    dims, coords = list(measurement.dims), list(measurement.coords)
    crc32 = zlib.crc32(content)
    texts = _text(tuple(dims)), _text(tuple(coords))
    return {
        "name": measurement.name,
        "position": position,
        "dims": dims,
        "coords": coords,
        "crc32": crc32,
        "content": content,
        "checksum": row_checksum((*owner, measurement.name, position, *texts, crc32)),
    }


def measurement_of(row: Row[Any], owner: Columns, what: str, probe: str = "") -> Measurement:
    """A measurement from the columns that hold it, if they are as `measurement_row` made them.

    Raises `DamagedLabError` otherwise.
    """
    covered = (*owner, row.name, row.position, row.dims, row.coords, row.crc32)
    verify(row, covered, what)
    arrays = decode(verified_content(row, what), what)
    dims, names = _names(row.dims), _names(row.coords)
    if dims is None or names is None or len(arrays) != 1 + len(names):
        refuse(what)
    values, *coords = arrays
    return Measurement(row.name, values, dims, dict(zip(names, coords, strict=True)), probe)


@lru_cache(maxsize=1024)  # most measurements have the same few
def _text(names: tuple[str, ...]) -> str:
    return json.dumps(names)


@lru_cache(maxsize=1024)
def _names(text: str) -> tuple[str, ...] | None:
    try:
        return tuple(map(str, json.loads(text)))
    except (TypeError, ValueError, RecursionError):
        return None


def _artifact_row(key: str, name: str, content: bytes) -> dict[str, Any]:
    crc32 = zlib.crc32(content)
    checksum = row_checksum((key, name, crc32))
    return {"name": name, "crc32": crc32, "content": content, "checksum": checksum}


def _verified_crc32(row: Row[Any], key: str) -> int:
    verify(row, (key, row.name, row.crc32), f"artifact {row.name!r} of run {key}")
    return row.crc32
