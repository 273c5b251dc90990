"""Taking what is damaged out of a lab: row by row, or by writing a new file of all that is whole.

A file whose structure is damaged is not written to again. What can be read of it and is whole goes
into a new one, and the old one stays beside it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DBAPIError, NoResultFound

from paribus.errors import DamagedLabError
from paribus.store.database import Database
from paribus.store.folder import unwritable
from paribus.store.integrity import (
    Damage,
    Demands,
    Examined,
    Item,
    analyses_in,
    checkpoints_in,
    examine,
    registrations_in,
    runs_in,
    studies_in,
)
from paribus.store.runs import insert_runs, upsert_checkpoint
from paribus.store.schema import ANALYSES, CHECKPOINTS, FAILURES, RUNS, STUDIES
from paribus.store.sqlite import SqliteDatabase
from paribus.store.studies import add_planned, insert_registration, put_analysis, put_study

_LOGS = ("-wal", "-shm")
"""What SQLite keeps beside a file, by the end of the name."""


def needs_new_file(damages: Iterable[Damage]) -> bool:
    """Whether deleting rows is not enough: of a damaged file, or a registration, which stays."""
    return any(damage.kind in ("file", "registration") for damage in damages)


def remove(connection: Connection, damages: Iterable[Damage]) -> None:
    """Delete damaged runs, checkpoints, analyses and plans, with all that belongs to them."""
    for damage in damages:
        match damage.kind:
            case "run":
                connection.execute(delete(RUNS).where(RUNS.c.id == damage.at))
            case "checkpoint":
                connection.execute(delete(CHECKPOINTS).where(CHECKPOINTS.c.run_key == damage.at))
            case "analysis":
                connection.execute(delete(ANALYSES).where(ANALYSES.c.study_id == damage.at))
            case "study":
                connection.execute(delete(STUDIES).where(STUDIES.c.id == damage.at))
            case "file" | "registration":
                pass  # see `write_anew`


def examine_file(path: Path, demands: Demands, fault: str) -> Examined:
    """What can be read of a store that cannot be opened as one because of this fault."""
    with closing(SqliteDatabase(path)) as database:
        found = examine(database, demands)
    return replace(found, damages=(Damage("file", fault), *found.damages))


def write_anew(path: Path, demands: Demands) -> Path:
    """Puts a new store in place of one whose file is damaged; where the old one is now.

    All that can be read and is whole is in the new one. Nobody else may write to the store.
    Raises `LabUnwritableError` where there is no room, and leaves the old one in place then.
    """
    draft = path.with_name(f"{path.name}.new")
    _discard(draft)
    try:
        with closing(SqliteDatabase(draft)) as new:
            with new.writing() as connection:
                new.migrate(connection)
            with suppress(DamagedLabError), closing(SqliteDatabase(path)) as old:
                _copy(old, new, demands)
        return _exchange(path, draft)
    except OSError as error:
        raise unwritable(path.parent, error) from None
    finally:
        _discard(draft)


def _copy(old: Database, new: Database, demands: Demands) -> None:
    steps: tuple[tuple[Iterator[Item], Callable[[Connection, Item], None]], ...] = (
        (runs_in(old, demands), _put_run),
        (studies_in(old), _put_study),
        (analyses_in(old), _put_analyses),
        (registrations_in(old, demands), _put_registration),
        (checkpoints_in(old), _put_checkpoint),
    )
    for items, put in steps:
        for item in items:
            if item.damage is None:
                with new.writing() as connection:
                    put(connection, item)
    with suppress(DamagedLabError, DBAPIError):
        with old.reading() as connection:
            failures = [dict(row) for row in connection.execute(select(FAILURES)).mappings()]
        with new.writing() as connection:
            if failures:
                connection.execute(insert(FAILURES), failures)


def _put_run(connection: Connection, item: Item) -> None:
    insert_runs(connection, [item.value])


def _put_study(connection: Connection, item: Item) -> None:
    entry, planned = item.value
    put_study(connection, entry)
    add_planned(connection, entry, planned)


def _put_analyses(connection: Connection, item: Item) -> None:
    study, found = item.value
    by_identity: dict[str, list[Any]] = {}
    for identity, measurement in found:
        by_identity.setdefault(identity, []).append(measurement)
    for identity, measurements in by_identity.items():
        with suppress(NoResultFound):  # without its study there is nothing that it belongs to
            put_analysis(connection, study, identity, measurements)


def _put_registration(connection: Connection, item: Item) -> None:
    insert_registration(connection, item.value)


def _put_checkpoint(connection: Connection, item: Item) -> None:
    upsert_checkpoint(connection, str(item.at), item.value)


def _exchange(path: Path, draft: Path) -> Path:
    """The draft in place of the store, which gets the first free name of its own."""
    aside = next(
        name
        for number in count(1)
        if not (name := path.with_name(f"{path.name}.damaged-{number}")).exists()
    )
    for log in _LOGS:  # a log left beside the new file would be taken for its own
        with suppress(FileNotFoundError):
            path.with_name(path.name + log).rename(aside.with_name(aside.name + log))
    try:
        os.link(path, aside)  # so that there is a store at every moment
    except OSError:  # a file system without such links
        path.rename(aside)
    draft.replace(path)
    return aside


def _discard(draft: Path) -> None:
    for name in (draft.name, *(draft.name + log for log in _LOGS)):
        draft.with_name(name).unlink(missing_ok=True)
