"""Unpacking a data set's files from the archive that they are published in.

Nothing in an archive decides where anything is written: the files asked for are looked up by name,
each must be an ordinary file of the size and SHA-256 that it should have, and all else is passed
over. Until all of them are right they lie in a temporary folder; then each is renamed into place,
which is atomic.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from paribus.data.checksums import sha256
from paribus.data.official import FileSet, OfficialFile
from paribus.errors import DamagedDataError

# For what an archive holds beside the files: headers, padding, a page that describes them.
_BESIDES = 1 << 20
_ORDINARY = (tarfile.REGTYPE, tarfile.AREGTYPE)


def unpack(path: Path, file_set: FileSet, files: Sequence[OfficialFile], folder: Path) -> None:
    """Puts these files of the archive at `path` into `folder`: all of them, or none.

    Expands no more than the data set's files and a megabyte. Raises `DamagedDataError` naming the
    archive where it is no sound one, would expand to more, has a path that leads out of it, or
    lacks a file; or where a file is no ordinary one, comes twice or has other bytes. Raises
    `OSError` where `folder` cannot be written.
    """
    assert file_set.archive is not None
    wanted = {f"{file_set.archive.folder}/{file.name}": file for file in files}
    limit = sum(file.bytes for file in file_set.files) + _BESIDES
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".unpacking.") as name:
        parts = Path(name)
        try:
            with gzip.open(path) as stream:
                found = _unpack_stream(_Bounded(stream, limit, path), path, wanted, parts)
        # ValueError and OverflowError: what tarfile says of headers that hold no numbers.
        except (
            *(tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError),
            *(ValueError, OverflowError, RecursionError),
        ) as error:
            problem = ascii(str(error))[1:-1]
            raise _damaged(path, f"not a sound .tar.gz archive ({problem})") from None
        lacking = [name for name in wanted if name not in found]
        if lacking:
            raise _damaged(path, f"lacks {', '.join(lacking)}")
        for file in files:
            (parts / file.name).replace(folder / file.name)


def _unpack_stream(
    stream: "_Bounded", path: Path, wanted: dict[str, OfficialFile], parts: Path
) -> set[str]:
    found: set[str] = set()
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = wanted.get(member.name)
            if file is None:
                inside = PurePosixPath(member.name)
                if inside.is_absolute() or ".." in inside.parts:
                    raise _damaged(path, f"{member.name!r} leads out of it")
                continue
            if member.name in found:
                raise _damaged(path, f"{member.name} is in it twice")
            found.add(member.name)
            (parts / file.name).write_bytes(_content(archive, member, file, path))
    while stream.read(tarfile.BLOCKSIZE):  # to its end, where gzip has its checksum
        pass
    return found


def _content(
    archive: tarfile.TarFile, member: tarfile.TarInfo, file: OfficialFile, path: Path
) -> bytes:
    """One file's bytes; its size is checked before any of them is read."""
    source = archive.extractfile(member) if member.type in _ORDINARY else None
    if source is None or member.issparse():
        raise _damaged(path, f"{member.name} is no ordinary file")
    if member.size != file.bytes:
        sizes = f"{member.size:,} bytes; the official file has {file.bytes:,}"
        raise _damaged(path, f"{member.name}: {sizes}")
    content = source.read()
    if sha256(content) != file.sha256:
        sums = f"sha256 is {sha256(content)}; the official file's is {file.sha256}"
        raise _damaged(path, f"{member.name}: {sums}")
    return content


def _damaged(path: Path, problem: str) -> DamagedDataError:
    return DamagedDataError(f"{path}: {problem}; fetch it again")


class _Bounded(io.BufferedIOBase):
    """What is read from a stream, up to a limit: the size that an archive claims is no bound."""

    def __init__(self, stream: gzip.GzipFile, limit: int, path: Path) -> None:
        self._stream, self._left, self._limit, self._path = stream, limit, limit, path

    def read(self, size: int | None = None, /) -> bytes:
        assert size is not None
        content = self._stream.read(min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            problem = f"expands to more than the {self._limit:,} bytes that it may hold"
            raise _damaged(self._path, problem)
        return content
