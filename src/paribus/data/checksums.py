"""Checksums of data: the fingerprint that names it in every run, and a folder's SHA256SUMS.

A fingerprint depends on content alone: the same bytes have the same one wherever they lie.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.spec import digest

SUMS = "SHA256SUMS"
_LONGEST_LINE = 1 << 13
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def fingerprint_of_files(sums: Mapping[str, str]) -> str:
    """The fingerprint of files, from the SHA-256 of each by its name."""
    return digest(sorted(sums.items()))


def fingerprint_of_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """The fingerprint of named arrays: their types, shapes and elements."""
    parts = []
    for name, array in sorted(arrays.items()):
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        parts.append([name, array.dtype.name, list(array.shape), sha256(little.tobytes())])
    return digest(parts)


def listed_sha256(path: Path, root: Path) -> str | None:
    """The SHA-256 that a `SHA256SUMS` gives for this file, or None where none lists it.

    The file's own folder is asked first, then those above it up to `root`; names are relative to
    the folder of the list (`fashion_mnist/train-labels-idx1-ubyte.gz`, with or without `./` before
    it). Lines in another form than `sha256sum` writes are passed over.
    """
    for folder in path.parents:
        if folder.is_relative_to(root) and (folder / SUMS).is_file():
            found = _listed(folder / SUMS, PurePosixPath(path.relative_to(folder).as_posix()))
            if found:
                return found
    return None


def listed_below(folder: Path, root: Path) -> dict[str, str]:
    """The SHA-256 that `SHA256SUMS` give for files below a folder, by their path from there.

    The lists are the folder's own and those above it up to `root`; of two that list a file, the
    nearer one counts.
    """
    found: dict[str, str] = {}
    for home in (folder, *folder.parents):
        if not home.is_relative_to(root) or not (home / SUMS).is_file():
            continue
        for name, listed in _lines(home / SUMS):
            path = home / name
            if path.is_relative_to(folder) and ".." not in name.parts:
                found.setdefault(path.relative_to(folder).as_posix(), listed)
    return found


def _listed(sums: Path, name: PurePosixPath) -> str | None:
    return next((listed for path, listed in _lines(sums) if path == name), None)


def _lines(sums: Path) -> Iterator[tuple[PurePosixPath, str]]:
    with sums.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        whole = True
        # Never more than a line of the longest path in memory: a list may be without an end.
        while line := lines.readline(_LONGEST_LINE):
            match = _LINE.fullmatch(line.rstrip("\r\n")) if whole else None
            whole = line.endswith("\n")
            if match:
                yield PurePosixPath(match[2]), match[1].lower()
