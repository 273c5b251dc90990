"""Studies in the store: what was planned last, and which runs a study has ever planned.

All functions take the connection of a transaction that is open.
"""

from collections import defaultdict

from sqlalchemy import Connection, delete, exists, insert, select
from sqlalchemy.dialects import sqlite

from paribus.store.records import Member, StudyEntry
from paribus.store.schema import MEMBERS, STUDIES, STUDY_RUNS


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
    chosen = (STUDIES.c.name == name, STUDIES.c.scale == scale)
    study_id = select(STUDIES.c.id).where(*chosen).scalar_subquery()
    query = select(STUDY_RUNS.c.run_key).where(STUDY_RUNS.c.study_id == study_id, ~shared)
    return list(connection.scalars(query))


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
