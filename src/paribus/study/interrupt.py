"""Ctrl-C as something to act on at a good moment, instead of an exception at any."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_to(tell: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C calls `tell` and raises nothing; a second one raises as ever.

    An exception raised by a signal strikes wherever the interpreter is. In a callback of the
    garbage collector, and JAX has one, it would be printed and lost. `tell` is called between
    any two instructions of the main thread, so it may take no lock. Outside the main thread, and
    where the program handles Ctrl-C in its own way, nothing changes.
    """
    usual = signal.default_int_handler
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
        signal.signal(signal.SIGINT, usual)
        tell()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
