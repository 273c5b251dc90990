"""The `paribus` command: reads what was typed, calls one function, prints what comes back."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from paribus.cli.commands import app
from paribus.cli.completion import join_words
from paribus.cli.screen import Screen
from paribus.errors import ParibusError
from paribus.interrupts import INTERRUPTED, SAID, ending_on_interrupt

# Typer carries its own copy of Click and exports the leaves of its error tree only.
CLICK_ERROR: Any = typer.BadParameter.__mro__[2]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point: runs a command and turns what went wrong into a message and an exit code.

    `arguments` are those of the command line unless given.
    """
    join_words(os.environ)
    try:
        with ending_on_interrupt():
            code = app(arguments, prog_name="paribus", standalone_mode=False)
    except CLICK_ERROR as error:
        error.show()
        code = 2
    except ParibusError as error:
        Screen(stderr=True, soft_wrap=True).print(f"error: {error}")
        code = 2
    except (MemoryError, SystemError) as error:
        os.write(2, f"{_out_of_memory(error)}\n".encode())  # there is little left for more
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as leaving:
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        # The reader of a pipe (head, less) has gone: Click would call that a failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    if code == INTERRUPTED:  # Click makes it of Ctrl-C, without a word
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would break off the way out
        print(SAID, file=sys.stderr)  # noqa: T201
    sys.exit(code if isinstance(code, int) else 0)


def _out_of_memory(error: MemoryError | SystemError) -> str:
    # Compiled code that gets no memory does not always say so.
    said = f"Python broke off ({error})" if isinstance(error, SystemError) else "out of memory"
    return f"error: {said}; what is finished is kept, and the same command goes on"
