"""What slots in other processes have in common: how they are opened, and how a task goes there."""

import os
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from paribus.errors import ExecutorError
from paribus.executors.base import Home, LostError, T, Task
from paribus.executors.slots import Slot
from paribus.executors.travel import packed, unpacked
from paribus.executors.worker import versions

_LARGEST_LOSSES = 3


@dataclass(frozen=True)
class Setup:
    """What every worker gets: how its homes are made, what has to be the same there.

    `libraries` must have the versions that they have here; `environment` is set before a home is
    made.
    """

    home: Home
    libraries: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def opening(self, slot: int) -> dict[str, Any]:
        """The plain values of an `Opening`."""
        return {
            "slot": slot,
            "environment": dict(self.environment),
            "path": [os.path.abspath(entry) for entry in sys.path],  # noqa: PTH100 - "" is here
            "libraries": list(self.libraries),
            "home": packed(self.home),
        }


class RemoteSlot(Slot):
    """A slot whose tasks run in a `Worker` elsewhere.

    Raises `ExecutorError` from `open` where the worker has other versions, or where it died three
    times before it could be used.
    """

    def __init__(self, number: int, setup: Setup, shared: Mapping[str, Any]) -> None:
        self.number = number
        self.setup = setup
        self._values = shared
        self._sent: set[str] = set()
        self._open = False
        self._cancelled = Event()

    def open(self, over: Event) -> None:
        deaths: list[str] = []
        while not (self._open or over.is_set()):
            try:
                self._begin(over)
            except LostError as error:
                self.close()
                deaths.append(str(error))
                if len(deaths) == _LARGEST_LOSSES:
                    raise ExecutorError(f"a worker cannot be started: {deaths[-1]}") from None

    def run(self, task: Task[T], needs: Sequence[str], hear: Callable[[Any], None]) -> T:
        try:
            for name in needs:
                if name not in self._sent:
                    self.share(name, self._values[name])
                    self._sent.add(name)
            self.start(packed(task), needs)
            if self._cancelled.is_set():  # after `cancel` told the worker, and before the start
                self.tell_cancelled()
            return self._heard(hear)
        except LostError:
            self._open = False
            self.close()
            raise

    def cancel(self) -> None:
        self._cancelled.set()
        self.tell_cancelled()

    @abstractmethod
    def begin(self, opening: Mapping[str, Any], over: Event) -> dict[str, str] | None:
        """Starts a worker; its versions, or None where `over` came first."""

    @abstractmethod
    def share(self, name: str, value: Any) -> None:
        """Gives a value to the worker."""

    @abstractmethod
    def start(self, task: bytes, needs: Sequence[str]) -> None:
        """Starts a packed task."""

    @abstractmethod
    def tell_cancelled(self) -> None:
        """Tells the worker, if there is one, to end its task; called from any thread."""

    @abstractmethod
    def said(self) -> Iterable[tuple[Any, ...]]:
        """What the worker says next, waited for: (content,), or (content, raised) at the end."""

    def _begin(self, over: Event) -> None:
        self._sent.clear()
        found = self.begin(self.setup.opening(self.number), over)
        if found is None:
            return
        own = versions(self.setup.libraries)
        different = [
            f"{name} {found.get(name, 'absent')}, here {version}"
            for name, version in own.items()
            if found.get(name) != version
        ]
        if different:
            self.close()
            raise ExecutorError(
                f"workers have other versions than this program: {'; '.join(different)}. "
                "Install the same ones there"
            )
        self._open = True

    def _heard(self, hear: Callable[[Any], None]) -> Any:
        while True:
            for content, *ended in self.said():
                if not ended:
                    hear(unpacked(content))
                elif ended[0]:
                    error, trace = unpacked(content)
                    error.add_note(f"in a worker:\n{trace}")
                    raise error
                else:
                    return unpacked(content)
