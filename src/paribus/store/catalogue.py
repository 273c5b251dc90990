"""The catalogue of a lab: which runs are there, what was measured, which studies they belong to.

A lab is a folder, whose catalogue is one SQLite file in it, or a PostgreSQL database. A run and
all that belongs to it are one transaction, so that a process killed at any moment leaves whole
runs or none. A write that is done twice does what it does once: a transaction whose server was
gone is begun again.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from paribus.errors import LabHeldError, NothingStoredError, SchemaError, UnknownNameError
from paribus.store import counts, leases, runs, studies
from paribus.store.counts import StudyCounts
from paribus.store.database import Database, chunks
from paribus.store.finals import Finals, select_finals
from paribus.store.folder import make_folder
from paribus.store.integrity import Damage, Demands, Examined, examine
from paribus.store.lab import Lab, SharedLab
from paribus.store.mending import remove
from paribus.store.migrations import LATEST
from paribus.store.postgresql import PostgresqlDatabase
from paribus.store.records import Measurement, Registration, StoredRun, StudyEntry
from paribus.store.sharing import Sharing
from paribus.store.sqlite import SqliteDatabase

FILE = "paribus.sqlite"
"""The name of the catalogue's file in the lab's folder."""


class Catalogue(Sharing):
    """The runs and studies of one lab. Open it with `open` or `in_memory`, and close it.

    Use it from the thread that opened it. Any number of processes may have one lab open; each
    method is one transaction (the bulk readers: one for every 200 keys).
    """

    def __init__(self, database: Database, lab: str) -> None:
        super().__init__(database)
        self.lab = lab

    @classmethod
    def open(cls, lab: Lab, *, create: bool, upgrade: bool = True) -> Self:
        """The catalogue of this lab; `create` makes what is not there, but for a database.

        Without `create`, raises `NothingStoredError` where there is no catalogue. Raises
        `LabUnwritableError` for a folder that cannot be made or written, `LabGoneError` for a
        server that cannot be reached (it is not waited for), `SchemaError` for a file that is no
        catalogue or one of a newer schema. One of an older schema is brought to the newest;
        without `upgrade` it is left as it is, and `SchemaError` raised.
        """
        if isinstance(lab, SharedLab):
            database = PostgresqlDatabase(lab)
        else:
            if create:
                make_folder(lab)
            elif not (lab / FILE).is_file():
                raise _nothing(f"lab {lab}")
            database = SqliteDatabase(lab / FILE)
        catalogue = cls(database, f"lab {lab}")
        try:
            catalogue._prepare(create, upgrade)
        except BaseException:
            catalogue.close()
            raise
        return catalogue

    @classmethod
    def in_memory(cls) -> Self:
        """An empty catalogue that is gone when it is closed."""
        catalogue = cls(SqliteDatabase(None), "the lab in memory")
        catalogue._prepare(create=True, upgrade=True)
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
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_keys, chunk)
        return found

    def add_run(self, run: StoredRun) -> bool:
        """Store one run as `add_runs` does; whether it was not there already."""
        return bool(self.add_runs([run]))

    def add_runs(self, new: Collection[StoredRun]) -> set[str]:
        """Store runs with their measurements and artifacts, and forget that they ever failed.

        All of them or none. Runs whose keys are stored already are left as they are; the keys of
        the others come back.
        """
        return self._database.write(runs.insert_runs, new)

    def run(self, key: str) -> StoredRun:
        """One run with all its measurements and artifacts.

        Raises `NothingStoredError` where it is not stored, `LabError` where it is damaged.
        """
        found = self._database.read(_whole_run, key)
        if found is None:
            raise NothingStoredError(f"{self.lab} holds no run {key}")
        return found

    def summaries(self, keys: Iterable[str]) -> Iterator[StoredRun]:
        """The stored ones of these runs, in the order of the keys, each once.

        Their measurements and artifacts are left out.
        """
        for chunk in chunks(keys):
            found = {run.key: run for run in self._database.read(runs.select_runs, chunk)}
            yield from (found[key] for key in chunk if key in found)

    def add_measured(
        self, key: str, measurements: Sequence[Measurement], probes: Collection[str]
    ) -> None:
        """Add what probes (by identity) measured of a stored run to what it has."""
        self._database.write(runs.insert_measured, key, measurements, probes)

    def probed(self, keys: Iterable[str]) -> dict[str, set[str]]:
        """The identities of the probes that each stored one of these runs has been through."""
        found: dict[str, set[str]] = {}
        for chunk in chunks(keys):
            for key, probe in self._database.read(runs.select_probed, chunk):
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
        for chunk in chunks(keys):
            found = self._database.read(runs.select_measurements, chunk, names, probes)
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
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_artifacts_named, chunk, name)
        return found

    def checksums(self, keys: Iterable[str], name: str) -> dict[str, int]:
        """The CRC-32 of one artifact of each of these runs that keeps it."""
        found: dict[str, int] = {}
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_checksums, chunk, name)
        return found

    def record_failure(self, key: str, message: str) -> None:
        """Note that a run could not be trained, and forget its checkpoint.

        The next `add_run` of its key clears the note.
        """
        self._database.write(runs.upsert_failure, key, message)

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """The last message of each of these runs that failed and has not been stored since."""
        found: dict[str, str] = {}
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_failures, chunk)
        return found

    def put_checkpoint(self, key: str, content: bytes) -> None:
        """Store where a run in training is, in place of an earlier checkpoint of it.

        The `add_run` of its key deletes it.
        """
        self._database.write(runs.upsert_checkpoint, key, content)

    def checkpointed(self, keys: Iterable[str]) -> set[str]:
        """Those of these runs that have a checkpoint."""
        found: set[str] = set()
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_checkpointed, chunk)
        return found

    def checkpoints(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The checkpoints of these runs by key; a damaged one is as good as none."""
        found: dict[str, bytes] = {}
        for chunk in chunks(keys):
            found |= self._database.read(runs.select_checkpoints, chunk)
        return found

    def put_study(self, entry: StudyEntry) -> None:
        """Store a study as planned now, in place of what was planned before; no run is touched."""
        self._database.write(studies.put_study, entry)

    def add_registration(self, registration: Registration) -> None:
        """Store what a study says before it is run; nothing takes it away again."""
        self._database.write(studies.insert_registration, registration)

    def registrations(self, name: str, scale: str) -> list[Registration]:
        """The registrations of a study in the order in which they were made."""
        return self._database.read(studies.select_registrations, name, scale)

    def put_analysis(
        self, study: tuple[str, str], identity: str, measurements: Sequence[Measurement]
    ) -> None:
        """Store what an analysis of a study (name, scale) gave, in place of what it gave before.

        The study is stored. `identity` says what was computed of which runs.
        """
        self._database.write(studies.put_analysis, study, identity, measurements)

    def analyses(self, name: str, scale: str) -> list[tuple[str, Measurement]]:
        """What analyses of a study gave, each with the analysis' identity.

        Raises `LabError` where one is damaged.
        """
        return self._database.read(studies.select_analyses, name, scale)

    def studies(self) -> list[StudyEntry]:
        """All studies of the lab as last planned, by name and scale."""
        return self._database.read(studies.select_studies)

    def names(self) -> list[tuple[str, str]]:
        """Name and scale of all studies of the lab, in the order of `studies`."""
        return self._database.read(counts.select_names)

    def counts(self) -> list[StudyCounts]:
        """How far each study of the lab is, in the order of `studies`; no run is read for it."""
        return self._database.read(counts.select_counts)

    def finals(
        self, study: tuple[str, str], metrics: Collection[str], probes: Collection[str]
    ) -> Finals:
        """The last values of metrics of the stored runs of a study (name, scale).

        What probes of other identities measured is left out. Of runs that are `unread`, read the
        measurements.
        """
        return self._database.read(select_finals, study, metrics, probes)

    def study(self, name: str, scale: str) -> StudyEntry:
        """A study as last planned.

        Raises `NothingStoredError` where the lab has no study at all, `UnknownNameError` where
        it has others, or this one at other scales.
        """
        known = self.names()
        if not known:
            raise _nothing(self.lab)
        if (name, scale) in known:
            return self._database.read(studies.select_study, name, scale)
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
        keys = self._database.read(studies.own_keys, name, scale)
        return self.finished(keys)

    def remove_study(self, name: str, scale: str) -> int:
        """Delete a study and the runs that no other study has planned; how many runs there were.

        Its registrations stay. A file shrinks accordingly. Raises as `study` does, and
        `LabHeldError` where a driver of a shared lab trains the study now.
        """
        self.study(name, scale)
        removed = self._database.write(_remove_study, name, scale, self)
        self._database.shrink()
        return removed

    def examine(self, demands: Demands) -> Examined:
        """All that is damaged of what is stored; reads everything and changes nothing."""
        return examine(self._database, demands)

    def remove_damaged(self, damages: Collection[Damage]) -> None:
        """Delete what `examine` found damaged, and all that belongs to it."""
        self._database.write(remove, damages)

    def size(self) -> int:
        """Bytes that the catalogue takes."""
        return self._database.size()

    def _prepare(self, create: bool, upgrade: bool) -> None:
        with self._database.reading() as connection:
            version = self._database.version(connection)
        if version == 0 and not create:
            raise _nothing(self.lab)
        if version < LATEST and not (create or upgrade):
            raise SchemaError(
                f"{self.lab} has schema {version} of an earlier version of Paribus; this one "
                f"reads schema {LATEST}. It is only read here, and not changed: `paribus status` "
                "brings it up to date, and earlier versions cannot read it then."
            )
        # With `create` even where there is nothing to do: a store that cannot be written shows
        # itself here, and not after the first run has been trained.
        if create or version < LATEST:
            with self._database.writing() as connection:
                self._database.migrate(connection)


