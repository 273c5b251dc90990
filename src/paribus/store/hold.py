"""One command at a time trains in a lab: a lock that the operating system frees.

The lock is an `flock` on a file in the lab, so a process that is killed lets go of it. Beside it
lies a note of who holds it, for the message that the second command shows; the note alone means
nothing. Reading a lab needs no lock.
"""

import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from paribus.errors import LabHeldError
from paribus.store.folder import make_folder, unwritable

LOCK = "paribus.lock"
NOTE = "paribus.holder.json"

# Long enough for a holder that has the lock to have written its note.
_PATIENCE_SECONDS = 0.5


@contextmanager
def hold(lab: Path) -> Iterator[None]:
    """Hold the lab for this process, making its folder where needed.

    Raises `LabHeldError`, saying who, where it is held already (by this process too), and
    `LabUnwritableError` for a folder that cannot be made or written.
    """
    make_folder(lab)
    lock = FileLock(lab / LOCK, timeout=_PATIENCE_SECONDS, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise LabHeldError(_message(lab)) from None
    except OSError as error:
        raise unwritable(lab, error) from None
    try:
        _write_note(lab)
        yield
    finally:
        with suppress(OSError):
            (lab / NOTE).unlink()
        lock.release()


def is_held(lab: Path) -> bool:
    """Whether some process trains in this lab now."""
    if not (lab / LOCK).is_file():
        return False
    lock = FileLock(lab / LOCK, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False  # a lab that cannot be written is nobody's to train in
    lock.release()
    return False


def _write_note(lab: Path) -> None:
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }
    # Moved into place, so that nobody reads half of it.
    draft = lab / f"{NOTE}.new"
    try:
        draft.write_text(json.dumps(note), encoding="utf-8")
        draft.replace(lab / NOTE)
    except OSError as error:
        raise unwritable(lab, error) from None


def _message(lab: Path) -> str:
    try:
        note = json.loads((lab / NOTE).read_text(encoding="utf-8"))
        holder = "process {pid} (`{command}`) on {host} since {since}".format_map(note)
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another process, which has not said who it is"
    return f"lab {lab} is held by {holder}. Wait for it, stop it, or use another --lab."
