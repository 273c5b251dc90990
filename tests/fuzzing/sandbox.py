"""What every fuzz target runs in: a folder of its own, and a watch on what is written outside it.

The watch is an audit hook, which Python asks before it opens, makes, moves or removes a file. It
cannot be taken away again, so it is asked only while a target runs.
"""

import os
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

LONGEST_MESSAGE = 10_000
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which arguments of an event are a path, and the folder that it starts from where it is open.
CHANGES = {
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.chmod": ((0, 2),),
}
NO_FOLDER = -1
RUNS = {"os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect"}

_watching: list[Path] = []
_folders: list[tempfile.TemporaryDirectory[str]] = []


class OutsideError(BaseException):
    """Something was written outside the target's folder, or a program was started.

    No `Exception`, so that no parser takes it for a broken file.
    """


@cache
def scratch() -> Path:
    """The folder of this process' targets, which goes when the process ends."""
    _folders.append(tempfile.TemporaryDirectory(prefix="paribus-fuzz-"))
    return Path(_folders[-1].name).resolve()


def fresh(name: str) -> Path:
    """An empty folder of this name in `scratch`."""
    folder = scratch() / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


@contextmanager
def watched() -> Iterator[None]:
    """A context in which writing outside `scratch` and starting a program raise."""
    _install()
    _watching.append(scratch())
    try:
        yield
    finally:
        _watching.pop()


@contextmanager
def told(*errors: type[Exception]) -> Iterator[None]:
    """A context that lets these errors pass where their message can be shown as it is."""
    try:
        yield
    except errors as error:
        message = str(error)
        message.encode()  # not half a character, as of a file name that is no UTF-8
        assert message.strip(), "an error without a message"
        assert len(message) <= LONGEST_MESSAGE, f"a message of {len(message)} characters"
        odd = {one for one in message if unicodedata.category(one) == "Cc"} - {"\n", "\t"}
        assert not odd, f"control characters {odd} in {message!r}"


@cache
def _install() -> None:
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple) -> None:
    if not _watching:
        return
    if event in RUNS:
        raise OutsideError(event, arguments)
    if event == "open":
        path, _, flags = arguments
        changed = [(path, NO_FOLDER)] if flags & WRITES else []
    else:
        changed = [(arguments[path], arguments[base]) for path, base in CHANGES.get(event, ())]
    for path, base in changed:
        where = _where(path, base)
        if where is not None and not where.is_relative_to(_watching[-1]):
            raise OutsideError(event, arguments)


def _where(path: int | str | bytes, base: int) -> Path | None:
    """A path as it is without following its last part; None for a file that is open already."""
    if isinstance(path, int):
        return None
    start = Path.cwd() if base == NO_FOLDER else Path(f"/proc/self/fd/{base}").readlink()
    return Path(os.path.normpath(start / os.fsdecode(path)))
