"""The program `paribus`, also as `python -m paribus`."""

import atexit
import gc
from typing import NoReturn

from paribus.interrupts import end_on_interrupt, end_with


def main() -> NoReturn:
    """Entry point: Ctrl-C is looked after before anything is loaded."""
    end_on_interrupt()
    _collect_seldom()
    try:
        from paribus.cli.app import main as command  # noqa: PLC0415 - see above
    except (ImportError, MemoryError) as error:
        cause = str(error) or "out of memory"
        end_with(2, f"error: Paribus cannot be loaded: {cause}. Is all of it installed?")
    command()


def _collect_seldom() -> None:
    """What is loaded stays: to search it was a tenth of the start, and 0.8 s at exit."""
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)  # the first to be registered is the last to be called


if __name__ == "__main__":
    main()
