"""The lab's folder: made, and checked to be one."""

import errno
import os
from pathlib import Path

from paribus.errors import LabUnwritableError


def make_folder(lab: Path) -> None:
    """Make the lab's folder with its parents, where it is not there yet.

    Raises `LabUnwritableError` where it cannot be made or written, or where the path is a file.
    """
    try:
        lab.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise LabUnwritableError(f"lab {lab} is a file; it must be a folder. {ADVICE}") from None
    except OSError as error:
        raise unwritable(lab, error) from None
    if not os.access(lab, os.W_OK | os.X_OK):
        raise unwritable(lab, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def unwritable(lab: Path, error: OSError) -> LabUnwritableError:
    """The error to raise where the operating system refuses to write in the lab."""
    reason = error.strerror or str(error)
    return LabUnwritableError(f"lab {lab} cannot be written: {reason}. {ADVICE}")


ADVICE = "Give a folder that you may write to with --lab."
