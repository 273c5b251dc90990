"""How far the studies of a lab are, in numbers, without reading a run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, select

from paribus.store.schema import FAILURES, MEMBERS, RUNS, STUDIES

Run = tuple[str | None, int]
"""What became of a run, None where it is not stored; and how many rows are parts of it."""


@dataclass(frozen=True)
class StudyCounts:
    """A study by name and scale, and how many of its distinct runs there are of each kind.

    `done` runs are stored, `diverged` ones are among them, `failed` ones could not be trained.
    `rows` grows with what is measured of stored runs: so many rows of the lab are parts of them.
    `plan` is another number for another plan: the checksum that the study is stored with.
    """

    name: str
    scale: str
    total: int
    done: int
    diverged: int
    failed: int
    rows: int = field(default=0, compare=False)
    plan: int | None = field(default=None, compare=False)


def select_names(connection: Connection) -> list[tuple[str, str]]:
    """Name and scale of all studies, in their order."""
    query = select(STUDIES.c.name, STUDIES.c.scale).order_by(STUDIES.c.name, STUDIES.c.scale)
    return [(row.name, row.scale) for row in connection.execute(query)]


def select_counts(connection: Connection) -> list[StudyCounts]:
    """All studies by name and scale."""
    failures = set(connection.scalars(select(FAILURES.c.run_key)))
    counted = {study: _counted(runs, failures) for study, runs in _runs(connection)}
    query = select(STUDIES.c.id, STUDIES.c.name, STUDIES.c.scale, STUDIES.c.checksum)
    return [
        StudyCounts(row.name, row.scale, *counted.get(row.id, (0, 0, 0, 0, 0)), plan=row.checksum)
        for row in connection.execute(query.order_by(STUDIES.c.name, STUDIES.c.scale))
    ]


def _runs(connection: Connection) -> Iterator[tuple[int, dict[str, Run]]]:
    """The distinct runs of each study that has any, by key."""
    # Members may share a run. A set here takes half the time of a DISTINCT in the database.
    query = (
        select(MEMBERS.c.study_id, MEMBERS.c.run_key, RUNS.c.status, RUNS.c.parts)
        .outerjoin_from(MEMBERS, RUNS, MEMBERS.c.run_key == RUNS.c.key)
        .order_by(MEMBERS.c.study_id)
    )
    for study, some in groupby(connection.execute(query), key=attrgetter("study_id")):
        yield study, {row.run_key: (row.status, row.parts or 0) for row in some}


def _counted(runs: dict[str, Run], failures: set[str]) -> tuple[int, int, int, int, int]:
    status = Counter(what for what, _ in runs.values())
    failed = len(failures & runs.keys())
    rows = sum(rows for _, rows in runs.values())
    return len(runs), len(runs) - status[None], status["diverged"], failed, rows
