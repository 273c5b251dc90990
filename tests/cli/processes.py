"""The `paribus` command as a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from paribus.errors import NothingStoredError
from paribus.store import Catalogue

PATIENCE_SECONDS = 120

# A shell's background job ignores Ctrl-C, and so would a command that it starts.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from paribus.__main__ import main
main()
"""


def start(*words: object, **environment: str) -> subprocess.Popen[str]:
    """Starts a command; its stdin is no terminal."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def finish(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Waits for a command: its exit code, stdout and stderr."""
    out, err = child.communicate(timeout=PATIENCE_SECONDS)
    return child.returncode, out, err


def wait_until(condition: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    """Waits until something is so, while the command runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert child.poll() is None, f"ended too early: {finish(child)}"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def stored_keys(lab: Path) -> set[str]:
    """The runs of all studies that a lab holds."""
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            planned = {member.key for entry in catalogue.studies() for member in entry.members}
            return catalogue.finished(planned)
    except NothingStoredError:
        return set()
