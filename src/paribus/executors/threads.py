"""Slots as threads of this process, each of which stays with one group of tasks while it can."""

import time
from collections import deque
from collections.abc import Hashable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any

from paribus.executors.base import Executor, T, Task

# A task that looks at its event does so between compiled calls, of two seconds or less each.
_GRACE_SECONDS = 10.0

_Queued = tuple[int, Task[Any], Future[Any]]


class ThreadExecutor(Executor):
    """One thread for each slot, with an affinity of slots to groups.

    Tasks of one group share a compiled program, which every slot has to compile for itself. So a
    free slot takes, in this order:

    1. a task of the group that it last worked on;
    2. of the groups that no other slot last worked on, the task submitted first;
    3. a task of the group with the most tasks waiting, where that group's slot is busy.

    Slots spread over the groups, stay, and help each other only at the end.

    Threads are daemons: after `cancel`, `close` waits for running tasks for ten seconds and then
    leaves them, so that a task which never looks at its event cannot keep the process alive.
    """

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise ValueError(f"an executor needs 1 slot or more, got {slots}")
        self._changed = Condition()
        self._waiting: dict[Hashable, deque[_Queued]] = {}
        self._submitted = 0
        self._cancelled = False
        self._closed = False
        self._group: list[Hashable] = [object() for _ in range(slots)]  # last worked on, by slot
        self._busy = [False] * slots
        self._threads = [
            Thread(target=self._work, args=(slot,), name=f"paribus-slot-{slot}", daemon=True)
            for slot in range(slots)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def slots(self) -> int:
        return len(self._threads)

    def submit(self, task: Task[T], *, group: Hashable = None) -> Future[T]:
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot submit a task: the executor is closed")
            if not self._cancelled:
                # A task without a group is a group of its own.
                queue = self._waiting.setdefault(object() if group is None else group, deque())
                queue.append((self._submitted, task, future))
                self._submitted += 1
                self._changed.notify_all()
                return future
        _cancel(future)
        return future

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            waiting = [future for queue in self._waiting.values() for _, _, future in queue]
            self._waiting.clear()
            self._changed.notify_all()
        # Outside the lock, because callbacks of the futures run here.
        for future in waiting:
            _cancel(future)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        deadline = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            while thread.is_alive() and not (self._cancelled and time.monotonic() > deadline):
                thread.join(0.1)

    def _work(self, slot: int) -> None:
        while (queued := self._next(slot)) is not None:
            _run(queued, slot)
            # So that a result is not kept alive until the next task comes.
            del queued

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
            self._group[slot], self._busy[slot] = group, True
            # The others may help with this group from now on.
            self._changed.notify_all()
            return queued

    def _choose(self, slot: int) -> Hashable | None:
        waiting, own = self._waiting, self._group[slot]
        if own in waiting:
            return own
        homes = {group: busy for group, busy in self._others(slot) if group in waiting}
        free = [group for group in waiting if group not in homes]
        if free:
            return min(free, key=lambda group: waiting[group][0][0])
        crowded = [group for group, busy in homes.items() if busy]
        return max(crowded, key=lambda group: len(waiting[group]), default=None)

    def _others(self, slot: int) -> list[tuple[Hashable, bool]]:
        """Group and busyness of the other slots; of two at one group, the idle one comes last."""
        places = [(group, self._busy[at]) for at, group in enumerate(self._group) if at != slot]
        return sorted(places, key=lambda place: not place[1])


def _run(queued: _Queued, slot: int) -> None:
    _, task, future = queued
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = task(slot)
    except BaseException as error:  # a thread has nobody else to tell
        future.set_exception(error)
    else:
        future.set_result(result)


def _cancel(future: Future[Any]) -> None:
    if future.cancel():
        future.set_running_or_notify_cancel()  # tells those who wait on it
