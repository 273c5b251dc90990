"""Runs in the store: written whole, read in bulk.

All functions take the connection of a transaction that is open. `keys` here are few enough for
one statement; the catalogue cuts longer lists up.
"""

import zlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Text, delete, func, insert, select, type_coerce
from sqlalchemy.dialects import sqlite

from paribus.errors import LabError
from paribus.store.arrays import decode, encode
from paribus.store.records import Measurement, StoredRun
from paribus.store.schema import ARTIFACTS, CHECKPOINTS, FAILURES, MEASUREMENTS, PROBED, RUNS


def insert_run(connection: Connection, run: StoredRun) -> bool:
    """Write a run with all that belongs to it; False where its key is there already."""
    row = {
        "key": run.key,
        "recipe": dict(run.recipe),
        "replicate": run.replicate,
        "fingerprint": run.fingerprint,
        "status": run.status,
        "diverged_epoch": run.diverged_epoch,
        "parameters": run.parameters,
        "provenance": dict(run.provenance),
    }
    statement = sqlite.insert(RUNS).on_conflict_do_nothing().returning(RUNS.c.id)
    run_id = connection.execute(statement, row).scalar_one_or_none()
    if run_id is None:
        return False
    kept = [
        {"run_id": run_id, "name": name, "crc32": zlib.crc32(content), "content": content}
        for name, content in run.artifacts.items()
    ]
    if kept:
        connection.execute(insert(ARTIFACTS), kept)
    _insert_measured(connection, run_id, run.measurements, run.probes)
    connection.execute(delete(FAILURES).where(FAILURES.c.run_key == run.key))
    delete_checkpoints(connection, [run.key])
    return True


def insert_measured(
    connection: Connection,
    key: str,
    measurements: Sequence[Measurement],
    probes: Collection[str],
) -> None:
    """Write what probes measured of a stored run, unless it has been through them before."""
    run_id = connection.execute(select(RUNS.c.id).where(RUNS.c.key == key)).scalar_one()
    _insert_measured(connection, run_id, measurements, probes)
    connection.execute(delete(FAILURES).where(FAILURES.c.run_key == key))
    delete_checkpoints(connection, [key])


def select_probed(connection: Connection, keys: Collection[str]) -> list[tuple[str, str]]:
    """Keys of stored runs, each with the identity of a probe that it has been through."""
    query = (
        select(RUNS.c.key, PROBED.c.probe)
        .join_from(RUNS, PROBED, RUNS.c.id == PROBED.c.run_id)
        .where(RUNS.c.key.in_(keys))
    )
    return [(row.key, row.probe) for row in connection.execute(query)]


def _insert_measured(
    connection: Connection,
    run_id: int,
    measurements: Sequence[Measurement],
    probes: Collection[str],
) -> None:
    taken = select(func.count()).where(MEASUREMENTS.c.run_id == run_id)
    first = connection.execute(taken).scalar_one()
    rows = [
        measurement_row(measurement)
        | {"run_id": run_id, "position": first + number, "probe": measurement.probe}
        for number, measurement in enumerate(measurements)
    ]
    been = [{"run_id": run_id, "probe": probe} for probe in probes]
    for table, content in ((MEASUREMENTS, rows), (PROBED, been)):
        if content:
            connection.execute(sqlite.insert(table).on_conflict_do_nothing(), content)


def upsert_checkpoint(connection: Connection, key: str, content: bytes) -> None:
    """Write a run's checkpoint in place of an earlier one."""
    row = {"run_key": key, "crc32": zlib.crc32(content), "content": content}
    statement = sqlite.insert(CHECKPOINTS).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["run_key"], set_=row))


def select_checkpoints(connection: Connection, keys: Collection[str]) -> dict[str, bytes]:
    """The checkpoints of these runs by key; damaged ones are left out."""
    query = select(CHECKPOINTS).where(CHECKPOINTS.c.run_key.in_(keys))
    return {
        row.run_key: row.content
        for row in connection.execute(query)
        if zlib.crc32(row.content) == row.crc32
    }


