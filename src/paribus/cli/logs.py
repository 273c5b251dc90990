"""The log of a command: one file of JSON lines in the lab, for whoever asks later what happened.

Whatever is told to the loggers `paribus.*` is written down, nothing of it on the terminal. A log
that cannot be written stops no training.
"""

import json
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError
from paribus.outgoing import shareable
from paribus.study.outcome import Outcome
from paribus.training.provenance import versions

KEPT = 50
"""Logs that a lab keeps; older ones are deleted when a new one begins."""

FOLDER = "logs"
_NAMES = "[0-9]*T[0-9]*Z-*.jsonl"

LOG = logging.getLogger("paribus.cli")


@contextmanager
def logging_to(folder: Path, words: Sequence[str] | None = None) -> Iterator[None]:
    """Inside, what happens is written to a new file in `logs/` of this folder.

    The first line has the command, which is that of this process unless `words` are given, and
    versions; where an error ends it, the last line says which.
    """
    handler = _handler(folder)
    paribus = logging.getLogger("paribus")
    before = paribus.level
    paribus.setLevel(logging.INFO)
    paribus.addHandler(handler)
    try:
        _tell_start(sys.argv[1:] if words is None else words)
        with _telling_errors():
            yield
    finally:
        paribus.removeHandler(handler)
        paribus.setLevel(before)
        with suppress(OSError):  # of a full disk; what was to be said has been tried
            handler.close()


def tell_outcome(outcome: Outcome, code: int) -> None:
    """What came of a run, as the last event of its log."""
    counts = ("total", "trained", "reused", "diverged", "probed")
    facts = {name: getattr(outcome, name) for name in counts} | {
        "failed": dict(outcome.failures),
        "failed analyses": dict(outcome.analysis_failures),
        "seconds": {phase: round(value, 3) for phase, value in outcome.seconds.items()},
        "exit code": code,
    }
    LOG.log(logging.ERROR if code else logging.INFO, "ended", extra={"facts": facts})


class JsonLines(logging.Formatter):
    """An event as one line of JSON, without passwords, user names and home folders."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = time.monotonic()

    def format(self, record: logging.LogRecord) -> str:
        facts: Mapping[str, Any] = getattr(record, "facts", {})
        if record.exc_info:
            facts = {**facts, "traceback": self.formatException(record.exc_info)}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "seconds": round(time.monotonic() - self._begun, 3),
            "level": record.levelname.lower(),
            "source": record.name,
            "event": record.getMessage(),
            "facts": facts,
        }
        return json.dumps(shareable(json.loads(json.dumps(line, default=str))))


class _File(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: the usual one prints, and a log is no reason to stop."""

    def close(self) -> None:
        super().close()
        self.stream.close()


def _handler(folder: Path) -> logging.Handler:
    logs = folder / FOLDER
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        logs.mkdir(parents=True, exist_ok=True)
        _prune(logs)
        stream = (logs / f"{now}-{os.getpid()}.jsonl").open("w", encoding="utf-8")
    except OSError:
        return logging.NullHandler()
    handler = _File(stream)
    handler.setFormatter(JsonLines())
    return handler


def _prune(logs: Path) -> None:
    for old in sorted(logs.glob(_NAMES))[: -(KEPT - 1)]:
        with suppress(OSError):  # another command may have deleted it
            old.unlink()


def _tell_start(words: Sequence[str]) -> None:
    facts = {
        "command": shlex.join(["paribus", *words]),
        "process": os.getpid(),
        "versions": versions(),
    }
    LOG.info("started", extra={"facts": facts})


@contextmanager
def _telling_errors() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        LOG.warning("interrupted", extra={"facts": {"exit code": 130}})
        raise
    except ParibusError as error:
        LOG.error("refused", extra={"facts": {"message": str(error), "exit code": 2}})
        raise
    except Exception:
        LOG.exception("crashed", extra={"facts": {"exit code": 1}})
        raise
