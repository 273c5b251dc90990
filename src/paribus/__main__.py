"""The program `paribus`, also as `python -m paribus`."""

from typing import NoReturn

from paribus.interrupts import end_on_interrupt


def main() -> NoReturn:
    """Entry point: Ctrl-C is looked after before anything is loaded."""
    end_on_interrupt()
    from paribus.cli.app import main as command  # noqa: PLC0415 - see above

    command()


if __name__ == "__main__":
    main()
