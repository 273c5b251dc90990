"""The lab's folder: made, and checked to be one that a lab can be kept in."""

import errno
import os
from pathlib import Path

from paribus.errors import LabUnwritableError
from paribus.store.mounts import network_file_system


def make_folder(lab: Path) -> None:
    """Make the lab's folder with its parents, where it is not there yet.

    Raises `LabUnwritableError` where it cannot be made or written, where the path is a file, and
    on a network file system, of which the processes that have the store open would not share the
    memory that its log (WAL) needs: it would be damaged.
    """
    if (kind := network_file_system(lab)) is not None:
        raise LabUnwritableError(
            f"lab {lab} lies on a network file system ({kind}), where machines do not share the "
            "memory that its log needs, and the store would be damaged. Give a folder on a local "
            "disk with --lab, or for several machines a PostgreSQL database: "
            "--lab postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        )
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
