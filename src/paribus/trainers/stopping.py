"""Whether a study asks its trainers to stop, for those whose epochs are long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ASKED: ContextVar[Callable[[], bool]] = ContextVar("asked", default=lambda: False)


def stopping() -> bool:
    """Whether the study is being stopped: the trainer's run is given up, and it should return.

    Between two things that a trainer yields this is looked at anyway. Outside a study it is False.
    """
    return _ASKED.get()()


@contextmanager
def stopped_by(asked: Callable[[], bool]) -> Iterator[None]:
    """Inside, `stopping` in this thread is what `asked` says."""
    token = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(token)
