"""Leases and heartbeats: which driver of a lab trains which run, and which drivers are alive.

A lease is only ever taken inside a transaction that nobody else writes beside. Whether a driver
is dead is judged by whoever asks for its leases, from its counted beats and a clock of its own
that is never stepped: the time of day of no machine has a say in what is trained.

All functions take the connection of a transaction that is open.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, literal_column, select

from paribus.store.database import chunks, insert_into
from paribus.store.records import Driver
from paribus.store.schema import DRIVERS, LEASES, RUNS

FORGOTTEN_SECONDS = 24 * 3600
"""A driver that has not been heard of for as long, and holds no lease, is forgotten."""

# Seconds since 1970 by the database's own clock, which is one for all that share it.
_CLOCK: dict[str, ColumnElement[float]] = {
    "sqlite": literal_column("((julianday('now') - 2440587.5) * 86400.0)"),
    "postgresql": literal_column("CAST(extract(epoch FROM clock_timestamp()) AS float8)"),
}


def take_leases(
    connection: Connection, keys: Sequence[str], driver: str, dead: Collection[str]
) -> list[str]:
    """Lease those of the runs that are free to this driver; all of them that it now has, in order.

    Free is what is not stored, and leased to nobody or to one of the `dead`.
    """
    mine: set[str] = set()
    for chunk in chunks(keys):
        rows = [{"run_key": key, "driver": driver} for key in chunk]
        taken = insert_into(connection, LEASES).values(rows)
        connection.execute(
            taken.on_conflict_do_update(
                index_elements=["run_key"],
                set_={"driver": driver},
                where=LEASES.c.driver.in_(list(dead)),
            )
        )
        # Another driver may have stored a run, and so ended its lease, since the keys were chosen.
        stored = select(RUNS.c.key).where(RUNS.c.key.in_(chunk))
        connection.execute(delete(LEASES).where(LEASES.c.run_key.in_(stored)))
        held = select(LEASES.c.run_key).where(
            LEASES.c.run_key.in_(chunk), LEASES.c.driver == driver
        )
        mine |= set(connection.scalars(held))
    return [key for key in dict.fromkeys(keys) if key in mine]


def select_leases(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """The driver of each of these runs that is leased."""
    query = select(LEASES.c.run_key, LEASES.c.driver).where(LEASES.c.run_key.in_(keys))
    return {row.run_key: row.driver for row in connection.execute(query)}


def delete_leases(connection: Connection, keys: Collection[str]) -> None:
    """End the leases of these runs, whoever has them."""
    connection.execute(delete(LEASES).where(LEASES.c.run_key.in_(keys)))


def release_driver(connection: Connection, driver: str) -> None:
    """End all leases of a driver and forget it, and those long gone that hold nothing."""
    connection.execute(delete(LEASES).where(LEASES.c.driver == driver))
    connection.execute(delete(DRIVERS).where(DRIVERS.c.id == driver))
    long_gone = _clock(connection) - DRIVERS.c.beat_at > FORGOTTEN_SECONDS
    holding = select(LEASES.c.driver)
    connection.execute(delete(DRIVERS).where(long_gone, DRIVERS.c.id.not_in(holding)))


def beat_driver(connection: Connection, driver: str, document: Mapping[str, Any]) -> None:
    """Count one more beat of a driver, and write what it says of itself."""
    now = _clock(connection)
    said = insert_into(connection, DRIVERS).values(
        id=driver, beats=1, beat_at=now, document=dict(document)
    )
    beaten = {"beats": DRIVERS.c.beats + 1, "beat_at": now, "document": said.excluded.document}
    connection.execute(said.on_conflict_do_update(index_elements=["id"], set_=beaten))


def select_drivers(connection: Connection) -> list[Driver]:
    """The drivers that have said of themselves, in the order of their ids."""
    age = (_clock(connection) - DRIVERS.c.beat_at).label("age")
    query = select(DRIVERS.c.id, DRIVERS.c.beats, DRIVERS.c.document, age)
    return [
        Driver(row.id, row.beats, max(0.0, float(row.age)), row.document)
        for row in connection.execute(query.order_by(DRIVERS.c.id))
    ]


def _clock(connection: Connection) -> ColumnElement[float]:
    return _CLOCK[connection.dialect.name]
