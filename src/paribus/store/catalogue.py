"""The catalogue of a lab: which runs are there, what was measured, which studies they belong to.

A lab is a folder; its catalogue is one SQLite file in it. A run and all that belongs to it are
one transaction, so that a process killed at any moment leaves whole runs or none.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.store import runs, studies
from paribus.store.database import Database
from paribus.store.folder import make_folder
from paribus.store.migrations import LATEST, migrate, schema_version
from paribus.store.records import Measurement, Registration, StoredRun, StudyEntry
from paribus.store.schema import FAILURES

FILE = "paribus.sqlite"
"""The name of the catalogue's file in the lab's folder."""

# Keys in one statement: far below SQLite's limit on parameters, and few enough that the
# measurements read at once stay small.
_CHUNK = 200


class Catalogue:
    """The runs and studies of one lab. Open it with `open` or `in_memory`, and close it.

    Use it from the thread that opened it. Any number of processes may have one lab open; each
    method is one transaction (the bulk readers: one for every 200 keys).
    """

    def __init__(self, database: Database, lab: str) -> None:
        self.lab = lab
        self._database = database

    @classmethod
    def open(cls, lab: Path, *, create: bool) -> Self:
        """The catalogue of the lab in this folder; `create` makes both where they are not there.

        Without `create`, raises `NothingStoredError` where there is no catalogue. Raises
        `LabUnwritableError` for a folder that cannot be made or written, `SchemaError` for a
        file that is no catalogue or one of a newer schema.
        """
        if create:
            make_folder(lab)
        elif not (lab / FILE).is_file():
            raise _nothing(f"lab {lab}")
        catalogue = cls(Database(lab / FILE), f"lab {lab}")
        try:
            catalogue._prepare(create)
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    @classmethod
    def in_memory(cls) -> Self:
        """An empty catalogue that is gone when it is closed."""
        catalogue = cls(Database(None), "the lab in memory")
        catalogue._prepare(create=True)
        return catalogue

    def close(self) -> None:
        """Close the catalogue; closing twice does no harm."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def finished(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys whose runs are stored, diverged ones among them."""
        found: set[str] = set()
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found |= runs.select_keys(connection, chunk)
        return found

    def add_run(self, run: StoredRun) -> bool:
        """Store a run with its measurements and artifacts, and forget that it ever failed.

        A run whose key is stored already is left as it is, and False comes back.
        """
        with self._database.writing() as connection:
            return runs.insert_run(connection, run)

    def run(self, key: str) -> StoredRun:
        """One run with all its measurements and artifacts.

        Raises `NothingStoredError` where it is not stored, `LabError` where it is damaged.
        """
        with self._database.reading() as connection:
            found = runs.select_runs(connection, [key])
            measured = runs.select_measurements(connection, [key], None)
            artifacts = runs.select_artifacts(connection, key)
        if not found:
            raise NothingStoredError(f"{self.lab} holds no run {key}")
        measurements = tuple(measurement for _, measurement in measured)
        return replace(found[0], measurements=measurements, artifacts=artifacts)

    def summaries(self, keys: Iterable[str]) -> Iterator[StoredRun]:
        """The stored ones of these runs, in the order of the keys, each once.

        Their measurements and artifacts are left out.
        """
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found = {run.key: run for run in runs.select_runs(connection, chunk)}
            yield from (found[key] for key in chunk if key in found)

    def add_measured(
        self, key: str, measurements: Sequence[Measurement], probes: Collection[str]
    ) -> None:
        """Add what probes (by identity) measured of a stored run to what it has."""
        with self._database.writing() as connection:
            runs.insert_measured(connection, key, measurements, probes)

    def probed(self, keys: Iterable[str]) -> dict[str, set[str]]:
        """The identities of the probes that each stored one of these runs has been through."""
        found: dict[str, set[str]] = {}
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                for key, probe in runs.select_probed(connection, chunk):
                    found.setdefault(key, set()).add(probe)
        return found

    def measurements(
        self,
        keys: Iterable[str],
        names: Collection[str] | None = None,
        probes: Collection[str] | None = None,
    ) -> Iterator[tuple[str, Measurement]]:
        """Measurements of these runs, each with its run's key; `names` chooses which.

        Without `names` whole weights are left out (an axis "weight"), which are large. `probes`
        leaves out what was measured by probes of other identities. Those of one run
        come together, in the order in which the run had them. Raises `LabError` where one is
        damaged.
        """
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found = runs.select_measurements(connection, chunk, names, probes)
            yield from found

    def artifact(self, key: str, name: str) -> bytes:
        """One artifact of a run.

        Raises `NothingStoredError` where the run is not stored or does not keep it, `LabError`
        where it is damaged.
        """
        found = self.artifacts([key], name)
        if key not in found:
            raise NothingStoredError(f"run {key} keeps no {name!r} in this lab")
        return found[key]

    def artifacts(self, keys: Iterable[str], name: str) -> dict[str, bytes]:
        """One artifact of each of these runs that keeps it; raises `LabError` for damaged ones."""
        found: dict[str, bytes] = {}
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found |= runs.select_artifacts_named(connection, chunk, name)
        return found

    def checksums(self, keys: Iterable[str], name: str) -> dict[str, int]:
        """The CRC-32 of one artifact of each of these runs that keeps it."""
        found: dict[str, int] = {}
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found |= runs.select_checksums(connection, chunk, name)
        return found

    def record_failure(self, key: str, message: str) -> None:
        """Note that a run could not be trained, and forget its checkpoint.

        The next `add_run` of its key clears the note.
        """
        row = {
            "run_key": key,
            "message": message,
            "failed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        statement = sqlite.insert(FAILURES).values(row)
        with self._database.writing() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["run_key"], set_=row)
            )
            runs.delete_checkpoints(connection, [key])

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """The last message of each of these runs that failed and has not been stored since."""
        found: dict[str, str] = {}
        for chunk in _chunks(keys):
            query = select(FAILURES.c.run_key, FAILURES.c.message)
            with self._database.reading() as connection:
                rows = connection.execute(query.where(FAILURES.c.run_key.in_(chunk)))
                found |= {row.run_key: row.message for row in rows}
        return found

    def put_checkpoint(self, key: str, content: bytes) -> None:
        """Store where a run in training is, in place of an earlier checkpoint of it.

        The `add_run` of its key deletes it.
        """
        with self._database.writing() as connection:
            runs.upsert_checkpoint(connection, key, content)

    def checkpoints(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The checkpoints of these runs by key; a damaged one is as good as none."""
        found: dict[str, bytes] = {}
        for chunk in _chunks(keys):
            with self._database.reading() as connection:
                found |= runs.select_checkpoints(connection, chunk)
        return found

    def put_study(self, entry: StudyEntry) -> None:
        """Store a study as planned now, in place of what was planned before; no run is touched."""
        with self._database.writing() as connection:
            studies.put_study(connection, entry)

    def add_registration(self, registration: Registration) -> None:
        """Store what a study says before it is run; nothing takes it away again."""
        with self._database.writing() as connection:
            studies.insert_registration(connection, registration)

    def registrations(self, name: str, scale: str) -> list[Registration]:
        """The registrations of a study in the order in which they were made."""
        with self._database.reading() as connection:
            return studies.select_registrations(connection, name, scale)

    def put_analysis(
        self, study: tuple[str, str], identity: str, measurements: Sequence[Measurement]
    ) -> None:
        """Store what an analysis of a study (name, scale) gave, in place of what it gave before.

        The study is stored. `identity` says what was computed of which runs.
        """
        with self._database.writing() as connection:
            studies.put_analysis(connection, study, identity, measurements)

    def analyses(self, name: str, scale: str) -> list[tuple[str, Measurement]]:
        """What analyses of a study gave, each with the analysis' identity.

        Raises `LabError` where one is damaged.
        """
        with self._database.reading() as connection:
            return studies.select_analyses(connection, name, scale)

    def studies(self) -> list[StudyEntry]:
        """All studies of the lab as last planned, by name and scale."""
        with self._database.reading() as connection:
            return studies.select_studies(connection)

    def study(self, name: str, scale: str) -> StudyEntry:
        """A study as last planned.

        Raises `NothingStoredError` where the lab has no study at all, `UnknownNameError` where
        it has others, or this one at other scales.
        """
        known = {(entry.name, entry.scale): entry for entry in self.studies()}
        if not known:
            raise _nothing(self.lab)
        if (name, scale) in known:
            return known[name, scale]
        scales = [at for of, at in known if of == name]
        if scales:
            advice = f"At others it has not been run in {self.lab}."
            raise UnknownNameError(f"scale of study {name!r}", scale, scales, advice)
        advice = f"Others have not been run in {self.lab}: paribus run {name}"
        raise UnknownNameError("study", name, {of for of, _ in known}, advice)

    def removable(self, name: str, scale: str) -> set[str]:
        """Keys of the stored runs that `remove_study` would delete.

        Those of earlier variants of the study (other fields, levels, replicates) are among them.
        """
        with self._database.reading() as connection:
            keys = studies.own_keys(connection, name, scale)
        return self.finished(keys)

    def remove_study(self, name: str, scale: str) -> int:
        """Delete a study and the runs that no other study has planned; how many runs there were.

        Its registrations stay. The file shrinks accordingly. Raises as `study` does.
        """
        self.study(name, scale)
        with self._database.writing() as connection:
            keys = studies.delete_study(connection, name, scale)
            removed = sum(runs.delete_runs(connection, chunk) for chunk in _chunks(keys))
        self._database.shrink()
        return removed

    def size(self) -> int:
        """Bytes that the catalogue takes."""
        with self._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()

    def _prepare(self, create: bool) -> None:
        with self._database.reading() as connection:
            version = schema_version(connection, self._database.where)
        if version == 0 and not create:
            raise _nothing(self.lab)
        # With `create` even where there is nothing to do: a store that cannot be written shows
        # itself here, and not after the first run has been trained.
        if create or version < LATEST:
            with self._database.writing() as connection:
                migrate(connection, self._database.where)


def _nothing(lab: str) -> NothingStoredError:
    return NothingStoredError(f"{lab} holds nothing yet. Train a study with: paribus run STUDY")


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    distinct = iter(dict.fromkeys(keys))
    while chunk := list(islice(distinct, _CHUNK)):
        yield chunk