def select_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that are stored."""
    return set(connection.scalars(select(RUNS.c.key).where(RUNS.c.key.in_(keys))))


def select_runs(connection: Connection, keys: Collection[str]) -> list[StoredRun]:
    """The stored ones of these runs, without measurements and artifacts."""
    rows = connection.execute(select(RUNS).where(RUNS.c.key.in_(keys)))
    return [
        StoredRun(
            key=row.key,
            recipe=row.recipe,
            replicate=row.replicate,
            fingerprint=row.fingerprint,
            status=row.status,
            parameters=row.parameters,
            provenance=row.provenance,
            diverged_epoch=row.diverged_epoch,
        )
        for row in rows
    ]


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
        select(RUNS.c.key, MEASUREMENTS)
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
    return [(row.key, _measurement(row)) for row in connection.execute(query)]


def select_artifacts(connection: Connection, key: str) -> dict[str, bytes]:
    """All artifacts of a run by name."""
    query = (
        select(RUNS.c.key, ARTIFACTS)
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key == key)
    )
    return {
        row.name: _undamaged(row, f"artifact {row.name!r}") for row in connection.execute(query)
    }


def select_artifacts_named(
    connection: Connection, keys: Collection[str], name: str
) -> list[tuple[str, bytes]]:
    """One artifact of each of these runs that keeps it, with the run's key."""
    query = (
        select(RUNS.c.key, ARTIFACTS)
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key.in_(keys), ARTIFACTS.c.name == name)
    )
    return [(row.key, _undamaged(row, f"artifact {name!r}")) for row in connection.execute(query)]


def select_checksums(
    connection: Connection, keys: Collection[str], name: str
) -> list[tuple[str, int]]:
    """The checksum of one artifact of each of these runs that keeps it, with the run's key."""
    query = (
        select(RUNS.c.key, ARTIFACTS.c.crc32)
        .join_from(RUNS, ARTIFACTS, RUNS.c.id == ARTIFACTS.c.run_id)
        .where(RUNS.c.key.in_(keys), ARTIFACTS.c.name == name)
    )
    return [(row.key, row.crc32) for row in connection.execute(query)]


def delete_checkpoints(connection: Connection, keys: Collection[str]) -> None:
    """Delete the checkpoints of these runs."""
    connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.run_key.in_(keys)))


def delete_runs(connection: Connection, keys: Collection[str]) -> int:
    """Delete these runs and all that is known of them; how many were stored."""
    connection.execute(delete(FAILURES).where(FAILURES.c.run_key.in_(keys)))
    delete_checkpoints(connection, keys)
    return connection.execute(delete(RUNS).where(RUNS.c.key.in_(keys))).rowcount


def measurement_row(measurement: Measurement) -> dict[str, Any]:
    """A measurement as the columns that hold one."""
    content = encode([measurement.values, *measurement.coords.values()])
    return {
        "name": measurement.name,
        "dims": list(measurement.dims),
        "coords": list(measurement.coords),
        "crc32": zlib.crc32(content),
        "content": content,
    }


def measurement_of(row: Row[Any], content: bytes, probe: str = "") -> Measurement:
    """A measurement from the columns that hold it."""
    values, *coords = decode(content)
    named = dict(zip(row.coords, coords, strict=True))
    return Measurement(row.name, values, tuple(row.dims), named, probe)


def _measurement(row: Row[Any]) -> Measurement:
    return measurement_of(row, _undamaged(row, f"measurement {row.name!r}"), row.probe)


def _undamaged(row: Row[Any], what: str) -> bytes:
    if zlib.crc32(row.content) != row.crc32:
        raise LabError(
            f"{what} of run {row.key} is damaged: its bytes do not match their checksum. "
            "Put a copy of the lab back, or remove the study with `paribus clean` and train again."
        )
    return row.content
