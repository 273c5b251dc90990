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
from paribus.outgoing import shareable
from paribus.store.folder import make_folder, unwritable
from paribus.store.lab import Lab, SharedLab

LOCK = "paribus.lock"
NOTE = "paribus.holder.json"

# Long enough for a holder that has the lock to have written its note.
_PATIENCE_SECONDS = 0.5
_LONGEST_NOTE = 4096


@contextmanager
def hold(lab: Lab) -> Iterator[None]:
    """Hold the lab for this process, making its folder where needed.

    A shared lab is held by nobody: its drivers lease its runs. Raises `LabHeldError`, saying who,
    where a folder is held already (by this process too), and `LabUnwritableError` for one that
    cannot be made or written.
    """
    if isinstance(lab, SharedLab):
        yield
        return
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


def is_held(lab: Lab) -> bool:
    """Whether some process trains in this folder now; never of a shared lab."""
    if isinstance(lab, SharedLab) or not (lab / LOCK).is_file():
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
        "command": shareable(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])),
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }
    # Moved into place, so that nobody reads half of it.
    draft = lab / f"{NOTE}.new"
    try:
        draft.write_text(json.dumps(note), encoding="utf-8")
        draft.replace(lab / NOTE)
    except OSError as error:
        raise unwritable(lab, error) from None


def holder(lab: Path) -> str:
    """Who holds a lab, in words, from the note that lies beside its lock."""
    try:
        with (lab / NOTE).open("rb") as note:
            found = json.loads(note.read(_LONGEST_NOTE))
        said = "process {pid} (`{command}`) on {host} since {since}".format_map(found)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process, which has not said who it is"
    # Anybody may have written the note: it is shown as one line of ASCII, and not at any length.
    return said if said.isascii() and said.isprintable() else ascii(said)[1:-1]


def _message(lab: Path) -> str:
    return f"lab {lab} is held by {holder(lab)}. Wait for it, stop it, or use another --lab."
