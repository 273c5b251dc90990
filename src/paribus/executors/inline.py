"""The executor for debugging and for tests: a task runs when it is submitted."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import Any

from paribus.executors.base import Executor, Home, Place, T, Task, nothing, unheard


class InlineExecutor(Executor):
    """Runs each task in the thread that submits it, in slot 0, before `submit` returns.

    What is no `Exception` (Ctrl-C) is meant for the caller's thread and leaves `submit`.
    """

    def __init__(self, home: Home = nothing) -> None:
        self._make = home
        self._shared: dict[str, Any] = {}
        self._cancelled = False
        self._closed = False

    @property
    def slots(self) -> int:
        return 1

    def share(self, name: str, value: Any) -> None:
        self._shared[name] = value

    def submit(
        self,
        prepare: Callable[[], Task[T]],
        *,
        group: Hashable = None,  # noqa: ARG002 - one slot has every group
        needs: Sequence[str] = (),
        hear: Callable[[Any], None] = unheard,
    ) -> Future[T]:
        if self._closed:
            raise RuntimeError("cannot submit a task: the executor is closed")
        future: Future[T] = Future()
        if self._cancelled:
            future.cancel()
        if future.set_running_or_notify_cancel():
            try:
                shared = {name: self._shared[name] for name in needs}
                place = Place(0, self._home, shared, hear, lambda: self._cancelled)
                future.set_result(prepare()(place))
            except Exception as error:
                future.set_exception(error)
        return future

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        self._closed = True

    @cached_property
    def _home(self) -> Any:
        return self._make(0)