def _whole_run(connection: Connection, key: str) -> StoredRun | None:
    found = runs.select_runs(connection, [key])
    measured = runs.select_measurements(connection, [key], None)
    artifacts = runs.select_artifacts(connection, key)
    if not found:
        return None
    measurements = tuple(measurement for _, measurement in measured)
    return replace(found[0], measurements=measurements, artifacts=artifacts)


def _remove_study(connection: Connection, name: str, scale: str, catalogue: Catalogue) -> int:
    if catalogue.shared:
        _refuse_trained(connection, name, scale, catalogue.lab)
    keys = studies.delete_study(connection, name, scale)
    return sum(runs.delete_runs(connection, chunk) for chunk in chunks(keys))


def _refuse_trained(connection: Connection, name: str, scale: str, lab: str) -> None:
    for driver in leases.select_drivers(connection):
        said = driver.document
        trains = (said.get("study"), said.get("scale")) == (name, scale)
        if trains and driver.is_heard:
            raise LabHeldError(
                f"study {name} ({scale}) of {lab} is trained now by process {said.get('pid')} on "
                f"{said.get('host')}. Wait for it, or stop it."
            )


def _nothing(lab: str) -> NothingStoredError:
    return NothingStoredError(f"{lab} holds nothing yet. Train a study with: paribus run STUDY")
