"""The other end of a slot in another process: it runs tasks, whichever way the two talk."""

import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, NamedTuple

from paribus.errors import ExecutorError
from paribus.executors.base import Place
from paribus.executors.travel import packed, unpacked


@dataclass(frozen=True)
class Opening:
    """What a worker starts with: plain values, which any version of us can read.

    `environment` is set before anything of the home is imported, `path` is where modules of the
    user are looked for, `home` a packed `Home`, and the versions of `libraries` come back.
    """

    slot: int
    environment: dict[str, str]
    path: list[str]
    libraries: list[str]
    home: bytes


class Told(NamedTuple):
    """Something that a task says on its way, packed."""

    content: bytes


class Ended(NamedTuple):
    """A task's end: what it returned, or the error that it raised, packed."""

    content: bytes
    raised: bool


class WorkerError(Exception):
    """An error of a task that cannot be sent as it is: its name and its text."""


class Worker:
    """Runs one task at a time, in a thread of its own, and keeps what is to be said of it."""

    def __init__(self) -> None:
        self._shared: dict[str, Any] = {}
        self._said: SimpleQueue[Told | Ended] = SimpleQueue()
        self._cancelled = Event()
        self._home: Any = None
        self._slot = 0

    def open(self, opening: Mapping[str, Any]) -> dict[str, str]:
        """Prepares the process and gives the versions of its libraries; makes no home yet."""
        given = Opening(**opening)
        os.environ.update(given.environment)
        sys.path.extend(entry for entry in given.path if entry not in sys.path)
        self._slot, self._packed_home = given.slot, given.home
        return versions(given.libraries)

    def share(self, name: str, value: Any) -> None:
        """Keeps a value for tasks that need it."""
        self._shared[name] = value

    def start(self, task: bytes, needs: Sequence[str]) -> None:
        """Starts a packed task; how it goes is in `said`."""
        self._cancelled.clear()
        Thread(target=self._run, args=(task, needs), name="paribus-task", daemon=True).start()

    def cancel(self) -> None:
        """Tells the task that runs, if any, to end."""
        self._cancelled.set()

    def said(self) -> list[Told | Ended]:
        """What was said since it was asked last; waits until there is something."""
        found = [self._said.get()]
        while not self._said.empty():
            found.append(self._said.get())
        return found

    def _run(self, task: bytes, needs: Sequence[str]) -> None:
        try:
            run, home = self._taken(task)
            shared = {name: self._shared[name] for name in needs}
            place = Place(self._slot, home, shared, self._tell, self._cancelled.is_set)
            ended = Ended(packed(run(place)), raised=False)
        except BaseException as error:  # the process that asked is told all
            ended = Ended(_packed_error(error), raised=True)
        self._said.put(ended)

    def _taken(self, task: bytes) -> tuple[Any, Any]:
        """The task, and the home that it runs in."""
        try:
            if self._home is None:
                self._home = (unpacked(self._packed_home)(self._slot),)
            return unpacked(task), self._home[0]
        except Exception as error:  # no fault of the task
            message = f"a worker cannot use what it is sent: {type(error).__name__}: {error}"
            raise ExecutorError(message) from error

    def _tell(self, said: Any) -> None:
        self._said.put(Told(packed(said)))


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Versions of Python and of libraries; "absent" for one that is not installed."""
    found = {"python": ".".join(map(str, sys.version_info[:2]))}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def _packed_error(error: BaseException) -> bytes:
    trace = "".join(traceback.format_exception(error))
    try:
        content = packed((error, trace))
        unpacked(content)
    except (
        Exception
    ):  # errors whose arguments do not make them again, or that hold what stays here
        return packed((WorkerError(f"{type(error).__name__}: {error}"), trace))
    return content


def serve(connection: Connection) -> None:
    """Does what comes over the connection until it is closed; then the process ends at once."""
    worker = Worker()

    def send() -> None:
        while True:
            for said in worker.said():
                connection.send(tuple(said))

    Thread(target=send, name="paribus-said", daemon=True).start()
    while True:
        try:
            name, *arguments = connection.recv()
        except (EOFError, OSError):  # whoever asked is gone
            os._exit(0)
        answer = getattr(worker, name)(*arguments)
        if name == "open":
            connection.send(answer)


def main() -> None:
    """The process of a `ProcessSlot`: serves the file descriptor that it is given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    serve(Connection(int(sys.argv[1])))
