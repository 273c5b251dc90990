"""Finding, checking and reading the files of a published data set.

Where files are looked for:

* with a folder given (`--data-dir`, else `PARIBUS_DATA`): in `folder/<name>`, and if none of the
  files is there, in `folder` itself. Where they are published in one archive, they may also lie
  in the folder that unpacking it makes, in either of these. Since MNIST and Fashion-MNIST have
  the same file names, files in `folder` itself count only if each of them has the official bytes,
  or if the folder bears the data set's name. Nothing is ever downloaded into a folder that the
  user gives.
* otherwise in `<name>` in the user's own cache, into which missing files are downloaded.

A file is official if its SHA-256 is the published one. One that is not must be listed with its
SHA-256 in a `SHA256SUMS` (in its own folder or one above, up to the data folder): it is then a
local copy, and so is the whole data set. Anything else is damaged.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paribus.data.archives import unpack
from paribus.data.base import Location, Source
from paribus.data.checksums import SUMS, fingerprint_of_files, listed_sha256, sha256
from paribus.data.download import download
from paribus.data.official import FileSet, OfficialFile
from paribus.errors import DamagedDataError, DataError, MissingDataError
from paribus.store.caches import cache_path

VARIABLE = "PARIBUS_DATA"
# Files of a local copy may be larger, where they are packed less or not at all.
_MOST_TIMES = 16


@dataclass(frozen=True)
class Contents:
    """A data set's files as they are on disk, by name, and where they were."""

    location: Location
    files: Mapping[str, bytes]


def find_source(data_dir: Path | None, environment: Mapping[str, str]) -> Source:
    """The source that a user asks for: `--data-dir`, else `PARIBUS_DATA`, else the cache."""
    named = data_dir or environment.get(VARIABLE)
    try:
        return Source(folder=Path(named).expanduser() if named else None)
    except RuntimeError as error:  # "~somebody" who is not there
        problem = f"got {str(named)!r} as the folder of data; {error}"
        raise DataError(f"{problem}. Name it by its whole path.") from None


def locate_files(file_set: FileSet, source: Source) -> Location:
    """Where the files are and whether they are official; absent unless all are there.

    Never downloads. Raises `DamagedDataError` for a file that is neither official nor listed.
    """
    with read_errors_named(data_root(source)):
        folder = _folder(file_set, source)
        if _missing(file_set, folder):
            return Location("absent", None, 0, official_fingerprint(file_set))
        return _read(file_set, source, folder).location


def official_fingerprint(file_set: FileSet) -> str:
    """The fingerprint that the published files have, wherever they lie."""
    return fingerprint_of_files({file.name: file.sha256 for file in file_set.files})


def read_files(file_set: FileSet, source: Source) -> Contents:
    """The checked bytes of every file; downloads missing ones where `source` allows it.

    Raises `MissingDataError` naming each missing file and where to put it, and `DamagedDataError`
    for a file that is neither official nor listed in a `SHA256SUMS`.
    """
    with read_errors_named(data_root(source)):
        folder = _folder(file_set, source)
        missing, failures = _missing(file_set, folder), ()
        if missing and source.folder is None:
            failures = _fetch(file_set, missing, folder)
            missing = _missing(file_set, folder)
        if missing:
            raise MissingDataError(_missing_message(file_set, source, folder, failures))
        return _read(file_set, source, folder)


def _fetch(file_set: FileSet, missing: Sequence[OfficialFile], folder: Path) -> tuple[str, ...]:
    """Why missing files could not be fetched into `folder`; empty if all came."""
    archive = file_set.archive
    if archive is None:
        return download(missing, file_set.mirrors, folder)
    path = folder.parent / archive.file.name
    if not (path.is_file() and _is_official(path, archive.file)):
        failures = download([archive.file], file_set.mirrors, path.parent)
        if failures:
            return failures
    try:
        unpack(path, file_set, missing, folder)
        path.unlink()
    except OSError as error:
        return (f"{error.filename or folder}: {error.strerror}",)
    return ()


def data_root(source: Source) -> Path:
    """The folder that holds all data: the one that the user named, else that in the cache."""
    return source.folder or source.cache or cache_path("data")


def _folder(file_set: FileSet, source: Source) -> Path:
    """The folder that holds the files, or else the one where they belong."""
    root = data_root(source)
    homes = [root / place for place in file_set.places]
    if source.folder is None:
        return homes[0]
    found = [home for home in homes if _present(file_set, home)]
    if found:
        return found[0]
    loose = _present(file_set, root)
    ours = _bears_its_name(file_set, root)
    if loose and (ours or all(_is_official(root / file.name, file) for file in loose)):
        return root
    return homes[0]


def _bears_its_name(file_set: FileSet, folder: Path) -> bool:
    return folder.resolve().name in {Path(place).name for place in file_set.places}


def _present(file_set: FileSet, folder: Path) -> list[OfficialFile]:
    return [file for file in file_set.files if (folder / file.name).is_file()]


def _missing(file_set: FileSet, folder: Path) -> list[OfficialFile]:
    present = _present(file_set, folder)
    return [file for file in file_set.files if file not in present]


def _is_official(path: Path, file: OfficialFile) -> bool:
    return path.stat().st_size == file.bytes and sha256(path.read_bytes()) == file.sha256


