"""When the program `paribus` looks for garbage. As a library, Paribus leaves that alone."""

import atexit
import gc

_USUAL = gc.get_threshold()


def collect_seldom() -> None:
    """What is loaded stays: to search it was a tenth of the start, and 0.8 s at exit."""
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)  # the first to be registered is the last to be called


def collect_as_usual() -> None:
    """For code that is not ours, which may leave files to be closed and arrays to be freed."""
    gc.freeze()  # what is loaded by now needs neither
    atexit.unregister(gc.freeze)
    gc.set_threshold(*_USUAL)
