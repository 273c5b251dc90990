"""Slots as processes of this machine: a task that crashes takes its own process with it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from threading import Event, Lock
from typing import Any

from paribus.executors.base import LostError
from paribus.executors.remote import RemoteSlot, Setup
from paribus.executors.slots import SlotExecutor

_PROGRAM = "from paribus.executors.worker import main; main()"
_LAST_WORDS = 500
"""Characters of what a dead process wrote last that are passed on."""


class ProcessSlot(RemoteSlot):
    """A process started afresh (never forked), which ends when this one does."""

    _process: subprocess.Popen[bytes] | None = None

    def begin(self, opening: Mapping[str, Any], over: Event) -> dict[str, str] | None:  # noqa: ARG002 - it starts at once
        mine, its = socket.socketpair()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._connection = Connection(mine.detach())
        self._sending = Lock()
        with its:
            self._process = subprocess.Popen(
                # -P: no file of this folder stands before a module of Python's own.
                [sys.executable, "-P", "-c", _PROGRAM, str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                env=os.environ | opening["environment"],
            )
        self._send("open", opening)
        return self._received()

    def share(self, name: str, value: Any) -> None:
        self._send("share", name, value)

    def start(self, task: bytes, needs: Sequence[str]) -> None:
        self._send("start", task, tuple(needs))

    def said(self) -> Iterable[tuple[Any, ...]]:
        return [self._received()]

    def tell_cancelled(self) -> None:
        if self._process is not None:
            try:
                self._send("cancel")
            except LostError:
                return  # nothing runs there any more

    def close(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        self._connection.close()
        self._words.close()

    def _send(self, *words: Any) -> None:
        try:
            with self._sending:
                self._connection.send(words)
        except OSError:
            raise self._lost() from None

    def _received(self) -> Any:
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None

    def _lost(self) -> LostError:
        process = self._process
        if process is None:
            return LostError("the worker process was closed")
        code = process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        written = os.fstat(self._words.fileno()).st_size
        tail = os.pread(self._words.fileno(), _LAST_WORDS, max(0, written - _LAST_WORDS))
        words = tail.decode(errors="replace").strip()
        return LostError(f"worker process {process.pid} {how}{words and f': {words}'}")


class ProcessExecutor(SlotExecutor):
    """Runs tasks in processes of this machine, one for each slot."""

    def __init__(self, slots: int, setup: Setup) -> None:
        self._shared: dict[str, Any] = {}
        super().__init__([ProcessSlot(number, setup, self._shared) for number in range(slots)])

    def share(self, name: str, value: Any) -> None:
        self._shared[name] = value
