"""The last value of every series over epochs of a run, in one row: what tables read of many runs.

It repeats what measurements hold, and comes and goes with its run. A row that is damaged, or not
there (of a run from before there were such rows), is as good as none: its run is read in full.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, delete, select, update

from paribus.store.checksums import row_checksum
from paribus.store.records import Measurement, Status, StoredRun
from paribus.store.schema import FINALS, MEMBERS, RUNS, STUDIES

_NUMBER = "<f8"

# Rows that are worked on at once.
_ROWS = 1_000

Series = tuple[str, str]
"""A measurement's name, and the identity of the probe that took it."""
Last = tuple[float, float]
"""The last epoch that was measured, and what was measured there."""


@dataclass(frozen=True)
class Finals:
    """The last values of the stored runs of a study, each by its key.

    `status` has the runs whose rows are whole, `values` their numbers by metric, `names` all that
    they have series of; `unread` are keys of stored runs that have no such row.
    """

    status: dict[str, Status]
    values: dict[str, dict[str, float]]
    names: set[str]
    unread: list[str]


def finals_row(run: StoredRun) -> dict[str, Any]:
    """The row of a run that is new, but for the run's number."""
    return _row(run.key, run.status, last_values(run.measurements))


def extend_finals(
    connection: Connection, run_id: int, key: str, measured: Iterable[Measurement]
) -> None:
    """Add what was measured of a run later; a run without a whole row is left without one."""
    here = FINALS.c.run_id == run_id
    row = connection.execute(select(FINALS).where(here)).one_or_none()
    if row is None:
        return
    if row.checksum != row_checksum((key, row.status, row.series, row.last)):
        connection.execute(delete(FINALS).where(here))
        return
    known = dict(zip(_series(row.series), map(tuple, _numbers(row.last).tolist()), strict=True))
    added = _row(key, row.status, last_values(measured) | known)
    connection.execute(update(FINALS).where(here).values(added))


def select_finals(
    connection: Connection,
    study: tuple[str, str],
    metrics: Collection[str],
    probes: Collection[str],
) -> Finals:
    """The last values of these metrics of a study's stored runs.

    Of what probes of other identities measured nothing is read.
    """
    found = Finals({}, {metric: {} for metric in metrics}, set(), [])
    for rows in connection.execute(_of_study(*study)).partitions(_ROWS):
        for series, some in _whole_rows(rows, found).items():
            places = _places(_series(series), {"", *probes})
            found.names.update(places)
            _take(some, {name: places[name] for name in metrics if name in places}, found)
    return found


def last_values(measured: Iterable[Measurement]) -> dict[Series, Last]:
    """The last value of each measurement over epochs alone; the first of those of one name."""
    found: dict[Series, Last] = {}
    for one in measured:
        if one.dims == ("epoch",) and one.values.size and one.values.dtype.kind in "biuf":
            epochs = one.coords.get("epoch", np.arange(one.values.size))
            place = max(range(len(epochs)), key=lambda n: (epochs[n], n))
            last = float(epochs[place]), float(one.values[place])
            found.setdefault((one.name, one.probe), last)
    return found


def _of_study(name: str, scale: str) -> Select[*tuple[Any, ...]]:
    study = select(STUDIES.c.id).where(STUDIES.c.name == name, STUDIES.c.scale == scale)
    columns = (FINALS.c.status, FINALS.c.series, FINALS.c.last, FINALS.c.checksum)
    return (
        select(RUNS.c.key, *columns)
        .select_from(MEMBERS)
        .join(RUNS, RUNS.c.key == MEMBERS.c.run_key)
        .outerjoin(FINALS, FINALS.c.run_id == RUNS.c.id)
        .where(MEMBERS.c.study_id == study.scalar_subquery())
    )


def _whole_rows(
    rows: Iterable[Row[*tuple[Any, ...]]], found: Finals
) -> dict[str, list[tuple[str, str]]]:
    """Keys and numbers of the rows that are whole, by their series."""
    whole: dict[str, list[tuple[str, str]]] = {}
    for key, status, series, last, checksum in rows:
        if checksum is not None and checksum == row_checksum((key, status, series, last)):
            found.status[key] = status
            whole.setdefault(series, []).append((key, last))
        else:
            found.unread.append(key)
    return whole


def _take(rows: Sequence[tuple[str, str]], places: Mapping[str, list[int]], found: Finals) -> None:
    """Take the values at these places of rows that have the same series."""
    keys = [key for key, _ in rows]
    numbers = _numbers("".join(last for _, last in rows)).reshape(len(rows), -1, 2)
    for name, columns in places.items():
        # Of several probes the one that measured latest, as of a frame sorted by epoch.
        latest = len(columns) - 1 - numbers[:, columns[::-1], 0].argmax(axis=1)
        values = numbers[np.arange(len(rows)), np.asarray(columns)[latest], 1]
        found.values[name].update(zip(keys, values.tolist(), strict=True))


def _places(series: Sequence[Series], probes: Collection[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, (name, probe) in enumerate(series):
        if probe in probes:
            found.setdefault(name, []).append(place)
    return found


def _row(key: str, status: str, last: Mapping[Series, Last]) -> dict[str, Any]:
    series = json.dumps(list(last))
    numbers = np.array(list(last.values()), _NUMBER).tobytes().hex()
    checksum = row_checksum((key, status, series, numbers))
    return {"status": status, "series": series, "last": numbers, "checksum": checksum}


@lru_cache(maxsize=64)
def _series(text: str) -> list[Series]:
    return [(name, probe) for name, probe in json.loads(text)]


def _numbers(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.frombuffer(bytes.fromhex(text), _NUMBER).reshape(-1, 2)
