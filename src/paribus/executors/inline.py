"""The executor for debugging and for tests: a task runs when it is submitted."""

from collections.abc import Hashable
from concurrent.futures import Future

from paribus.executors.base import Executor, T, Task


class InlineExecutor(Executor):
    """Runs each task in the thread that submits it, in slot 0, before `submit` returns.

    What is no `Exception` (Ctrl-C) is meant for the caller's thread and leaves `submit`.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._closed = False

    @property
    def slots(self) -> int:
        return 1

    def submit(self, task: Task[T], *, group: Hashable = None) -> Future[T]:  # noqa: ARG002 - one slot has every group
        if self._closed:
            raise RuntimeError("cannot submit a task: the executor is closed")
        future: Future[T] = Future()
        if self._cancelled:
            future.cancel()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(task(0))
            except Exception as error:
                future.set_exception(error)
        return future

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        self._closed = True
