"""Text on its way out: what reports, files, stored facts and terminals get of it.

Labels, questions and messages may come from a lab that somebody else made, and paths and
addresses name people. Whatever leaves goes through here, so that there is one place to look at.
"""

import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

# Repeats are bounded, or a long text would take the square of its length.
_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\]{1,4}(?:home|Users)[/\\]{1,4}[^/\\\s\"'<>:;,]+")
# A password may have a slash in it, though it should not; a name without one may not.
_USER = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}://)"
    r"(?:[^\s\"'<>/?#@:]{0,200}:[^\s\"'<>]{0,500}|[^\s\"'<>/?#]{1,200})@"
)
_SECRET = re.compile(r"(?i)(?P<name>[?&](?:password|passwd|pwd|token)=)[^\s&#\"']*")
_UNPAIRED = re.compile("[\ud800-\udfff]")
# What any of these, and a home folder, has in it: most texts have none of it.
_TELLING = re.compile(r"[/\\?&\ud800-\udfff]")
# What a terminal takes orders from, and marks that turn the order of reading around.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_FORMULA = ("=", "+", "-", "@", "\t", "\n")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._ +-]+")
LONGEST_NAME = 120
"""Characters of a file name; a file system takes 255 bytes, and a suffix is still to come."""


def shareable(value: Any) -> Any:
    """JSON-ready content as others may have it, at any depth and in keys too.

    Home folders are written `~`, users and passwords in addresses `***`, and halves of a
    character, which no file can hold, as the mark that stands for what cannot be shown.

    >>> shareable({"folder": ["/home/ada/images", "/data"]})
    {'folder': ['~/images', '/data']}
    >>> shareable("postgresql://ada:secret@example.org/lab")
    'postgresql://***@example.org/lab'
    """
    return _each(value, _shared)


def legible(value: Any) -> Any:
    """What is `shareable`, as pages and pictures can hold it.

    What steers a terminal or turns the order of reading around is the mark that stands for what
    cannot be shown; a picture's format has no place for it.

    >>> legible(["a\\x1b[2Jb", "\\u202egnp.exe"]) == ["a\\ufffd[2Jb", "\\ufffdgnp.exe"]
    True
    """
    return _each(value, lambda text: _STEERING.sub("\ufffd", _shared(text.replace("\r\n", "\n"))))


def _each(value: Any, told: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return told(value)
    if isinstance(value, dict):
        return {_each(name, told): _each(inner, told) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, told) for inner in value]
    return value


def _shared(text: str) -> str:
    if not _TELLING.search(text):
        return text
    text = _HOME.sub("~", _without_own_home(text))
    text = _SECRET.sub(r"\g<name>***", _USER.sub(r"\g<scheme>***@", text))
    return _UNPAIRED.sub("\ufffd", text)


def is_plain(text: str) -> bool:
    """Whether a text is of one line, steers no terminal and can be written.

    >>> is_plain("k = 3 é"), is_plain("a\\x1b[2J"), is_plain("two\\nlines")
    (True, False, False)
    """
    return not (set("\t\n") & set(text) or _STEERING.search(text) or _UNPAIRED.search(text))


def printable(text: str) -> str:
    """A text that a terminal shows and does not obey; ends of lines stay.

    >>> printable("a\\x1b[2Jb\\nc")
    'a\\\\x1b[2Jb\\nc'
    """
    return _UNPAIRED.sub("\ufffd", _STEERING.sub(_escaped, text.replace("\r\n", "\n")))


def without_steering(text: str) -> str:
    """A text without what steers a terminal, for files that are printed too."""
    return _STEERING.sub("", text)


def no_formula(text: str) -> str:
    """A text that a spreadsheet does not compute: an apostrophe stands before one that it would.

    Those begin with `=`, `+`, `-`, `@`, a tab or the end of a line. Numbers stay as they are; all
    ends of lines become line feeds.

    >>> [no_formula(text) for text in ("=cmd()", "-1e-3", "relu")]
    ["'=cmd()", '-1e-3', 'relu']
    """
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    # Python's csv module would leave a bare carriage return unquoted, and so end the row there.
    cell = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def file_name(*parts: str) -> str:
    """A name for a file or folder, made of these parts, that stays in the folder it is put into.

    >>> file_name("study", "../../x"), file_name("..", ""), file_name("layers", "batch size")
    ('study-..-..-x', '-', 'layers-batch size')
    """
    name = _NO_FILE_NAME.sub("-", "-".join(parts)).lstrip(".")[:LONGEST_NAME].rstrip(". ")
    return name or "unnamed"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _without_own_home(text: str) -> str:
    own = _own_home(os.environ.get("HOME"))
    return text if own is None else own.sub("~", text)


@lru_cache(maxsize=8)
def _own_home(variable: str | None) -> re.Pattern[str] | None:  # noqa: ARG001 - it decides the home
    home = Path.home()
    # A home of "/" (some containers) names nobody, and would eat every path.
    return re.compile(re.escape(str(home)) + r"(?![\w-])") if len(home.parts) > 1 else None
