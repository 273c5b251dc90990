"""A trainer that runs a command for each run and reads what it measures from its output."""

import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import InitVar, dataclass
from pathlib import Path
from string import Formatter
from typing import IO, Any

from paribus.errors import DeclarationError, Fault, TrainerError
from paribus.spec import Spec, leaves, written
from paribus.trainers.measured import Measured
from paribus.trainers.stopping import stopping

_LAST_WORDS = 2_000
"""Bytes of what a command wrote last that its error shows."""
_LOOK_SECONDS = 0.1
_QUIET_LOOKS = 10
"""Looks in a row, a second, that find nothing printed by a command that has ended."""
_GRACE_SECONDS = 5.0
_SYSTEM = ("/bin", "/usr/bin")
"""Folders of programs that are the machine's: bash, env."""
_FORM = 'a line is JSON, such as {"epoch": 1, "train/loss": 0.3}'


def shell(command: Sequence[str]) -> "Shell":
    """A trainer that runs this command for each run; no shell looks at it.

    `command` is a list of words. In each, "{replicate}" stands for the number of the replicate
    and "{field}" or "{part.field}" for a field of the recipe, as text ("{{" is a brace). The
    command prints a line of JSON for each epoch, `{"epoch": 1, "train/loss": 0.3}`, and nothing
    else on its standard output. It runs in the folder where the study is run; where it fails, the
    run does, with the last of what it wrote to its standard error. There is no limit of time.

    Files that its words name are part of what is trained, as in "train.py", "--config=c.yaml" and,
    for the first, "./train.sh": when their content changes, the runs are other runs, and a run
    that it changes under fails. Where this interpreter is does not count: `sys.executable` is
    known as "python". Raises `DeclarationError` for what is no list of words.
    """
    words = _words(command)
    known = tuple("python" if word == sys.executable else word for word in words)
    return Shell(known, tuple(_files(words)), words)


@dataclass(frozen=True)
class Shell:
    """The trainer that `shell` gives; its fields are what it is known by.

    `command` has "python" for the path of this interpreter, and `files` the SHA-256 of each file
    that its words name. What is run is `typed`, the command as it was given.
    """

    command: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    typed: InitVar[tuple[str, ...]] = ()

    def __post_init__(self, typed: tuple[str, ...]) -> None:
        vars(self)["typed"] = typed or self.command  # no field, so no part of its identity

    def __call__(self, recipe: Spec, replicate: int) -> Iterator[Measured]:
        """What the command measures, line by line, while it runs."""
        words = filled(vars(self)["typed"], recipe, replicate)
        _check_unchanged(self.files)
        with tempfile.TemporaryFile() as errors:
            process = _started(words, errors)
            try:
                for line in _lines(process):
                    yield _measured(line, words[0])
                if code := _code(process):
                    raise TrainerError(_failed(words[0], code, errors))
                _check_unchanged(self.files)
            except GeneratorExit:  # a run that has diverged is stored too
                _check_unchanged(self.files)
                raise
            finally:
                _end(process)


def filled(command: Sequence[str], recipe: Spec, replicate: int) -> list[str]:
    """The words of a command with a recipe's fields and the replicate in their places.

    Raises `DeclarationError` for names of what is no field.
    """
    fields = {"replicate": replicate} | dict(leaves(recipe.as_json()))
    unknown = sorted({name for word in command for name in _names(word) if name not in fields})
    if unknown:
        known = ", ".join(fields)
        problem = f"names no field of the recipe; known: {known}"
        raise DeclarationError("Shell command", [Fault(f"{{{one}}}", problem) for one in unknown])
    return [
        "".join(
            text + ("" if name is None else _as_text(fields[name]))
            for text, name, _, _ in Formatter().parse(word)
        )
        for word in command
    ]


