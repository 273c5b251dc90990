"""Every error that a user can meet: one tree, and one way of writing a message.

A message has four parts: what is wrong, what was got, what is allowed, what to do.

    ParibusError                exit code 2 unless said
    ├── DeclarationError        a recipe, factor or study that cannot be; carries every fault found
    ├── UnknownNameError        a study, condition, metric or format that is not there
    ├── StudyFileError          a study file that does not import or holds no STUDY
    ├── DataError
    │   ├── MissingDataError    files that are not there and cannot be downloaded
    │   └── DamagedDataError    files that are not what they should be
    ├── LabError
    │   ├── LabUnwritableError
    │   ├── LabHeldError        another command writes to this lab
    │   ├── LabGoneError        the server of a shared lab that cannot be reached
    │   ├── DamagedLabError     what is stored is not what was written
    │   └── SchemaError         a store of a newer schema, or no store at all
    ├── TrainerError            a trainer of the user's own, whose run failed
    └── NothingStoredError      a table or report of a study that has no finished run
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class ParibusError(Exception):
    """Something that the user can put right; shown as one message, without a traceback."""


_MOST_TOLD = 30


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a declaration: where, what, and (in `problem`) what is allowed."""

    path: str
    problem: str

    def __str__(self) -> str:
        # A path has names in it that somebody typed, or that a file holds.
        path = self.path if self.path.isprintable() else repr(self.path)[1:-1]
        return f"{path}: {self.problem}" if path else self.problem


class DeclarationError(ParibusError, ValueError):
    """A declaration with one or more faults, all reported together.

    `faults` has them all, the message the first 30.
    """

    def __init__(self, subject: str, faults: Sequence[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        lines = [f"  {fault}" for fault in faults[:_MOST_TOLD]]
        if left := len(faults) - len(lines):
            lines.append(f"  and {left:,} more")
        super().__init__("\n".join([f"{subject}: {count}", *lines]))

    def __reduce__(self) -> tuple:
        return type(self), (self.subject, self.faults)


class UnknownNameError(ParibusError):
    """A name that is not among those known, with the nearest ones."""

    def __init__(self, kind: str, got: str, known: Iterable[str], advice: str = "") -> None:
        message = f"no {kind} named {got!r}{near_match(got, known)}"
        end = "" if message.endswith("?") else "."
        super().__init__(f"{message}{end} {advice}" if advice else message)


class StudyFileError(ParibusError):
    """A study file that cannot be used."""


class DataError(ParibusError):
    """Data that cannot be used."""


class MissingDataError(DataError):
    """Files that are not there; the message names each and where to put it."""


class DamagedDataError(DataError):
    """A file whose bytes are not those that it should have."""


class LabError(ParibusError):
    """A lab that cannot be used."""


class LabUnwritableError(LabError):
    """A lab folder that cannot be made or written."""


class LabHeldError(LabError):
    """A lab that another command is writing to."""


class DamagedLabError(LabError):
    """A store that holds something else than was written to it."""


class LabGoneError(LabError):
    """A shared lab whose server cannot be reached, or no longer."""


class SchemaError(LabError):
    """A store that this version cannot read."""


class ExecutorError(ParibusError):
    """Workers that cannot be had, or that cannot take what is sent to them."""


class TrainerError(ParibusError):
    """A trainer of the user's own that failed, or that yielded what cannot be kept."""


class MissingExtraError(ParibusError):
    """A package that this needs, and that only some install, is not here."""


class NothingStoredError(ParibusError):
    """A question about runs that the lab does not hold."""


def near_match(got: str, known: Iterable[str]) -> str:
    """The tail of a message about a misspelt name: the nearest known names, or all of them.

    >>> near_match("optimzer", ["optimizer", "model"])
    "; did you mean 'optimizer'?"
    >>> near_match("x", ["optimizer", "model"])
    '; known: model, optimizer'
    """
    names = sorted(known)
    near = difflib.get_close_matches(got, names, n=3, cutoff=0.6)
    if near:
        return "; did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "; known: " + ", ".join(names) if names else "; there are none"