def _read(file_set: FileSet, source: Source, folder: Path) -> Contents:
    contents: dict[str, bytes] = {}
    sums: dict[str, str] = {}
    for file in file_set.files:
        path = folder / file.name
        listed = listed_sha256(path, data_root(source))
        size = path.stat().st_size
        most = file.bytes if listed is None else _MOST_TIMES * file.bytes
        if size > most or (listed is None and size != file.bytes):
            problem = f"{size:,} bytes; the official file has {file.bytes:,}"
            problem += "" if listed is None else f", and a copy may have {most:,}"
            raise DamagedDataError(_damaged_message(file_set, source, path, problem))
        contents[file.name] = path.read_bytes()
        sums[file.name] = got = sha256(contents[file.name])
        if got not in (file.sha256, listed):
            problem = f"sha256 is {got}; the official file's is {file.sha256}"
            problem += f", and {SUMS} says {listed}" if listed else ""
            raise DamagedDataError(_damaged_message(file_set, source, path, problem))
    official = all(sums[file.name] == file.sha256 for file in file_set.files)
    state = "verified" if official else "local copy"
    total = sum(map(len, contents.values()))
    return Contents(Location(state, folder, total, fingerprint_of_files(sums)), contents)


@contextmanager
def read_errors_named(root: Path) -> Iterator[None]:
    """A context that turns what the operating system refuses into one `DataError`."""
    try:
        yield
    except OSError as error:
        problem = f"{error.filename or root}: cannot be read: {error.strerror}"
        raise DataError(f"{problem}. Make it readable, or name another folder.") from None


def _damaged_message(file_set: FileSet, source: Source, path: Path, problem: str) -> str:
    if source.folder is None:
        advice = "Delete it and run again: it will be downloaded."
    else:
        name = file_set.archive.file.name if file_set.archive else path.name
        advice = (
            f"Fetch it again from {file_set.mirrors[0]}{name} ; if it is a copy of your own, "
            f"list it in {path.parent / SUMS}."
        )
    return f"{path}: not the {file_set.title} file, or damaged: {problem}. {advice}"


def _missing_message(
    file_set: FileSet, source: Source, folder: Path, failures: Sequence[str]
) -> str:
    root = data_root(source)
    missing = _missing(file_set, folder)
    count = f"{len(missing)} of {len(file_set.files)} files missing"
    lines = [f"{file_set.title} is not here: {count}:"]
    lines += [f"  {_described(file)}" for file in missing]
    places = [*(root / place for place in file_set.places), root] if source.folder else [folder]
    lines.append(f"Looked in {' and '.join(map(str, places))}")
    lines += [*_note(file_set, source), *_other_forms(file_set, source)]
    if failures:
        lines += ["Could not be downloaded:", *(f"  {failure}" for failure in failures)]
    lines += _how_to_fetch(file_set, folder)
    if source.folder is None:
        lines.append(f"or into FOLDER/{file_set.name}: --data-dir FOLDER, {VARIABLE}=FOLDER")
    else:
        lines.append(f"or leave out --data-dir and {VARIABLE}, and they will be downloaded")
    return "\n".join(lines)


def _described(file: OfficialFile) -> str:
    md5 = f", md5 {file.md5}" if file.md5 else ""
    return f"{file.name} ({file.bytes:,} bytes{md5})"


def _how_to_fetch(file_set: FileSet, folder: Path) -> list[str]:
    archive = file_set.archive
    if archive is None:
        mirrors = [f"  {mirror}<file name>" for mirror in file_set.mirrors]
        return [
            "Fetch each, under its name, from one of",
            *mirrors,
            f"and put them into {folder}",
        ]
    mirrors = [f"  {mirror}{archive.file.name}" for mirror in file_set.mirrors]
    where = folder.parent if folder.name == archive.folder else folder
    return [f"They are in {_described(archive.file)}:", *mirrors, f"Unpack it into {where}"]


def _other_forms(file_set: FileSet, source: Source) -> list[str]:
    """On the same data as pickles, or in its archive: what somebody may take for the files."""
    archive, root = file_set.archive, data_root(source)
    if archive is None:
        return []
    folders = (root, root / file_set.name)
    inside = [folder / name for folder in folders for name in archive.pickled]
    itself = [root] if root.resolve().name in archive.pickled else []
    packed = [folder / archive.file.name for folder in folders]
    return [
        *(
            f"Passed over {path}: it holds pickles, which can run any code when they are read; "
            f"Paribus reads the binary version, {archive.file.name}"
            for path in [*itself, *inside]
            if path.exists()
        ),
        *(f"There is {path}, which is not unpacked yet" for path in packed if path.is_file()),
    ]


def _note(file_set: FileSet, source: Source) -> list[str]:
    """On a folder that is not there, or files in it that have this data set's names only."""
    if source.folder is None or _bears_its_name(file_set, source.folder):
        return []
    if not source.folder.is_dir():
        return [f"There is no folder {source.folder}"]
    loose = _present(file_set, source.folder)
    wrong = [file.name for file in loose if not _is_official(source.folder / file.name, file)]
    if not wrong:
        return []
    where = source.folder / file_set.places[0]
    return [
        f"Passed over in {source.folder}, because the bytes are not those of {file_set.title} "
        f"(other data sets use the same names; a copy of your own belongs in {where}):",
        *(f"  {name}" for name in wrong),
    ]
