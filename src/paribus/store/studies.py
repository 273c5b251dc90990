"""Studies in the store: what was planned last, which runs were ever planned, what was registered.

All functions take the connection of a transaction that is open.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection, Select, delete, exists, insert, select
from sqlalchemy.dialects import sqlite

from paribus.errors import LabError
from paribus.store.records import Measurement, Member, Registration, StudyEntry
from paribus.store.runs import measurement_of, measurement_row
from paribus.store.schema import ANALYSES, MEMBERS, REGISTRATIONS, STUDIES, STUDY_RUNS


def put_study(connection: Connection, entry: StudyEntry) -> None:
    """Write a study's document and members in place of those that it had."""
    study_id = _study_id(connection, entry)
    connection.execute(delete(MEMBERS).where(MEMBERS.c.study_id == study_id))
    members = [
        {
            "study_id": study_id,
            "position": position,
            "run_key": member.key,
            "condition": dict(member.condition),
            "replicate": member.replicate,
        }
        for position, member in enumerate(entry.members)
    ]
    if members:
        connection.execute(insert(MEMBERS), members)
        planned = [{"study_id": study_id, "run_key": row["run_key"]} for row in members]
        connection.execute(sqlite.insert(STUDY_RUNS).on_conflict_do_nothing(), planned)


def put_analysis(
    connection: Connection,
    study: tuple[str, str],
    identity: str,
    measurements: Sequence[Measurement],
) -> None:
    """Write what an analysis gave, in place of all that those of its name gave before."""
    study_id = connection.execute(_id_of(*study)).scalar_one()
    for analysis in {measurement.name.partition("/")[0] for measurement in measurements}:
        old = ANALYSES.c.name.startswith(f"{analysis}/", autoescape=True)
        connection.execute(delete(ANALYSES).where(ANALYSES.c.study_id == study_id, old))
    if not measurements:
        return
    rows = [
        measurement_row(measurement)
        | {"study_id": study_id, "identity": identity, "position": position}
        for position, measurement in enumerate(measurements)
    ]
    connection.execute(insert(ANALYSES), rows)


def select_analyses(
    connection: Connection, name: str, scale: str
) -> list[tuple[str, Measurement]]:
    """What analyses gave, each with the analysis' identity.

    Raises `LabError` where one is damaged.
    """
    query = (
        select(ANALYSES)
        .where(ANALYSES.c.study_id == _id_of(name, scale).scalar_subquery())
        .order_by(ANALYSES.c.position)
    )
    found = []
    for row in connection.execute(query):
        if zlib.crc32(row.content) != row.crc32:
            raise LabError(
                f"analysis {row.name!r} of study {name!r} is damaged: its bytes do not match "
                f"their checksum. It is computed anew by: paribus run {name} --scale {scale}"
            )
        found.append((row.identity, measurement_of(row, row.content)))
    return found


def select_studies(connection: Connection) -> list[StudyEntry]:
    """All studies by name and scale, with their members in the order of the plan."""
    members: dict[int, list[Member]] = defaultdict(list)
    for row in connection.execute(select(MEMBERS).order_by(MEMBERS.c.position)):
        members[row.study_id].append(Member(row.run_key, row.condition, row.replicate))
    return [
        StudyEntry(row.name, row.scale, row.document, tuple(members[row.id]))
        for row in connection.execute(select(STUDIES).order_by(STUDIES.c.name, STUDIES.c.scale))
    ]


def delete_study(connection: Connection, name: str, scale: str) -> list[str]:
    """Delete a study's entry; the keys of the runs that it alone has planned."""
    keys = own_keys(connection, name, scale)
    connection.execute(delete(STUDIES).where(STUDIES.c.name == name, STUDIES.c.scale == scale))
    return keys


def own_keys(connection: Connection, name: str, scale: str) -> list[str]:
    """The keys of the runs that this study alone has planned, now or in an earlier variant."""
    others = STUDY_RUNS.alias("others")
    shared = exists().where(
        others.c.run_key == STUDY_RUNS.c.run_key, others.c.study_id != STUDY_RUNS.c.study_id
    )
    study_id = _id_of(name, scale).scalar_subquery()
    query = select(STUDY_RUNS.c.run_key).where(STUDY_RUNS.c.study_id == study_id, ~shared)
    return list(connection.scalars(query))


def insert_registration(connection: Connection, registration: Registration) -> None:
    """Add a registration to those that there are."""
    row = vars(registration) | {"content": dict(registration.content)}
    connection.execute(insert(REGISTRATIONS), row)


def select_registrations(connection: Connection, study: str, scale: str) -> list[Registration]:
    """The registrations of a study, in the order in which they were made."""
    columns = [REGISTRATIONS.c[field.name] for field in fields(Registration)]
    query = select(*columns).where(REGISTRATIONS.c.study == study, REGISTRATIONS.c.scale == scale)
    rows = connection.execute(query.order_by(REGISTRATIONS.c.id))
    return [Registration(**row) for row in rows.mappings()]


def _id_of(name: str, scale: str) -> Select[tuple[int]]:
    return select(STUDIES.c.id).where(STUDIES.c.name == name, STUDIES.c.scale == scale)


def _study_id(connection: Connection, entry: StudyEntry) -> int:
    document = dict(entry.document)
    statement = sqlite.insert(STUDIES).values(
        name=entry.name, scale=entry.scale, document=document
    )
    return connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name", "scale"], set_={"document": statement.excluded.document}
        ).returning(STUDIES.c.id)
    ).scalar_one()
