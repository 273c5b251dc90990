"""The program `paribus`, also as `python -m paribus`."""

from typing import NoReturn

from paribus.garbage import collect_seldom
from paribus.interrupts import end_on_interrupt, end_with


def main() -> NoReturn:
    """Entry point: Ctrl-C is looked after before anything is loaded."""
    end_on_interrupt()
    collect_seldom()
    try:
        from paribus.cli.app import main as command  # noqa: PLC0415 - see above
    except (ImportError, MemoryError) as error:
        cause = str(error) or "out of memory"
        end_with(2, f"error: Paribus cannot be loaded: {cause}. Is all of it installed?")
    command()


if __name__ == "__main__":
    main()