def _words(command: Any) -> tuple[str, ...]:
    listed = isinstance(command, list | tuple)
    if not listed or not command or not all(isinstance(word, str) for word in command):
        problem = "should be a list of words: ['python', 'train.py', '--seed', '{replicate}']"
        raise DeclarationError("shell", [Fault("command", f"got {written(command)}; {problem}")])
    faults = []
    for word in command:
        try:
            parts = list(Formatter().parse(word))
        except ValueError as error:
            faults.append(Fault("command", f"got {written(word)}: {error}; {{{{ is a brace"))
            continue
        if any(name == "" or form or conversion for _, name, form, conversion in parts):
            problem = "should name a field between braces, and nothing else; {{ is a brace"
            faults.append(Fault("command", f"got {written(word)}; {problem}"))
    if faults:
        raise DeclarationError("shell", faults)
    return tuple(command)


def _names(word: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(word) if name is not None]


def _files(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in _paths(words):
        found = None if path == sys.executable else _digest(path)
        if found is not None:
            yield path, found


def _paths(words: Sequence[str]) -> Iterator[str]:
    """What may be names of files; a program without a folder is looked for by the system."""
    program, *others = words
    if Path(program).name != program and str(Path(program).parent) not in _SYSTEM:
        yield program
    for word in others:
        yield word
        if "=" in word:
            yield word.partition("=")[2]


def _digest(path: str) -> str | None:
    """The SHA-256 of a file; None: there is none."""
    try:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # no name of a file, or none that may be read
        return None


def _check_unchanged(files: Sequence[tuple[str, str]]) -> None:
    """Raises `TrainerError` where files are others than those that the run's key was made of."""
    if stopping():  # nothing of the run is kept
        return
    changed = [path for path, known in dict(files).items() if _digest(path) != known]
    if changed:
        said = f"{', '.join(changed)} {'was' if len(changed) == 1 else 'were'} changed"
        advice = (
            "run the command again, which plans it anew. A file that the trainer writes should be "
            "named through a field"
        )
        raise TrainerError(f"{said} since the study was planned: {advice}")


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _started(words: list[str], errors: IO[bytes]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us, who end the command and all it started
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainerError(f"the command {words[0]!r} cannot be run: {reason}") from None


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """Lines as they are printed, until there are no more or the study is being stopped.

    What the command leaves behind may hold its output open: it is ended a second after the command
    has and the last line came.
    """
    output = process.stdout
    assert output is not None
    printed: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        with output:
            for line in output:
                printed.put(line)
        printed.put(None)

    threading.Thread(target=read, name="paribus-shell", daemon=True).start()
    quiet = 0
    while quiet < 2 * _QUIET_LOOKS and not stopping():
        try:
            line = printed.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            quiet += process.poll() is not None
            if quiet == _QUIET_LOOKS:
                _end(process)  # then the rest comes, be it part of a line
            continue
        quiet = 0
        if line is None:
            return
        if line.strip():
            yield line


def _code(process: subprocess.Popen[str]) -> int:
    """How it ended, waited for; 0 where the study is being stopped."""
    while not stopping():
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_SECONDS)
    return 0


def _measured(line: str, program: str) -> Measured:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, Mapping) or "epoch" not in found:
        raise TrainerError(f"{program!r} printed {written(line.strip())}; {_FORM}")
    return Measured(found["epoch"], {name: one for name, one in found.items() if name != "epoch"})


def _failed(program: str, code: int, errors: IO[bytes]) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _LAST_WORDS))
    words = errors.read().decode(errors="replace").strip()
    return f"the command {program!r} {how}{f': {words}' if words else ''}"


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the command and what it has started, also where only the latter still runs."""
    until = time.monotonic() + _GRACE_SECONDS
    left = _signal(process, signal.SIGTERM)
    while left and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        left = _signal(process, 0)
    if left:
        _signal(process, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)


def _signal(process: subprocess.Popen[str], number: int) -> bool:
    """Sends a signal to all of the command's group; False where nothing of it is left."""
    process.poll()  # before: a command that has ended belongs to it until somebody asks
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of what has ended
        return False
    return True
