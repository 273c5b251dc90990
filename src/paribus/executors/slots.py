"""The queue of an executor: which slot takes which task, and how slots are given up.

Each slot is served by a thread of this process. Whether tasks run in that thread or somewhere
else is the `Slot`'s business.
"""

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Event, Thread
from typing import Any

from paribus.executors.base import Executor, T, Task, unheard

# A task looks whether it is cancelled between compiled calls, of two seconds or less each.
_GRACE_SECONDS = 10.0


class Slot(ABC):
    """A place where tasks run, used by one thread.

    `open` is called before each task and returns when the place can take one: it sets up what is
    not there, or not there any more. It raises where there will never be one.
    """

    @abstractmethod
    def open(self, over: Event) -> None:
        """Return when a task can be run here, or `over` is set: there will be none."""

    @abstractmethod
    def run(self, task: Task[T], needs: Sequence[str], hear: Callable[[Any], None]) -> T:
        """What the task returns; raises what it raises, `LostError` where the place is gone."""

    @abstractmethod
    def cancel(self) -> None:
        """Tell the task that runs here, if any; called from another thread."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the place; called from another thread where this one does not come back."""


@dataclass(frozen=True)
class _Queued:
    number: int
    prepare: Callable[[], Task[Any]]
    needs: Sequence[str]
    hear: Callable[[Any], None]
    future: Future[Any]


class SlotExecutor(Executor):
    """An affinity of slots to groups.

    Tasks of one group share a compiled program, which every slot has to compile for itself. So a
    free slot takes, in this order:

    1. a task of the group that it last worked on;
    2. of the groups that no other slot last worked on, the task submitted first;
    3. a task of the group with the most tasks waiting, where that group's slot is busy.

    Slots spread over the groups, stay, and help each other only at the end. A slot that cannot be
    opened is given up; when none is left, what waits fails with the error of the last.

    Threads are daemons: after `cancel`, `close` waits for running tasks for ten seconds and then
    leaves them, so that a task which never looks whether it is cancelled cannot keep the process
    alive.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        if not slots:
            raise ValueError("an executor needs 1 slot or more, got 0")
        self._slots = slots
        self._changed = Condition()
        self._waiting: dict[Hashable, deque[_Queued]] = {}
        self._submitted = 0
        self._cancelled = Event()
        self._over = Event()
        self._closed = False
        self._group: list[Hashable] = [object() for _ in slots]  # last worked on, by slot
        self._busy = [False] * len(slots)
        self._left = len(slots)
        self._broken: BaseException | None = None
        self._threads = [
            Thread(target=self._work, args=(slot,), name=f"paribus-slot-{slot}", daemon=True)
            for slot in range(len(slots))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def slots(self) -> int:
        return len(self._slots)

    def submit(
        self,
        prepare: Callable[[], Task[T]],
        *,
        group: Hashable = None,
        needs: Sequence[str] = (),
        hear: Callable[[Any], None] = unheard,
    ) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot submit a task: the executor is closed")
            broken = self._broken
            if broken is None and not self._cancelled.is_set():
                # A task without a group is a group of its own.
                queue = self._waiting.setdefault(object() if group is None else group, deque())
                queue.append(_Queued(self._submitted, prepare, needs, hear, future))
                self._submitted += 1
                self._changed.notify_all()
                return future
        if broken is None:
            _cancel(future)
        else:
            future.set_exception(broken)
        return future

    def cancel(self) -> None:
        with self._changed:
            self._cancelled.set()
            self._over.set()
            waiting = self._drained()
            self._changed.notify_all()
        for slot in self._slots:
            slot.cancel()
        # Outside the lock, because callbacks of the futures run here.
        for queued in waiting:
            _cancel(queued.future)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._look_whether_over()
            self._changed.notify_all()
        deadline = time.monotonic() + _GRACE_SECONDS
        for slot, thread in zip(self._slots, self._threads, strict=True):
            while thread.is_alive() and not self._is_over(deadline):
                thread.join(0.1)
            slot.close()

    def _is_over(self, deadline: float) -> bool:
        return self._cancelled.is_set() and time.monotonic() > deadline

    def _work(self, number: int) -> None:
        slot = self._slots[number]
        while True:
            try:
                slot.open(self._over)
            except BaseException as error:  # a thread has nobody else to tell
                self._give_up(error)
                return
            if (queued := self._next(number)) is None:
                return
            _run(queued, slot)
            # So that a result is not kept alive until the next task comes.
            del queued

    def _give_up(self, error: BaseException) -> None:
        with self._changed:
            self._left -= 1
            if self._left:
                return
            self._broken = error
            waiting = self._drained()
        for queued in waiting:
            if queued.future.set_running_or_notify_cancel():
                queued.future.set_exception(error)

    def _drained(self) -> list[_Queued]:
        waiting = [queued for queue in self._waiting.values() for queued in queue]
        self._waiting.clear()
        return waiting

    def _next(self, slot: int) -> _Queued | None:
        """The next task of a slot, waited for; None when there will be none."""
        with self._changed:
            self._busy[slot] = False
            self._changed.notify_all()
            while (group := self._choose(slot)) is None:
                if self._closed and not self._waiting:
                    return None
                self._changed.wait()
            queued = self._waiting[group].popleft()
            if not self._waiting[group]:
                del self._waiting[group]
            self._look_whether_over()
            self._group[slot], self._busy[slot] = group, True
            # The others may help with this group from now on.
            self._changed.notify_all()
            return queued

    def _look_whether_over(self) -> None:
        if self._closed and not self._waiting:
            self._over.set()

    def _choose(self, slot: int) -> Hashable | None:
        waiting, own = self._waiting, self._group[slot]
        if own in waiting:
            return own
        homes = {group: busy for group, busy in self._others(slot) if group in waiting}
        free = [group for group in waiting if group not in homes]
        if free:
            return min(free, key=lambda group: waiting[group][0].number)
        crowded = [group for group, busy in homes.items() if busy]
        return max(crowded, key=lambda group: len(waiting[group]), default=None)

    def _others(self, slot: int) -> list[tuple[Hashable, bool]]:
        """Group and busyness of the other slots; of two at one group, the idle one comes last."""
        places = [(group, self._busy[at]) for at, group in enumerate(self._group) if at != slot]
        return sorted(places, key=lambda place: not place[1])


def _run(queued: _Queued, slot: Slot) -> None:
    if not queued.future.set_running_or_notify_cancel():
        return
    try:
        result = slot.run(queued.prepare(), queued.needs, queued.hear)
    except BaseException as error:  # a thread has nobody else to tell
        queued.future.set_exception(error)
    else:
        queued.future.set_result(result)


def _cancel(future: Future[Any]) -> None:
    if future.cancel():
        future.set_running_or_notify_cancel()  # tells those who wait on it
