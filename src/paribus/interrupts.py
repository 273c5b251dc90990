"""Ctrl-C as something to act on at a good moment, instead of an exception at any.

An exception raised by a signal strikes wherever the interpreter is. In a callback of the garbage
collector, and JAX has one, it would be printed and lost.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""The exit code of a command that was interrupted, as shells have it."""

SAID = "interrupted; what is finished is kept"


def end_at_once(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
    """Ends the process where it is, with a message.

    What is stored is whole at any moment. The interpreter's own way out would wait for threads,
    or end with an abort in the middle of what they compute.
    """
    end_with(INTERRUPTED, SAID)


def end_with(code: int, said: str) -> NoReturn:
    """Ends the process where it is with a message, which takes next to no memory."""
    with suppress(OSError):  # nobody may be there to read it
        os.write(2, f"{said}\n".encode(errors="replace"))
    os._exit(code)


def end_on_interrupt() -> bool:
    """From here on Ctrl-C ends the program at once; whether that is new.

    It is not where the program handles Ctrl-C in its own way, and outside the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return False
    signal.signal(signal.SIGINT, end_at_once)
    return True


@contextmanager
def ending_on_interrupt() -> Iterator[None]:
    """Inside, Ctrl-C ends the program at once, as `end_on_interrupt` says."""
    new = end_on_interrupt()
    try:
        yield
    finally:
        if new:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def raising_on_interrupt() -> Iterator[None]:
    """Inside, Ctrl-C raises `KeyboardInterrupt`, for what has its own way of ending with it."""
    if signal.getsignal(signal.SIGINT) is not end_at_once:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, end_at_once)


@contextmanager
def interrupts_to(tell: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C calls `tell` and raises nothing; a second one does as before.

    `tell` is called between any two instructions of the main thread, so it may take no lock.
    Outside the main thread, and where the program handles Ctrl-C in its own way, nothing changes.
    """
    usual = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or usual not in (signal.default_int_handler, end_at_once):
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
