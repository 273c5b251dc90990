"""Writing a text as a file that is there whole or not at all."""

import os
import tempfile
from pathlib import Path

from paribus.errors import ParibusError


def write_whole(target: Path, text: str) -> Path:
    """Write a text in place of the file that there is, making its folder; gives the path back.

    Raises `ParibusError` where it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return _replace(target, text)
    except OSError as error:
        raise ParibusError(
            f"cannot write {target}: {error.strerror}. Choose a folder that can be written"
        ) from error


def _replace(target: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
