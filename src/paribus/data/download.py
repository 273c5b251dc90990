"""Downloading published files: each mirror in turn, checked while it arrives, renamed when whole.

Pooch fetches into a file of another name in the same folder; only when size and SHA-256 are right
is that renamed, which is atomic, so that under its own name a file is complete or not there. An
interrupted download starts again from the beginning.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from paribus.data.official import OfficialFile

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30


def download(
    files: Sequence[OfficialFile], mirrors: Sequence[str], folder: Path
) -> tuple[str, ...]:
    """Why files could not be fetched into `folder`, one line per address; empty if all came.

    Stops at the first file that no mirror gives, so that without a network this takes the time of
    one file. A mirror that does not answer in 10 s, or is silent for 30 s, has failed. Shows
    progress on stderr where that is a terminal.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return (f"{folder}: {error.strerror}",)
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(
        *columns,
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        for file in files:
            failures = _from_any(file, mirrors, folder, progress)
            if failures:
                return failures
    return ()


def _from_any(
    file: OfficialFile, mirrors: Sequence[str], folder: Path, progress: Progress
) -> tuple[str, ...]:
    task = progress.add_task(file.name, total=file.bytes)
    failures = []
    for mirror in mirrors:
        progress.reset(task)
        try:
            _fetch(mirror + file.name, file, folder, lambda step: progress.advance(task, step))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"{mirror}{file.name}: {_reason(error)}")
        else:
            return ()
    return tuple(failures)


def _fetch(url: str, file: OfficialFile, folder: Path, advance: Callable[[int], None]) -> None:
    from pooch import HTTPDownloader  # noqa: PLC0415 - slow to load, and seldom needed

    # Identity, because requests would undo a gzip encoding and the checksum is of the gzip file.
    fetch = HTTPDownloader(
        chunk_size=1 << 16,
        timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
        headers={"Accept-Encoding": "identity"},
    )
    with NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", delete=False) as part:
        temporary = Path(part.name)
    try:
        with temporary.open("wb") as stream:
            checked = _CheckedStream(stream, file, advance)
            fetch(url, checked, None)
            checked.finish()
        temporary.replace(folder / file.name)
    finally:
        temporary.unlink(missing_ok=True)


class _CheckedStream:
    """Writes through, counts and hashes; refuses the first byte too many."""

    def __init__(
        self, stream: IO[bytes], file: OfficialFile, advance: Callable[[int], None]
    ) -> None:
        self._stream, self._file, self._advance = stream, file, advance
        self._count, self._hash = 0, hashlib.sha256()

    def write(self, chunk: bytes) -> int:
        self._count += len(chunk)
        if self._count > self._file.bytes:
            raise ValueError(f"sent more than the {self._file.bytes:,} bytes of this file")
        self._hash.update(chunk)
        self._advance(len(chunk))
        return self._stream.write(chunk)

    def flush(self) -> None:
        """Nothing: pooch flushes after every chunk, which would only cost time."""

    def finish(self) -> None:
        if self._count < self._file.bytes:
            raise ValueError(f"sent {self._count:,} of {self._file.bytes:,} bytes")
        if self._hash.hexdigest() != self._file.sha256:
            raise ValueError(
                f"sent other bytes: sha256 {self._hash.hexdigest()} instead of {self._file.sha256}"
            )


def _reason(error: Exception) -> str:
    """The cause alone, without the descriptions in which requests and urllib3 wrap it."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    text = str(cause.args[-1]) if isinstance(cause, Exception) and cause.args else str(error)
    return text.rpartition("): ")[2]
