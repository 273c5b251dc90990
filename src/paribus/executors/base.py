"""The role of an executor: run tasks in slots, in the shape of `concurrent.futures`.

An executor knows nothing of what a task does. Its slots may be threads of this process, other
processes, or machines: what a task needs there reaches it through its `Place`, and what it has to
say on its way comes back the same way.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """What a task finds where it runs.

    `slot` is the index of its slot, 0 to slots - 1; `home` what was made for the slot when it was
    opened (a device, with the programs compiled for it); `shared` the values that it asked for,
    by name. `tell` says something to whoever submitted the task, in order; `cancelled` is whether
    it should end early.
    """

    slot: int
    home: Any
    shared: Mapping[str, Any]
    tell: Callable[[Any], None]
    cancelled: Callable[[], bool]


Task = Callable[[Place], T]
"""Something to run. It has to be picklable where slots are not threads of this process."""

Home = Callable[[int], Any]
"""Makes the home of a slot, given its index, in the process in which its tasks run."""


def nothing(slot: int) -> None:
    """The home of tasks that need none."""


def unheard(said: Any) -> None:
    """Hears what nobody wants to know."""


class LostError(Exception):
    """The place where a task ran is gone: its process or its machine died."""


class Executor(ABC):
    """Runs tasks, at most one at a time in each slot.

    As a context manager it closes at the end, and cancels first where an exception (Ctrl-C too)
    leaves the block. Wait on futures with a timeout, again and again: in a wait without one,
    Python can miss a Ctrl-C until the wait is over.
    """

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many tasks may run at once."""

    @abstractmethod
    def share(self, name: str, value: Any) -> None:
        """Makes a value known to tasks that ask for it; it travels once to wherever it is needed.

        A name stands for one value, which nobody changes.
        """

    @abstractmethod
    def submit(
        self,
        prepare: Callable[[], Task[T]],
        *,
        group: Hashable = None,
        needs: Sequence[str] = (),
        hear: Callable[[Any], None] = unheard,
    ) -> Future[T]:
        """Queue a task; what it returns or raises is in the future.

        `prepare` gives the task when its turn has come, in a thread of this process: what many
        tasks carry with them is then not in memory at once. Tasks of one `group` share something
        that is costly to set up in a slot; None shares nothing. `needs` are names of shared
        values. `hear` is called in this process, in some thread, with each thing that the task
        tells, before the future is done. Where the place is lost, the future raises `LostError`.
        After `cancel`, it comes back cancelled. Raises `RuntimeError` after `close`.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Start nothing more, and cancel the futures of all tasks that wait.

        Tasks that are running are told so, and go on until they look.
        """

    @abstractmethod
    def close(self) -> None:
        """Accept nothing more, and return when the tasks that were submitted have ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.cancel()
        self.close()
