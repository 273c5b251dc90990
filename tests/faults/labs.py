"""What a lab holds after a fault, and how it differs from an undisturbed one."""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from paribus.errors import NothingStoredError, ParibusError
from paribus.store import Catalogue
from paribus.store.catalogue import FILE
from paribus.store.lab import Lab, folder_of
from paribus.store.records import Measurement, StoredRun

_SAME = ("recipe", "replicate", "fingerprint", "status", "diverged_epoch", "parameters")


def stored(lab: Lab) -> set[str]:
    """The keys of the runs that are committed, whether or not a command works on the lab."""
    return _keys(lab / FILE, "runs", "key") if isinstance(lab, Path) else _shared(lab)[0]


def left(lab: Lab) -> tuple[set[str], set[str]]:
    """What a command that is gone has left: keys of runs, and of checkpoints.

    Of a folder read from a copy. The first to open a store after a crash recovers it, and here
    that should be the command which goes on.
    """
    if not isinstance(lab, Path):
        return _shared(lab)
    with TemporaryDirectory() as folder:
        for path in lab.glob(f"{FILE}*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, folder)
        copy = Path(folder) / FILE
        return _keys(copy, "runs", "key"), _keys(copy, "checkpoints", "run_key")


def begun(lab: Lab) -> Counter[str]:
    """How often each run was begun, by the logs of all commands on the lab."""
    found: Counter[str] = Counter()
    for path in folder_of(lab).glob("logs/*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"run started"' in line and line.endswith("}"):  # the last may be half a line
                found[json.loads(line)["facts"]["key"]] += 1
    return found


def runs_of(lab: Lab) -> dict[str, StoredRun | str]:
    """Every planned run of a lab with its measurements by key; of a damaged one the message."""
    found: dict[str, StoredRun | str] = {}
    with Catalogue.open(lab, create=False) as catalogue:
        for key in sorted(catalogue.finished(_planned(catalogue))):
            try:
                found[key] = catalogue.run(key)
            except ParibusError as error:
                found[key] = str(error)
    return found


def differing(
    found: Mapping[str, StoredRun | str], expected: Mapping[str, StoredRun | str]
) -> list[str]:
    """What of the runs that both have differs in any bit: the run's key and the thing's name.

    Times and other provenance are left out.
    """
    return [
        f"{key}: {name}"
        for key in sorted(found.keys() & expected.keys())
        for name in _differences(found[key], expected[key])
    ]


def _differences(run: StoredRun | str, other: StoredRun | str) -> list[str]:
    if isinstance(run, str) or isinstance(other, str):
        return [str(run)]
    names = [name for name in _SAME if getattr(run, name) != getattr(other, name)]
    for name in sorted(run.artifacts.keys() | other.artifacts.keys()):
        if run.artifacts.get(name) != other.artifacts.get(name):
            names.append(name)
    mine, its = ({(one.name, one.probe): one for one in of.measurements} for of in (run, other))
    for name in sorted(mine.keys() | its.keys()):
        if name not in mine or name not in its or not _same(mine[name], its[name]):
            names.append(name[0])
    return names


def _same(one: Measurement, other: Measurement) -> bool:
    return (
        one.dims == other.dims
        and one.values.dtype == other.values.dtype
        and one.values.shape == other.values.shape
        and one.values.tobytes() == other.values.tobytes()
        and one.coords.keys() == other.coords.keys()
        and all(np.array_equal(one.coords[dim], other.coords[dim]) for dim in one.coords)
    )


def _planned(catalogue: Catalogue) -> set[str]:
    return {member.key for entry in catalogue.studies() for member in entry.members}


def _shared(lab: Lab) -> tuple[set[str], set[str]]:
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            planned = _planned(catalogue)
            return catalogue.finished(planned), set(catalogue.checkpoints(planned))
    except NothingStoredError:
        return set(), set()


def _keys(path: Path, table: str, column: str) -> set[str]:
    if not path.is_file():
        return set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
        try:
            return {key for (key,) in connection.execute(f"SELECT {column} FROM {table}")}
        except sqlite3.DatabaseError:  # not made yet, or torn
            return set()
