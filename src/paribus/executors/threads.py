"""Slots as threads of this process."""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

from paribus.executors.base import Home, Place, T, Task, nothing
from paribus.executors.slots import Slot, SlotExecutor


class ThreadSlot(Slot):
    """A thread: tasks run in the one that serves the slot."""

    def __init__(self, number: int, home: Home, shared: dict[str, Any]) -> None:
        self._number = number
        self._make = home
        self._home: list[Any] = []
        self._shared = shared
        self._cancelled = Event()

    def open(self, over: Event) -> None:
        """A thread is always there."""

    def run(self, task: Task[T], needs: Sequence[str], hear: Callable[[Any], None]) -> T:
        if not self._home:
            self._home.append(self._make(self._number))
        shared = {name: self._shared[name] for name in needs}
        return task(Place(self._number, self._home[0], shared, hear, self._cancelled.is_set))

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        """There is nothing to let go of."""


class ThreadExecutor(SlotExecutor):
    """Runs tasks in threads of this process, one for each slot."""

    def __init__(self, slots: int, home: Home = nothing) -> None:
        if slots < 1:
            raise ValueError(f"an executor needs 1 slot or more, got {slots}")
        self._shared: dict[str, Any] = {}
        super().__init__([ThreadSlot(number, home, self._shared) for number in range(slots)])

    def share(self, name: str, value: Any) -> None:
        self._shared[name] = value
