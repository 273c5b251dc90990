"""The role of an executor: run tasks in slots, in the shape of `concurrent.futures`.

An executor knows nothing of what a task does. A task is called with the index of the slot that
it runs in, so that it can use what belongs to the slot (a device, a compiled program).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

Task = Callable[[int], T]
"""Something to run; it is given the index of its slot, 0 to slots - 1."""


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
    def submit(self, task: Task[T], *, group: Hashable = None) -> Future[T]:
        """Queue a task; what it returns or raises is in the future.

        Tasks of one `group` share something that is costly to set up in a slot; None shares
        nothing. After `cancel`, the future comes back cancelled. Raises `RuntimeError` after
        `close`.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Start nothing more, and cancel the futures of all tasks that wait.

        Tasks that are running go on: they end early only if they look at some event of their own.
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
