"""Studies in the store: what was planned last, which runs were ever planned, what was registered.

All functions take the connection of a transaction that is open.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, delete, exists, insert, select, type_coerce

from paribus.store.checksums import Columns, as_stored, parsed, row_checksum, verify
from paribus.store.database import insert_into
from paribus.store.records import Measurement, Member, Registration, StudyEntry
from paribus.store.runs import measurement_of, measurement_row
from paribus.store.schema import ANALYSES, MEMBERS, REGISTRATIONS, STUDIES, STUDY_RUNS

MemberRow = Sequence[Any]
"""Position, run key, condition as text and replicate of a member: what a checksum covers of it."""

_MEMBER = (
    MEMBERS.c.position,
    MEMBERS.c.run_key,
    type_coerce(MEMBERS.c.condition, Text),
    MEMBERS.c.replicate,
)


def put_study(connection: Connection, entry: StudyEntry) -> None:
    """Write a study's document and members in place of those that it had."""
    study_id = _put_document(connection, entry)
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
    add_planned(connection, entry, [member.key for member in entry.members])


def add_planned(connection: Connection, entry: StudyEntry, keys: Collection[str]) -> None:
    """Note that a stored study has once planned the runs of these keys."""
    study_id = connection.execute(_id_of(entry.name, entry.scale)).scalar_one()
    rows = [{"study_id": study_id, "run_key": key} for key in keys]
    if rows:
        connection.execute(insert_into(connection, STUDY_RUNS).on_conflict_do_nothing(), rows)


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
        measurement_row(measurement, position, (*study, identity))
        | {"study_id": study_id, "identity": identity}
        for position, measurement in enumerate(measurements)
    ]
    connection.execute(insert(ANALYSES), rows)


def select_analyses(
    connection: Connection, name: str, scale: str
) -> list[tuple[str, Measurement]]:
    """What analyses gave, each with the analysis' identity.

    Raises `DamagedLabError` where one is damaged.
    """
    query = (
        select(*as_stored(ANALYSES))
        .where(ANALYSES.c.study_id == _id_of(name, scale).scalar_subquery())
        .order_by(ANALYSES.c.position)
    )
    return [analysis_of(row, name, scale) for row in connection.execute(query)]


def analysis_of(row: Row[Any], name: str, scale: str) -> tuple[str, Measurement]:
    """What an analysis of this study gave, from its row, with the analysis' identity."""
    what = f"analysis {row.name!r} of study {name!r} ({scale})"
    return row.identity, measurement_of(row, (name, scale, row.identity), what)


def select_studies(connection: Connection) -> list[StudyEntry]:
    """All studies by name and scale, with their members in the order of the plan."""
    query = select(*as_stored(STUDIES)).order_by(STUDIES.c.name, STUDIES.c.scale)
    rows = connection.execute(query).all()
    return [study_of(row, select_members(connection, row.id)) for row in rows]


def select_study(connection: Connection, name: str, scale: str) -> StudyEntry:
    """One study, which is stored, with its members in the order of the plan."""
    query = select(*as_stored(STUDIES)).where(STUDIES.c.name == name, STUDIES.c.scale == scale)
    row = connection.execute(query).one()
    return study_of(row, select_members(connection, row.id))


def select_members(connection: Connection, study_id: int) -> Sequence[MemberRow]:
    """The members of the study with this number, in the order of the plan."""
    query = select(*_MEMBER).where(MEMBERS.c.study_id == study_id)
    return connection.execute(query.order_by(MEMBERS.c.position)).all()


def study_of(row: Row[Any], members: Sequence[MemberRow]) -> StudyEntry:
    """A study from its row and those of its members, in their order."""
    what = f"the plan of study {row.name!r} ({row.scale})"
    verify(row, (row.name, row.scale, row.document, *chain.from_iterable(members)), what)
    # Members share the few conditions that there are.
    conditions = {text: parsed(text, what) for text in {text for _, _, text, _ in members}}
    return StudyEntry(
        row.name,
        row.scale,
        parsed(row.document, what),
        tuple(Member(key, conditions[text], replicate) for _, key, text, replicate in members),
    )


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
    """Add a registration to those that there are, unless it is itself the last of its study."""
    row = vars(registration) | {"content": dict(registration.content)}
    text = json.dumps(row["content"])
    checksum = row_checksum(_columns_of_registration(row | {"content": text}))
    columns = REGISTRATIONS.c.digest, REGISTRATIONS.c.at, REGISTRATIONS.c.checksum
    last = (
        select(*columns)
        .where(REGISTRATIONS.c.study == row["study"], REGISTRATIONS.c.scale == row["scale"])
        .order_by(REGISTRATIONS.c.id.desc())
        .limit(1)
    )
    if connection.execute(last).first() != (registration.digest, registration.at, checksum):
        connection.execute(insert(REGISTRATIONS), row | {"checksum": checksum})


def select_registrations(connection: Connection, study: str, scale: str) -> list[Registration]:
    """The registrations of a study, in the order in which they were made."""
    query = select(*as_stored(REGISTRATIONS)).where(
        REGISTRATIONS.c.study == study, REGISTRATIONS.c.scale == scale
    )
    return [registration_of(row) for row in connection.execute(query.order_by(REGISTRATIONS.c.id))]


def registration_of(row: Row[Any]) -> Registration:
    """A registration from its row."""
    what = f"a registration of study {row.study!r} ({row.scale}) at {row.at}"
    values = {field.name: getattr(row, field.name) for field in fields(Registration)}
    verify(row, _columns_of_registration(values), what)
    return Registration(**values | {"content": parsed(row.content, what)})


def _columns_of_registration(values: Mapping[str, Any]) -> Columns:
    return tuple(values[field.name] for field in fields(Registration))


def _id_of(name: str, scale: str) -> Select[tuple[int]]:
    return select(STUDIES.c.id).where(STUDIES.c.name == name, STUDIES.c.scale == scale)


def _put_document(connection: Connection, entry: StudyEntry) -> int:
    """Write a study's document, sealed with its members; the number of its row."""
    members = (
        part
        for position, (key, condition, replicate) in enumerate(entry.members)
        for part in (position, key, json.dumps(dict(condition)), replicate)
    )
    document = dict(entry.document)
    covered = (entry.name, entry.scale, json.dumps(document), *members)
    put = {"document": document, "checksum": row_checksum(covered)}
    statement = insert_into(connection, STUDIES).values(name=entry.name, scale=entry.scale, **put)
    return connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name", "scale"],
            set_={name: statement.excluded[name] for name in put},
        ).returning(STUDIES.c.id)
    ).scalar_one()
