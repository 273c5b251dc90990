"""A study file to begin with: `template.py`, a study that runs, under a name of the user's own.

The template is a module like any other, so that it is checked, and tested by being run.
"""

import re
from importlib.resources import files
from pathlib import Path

from paribus import studies
from paribus.errors import ParibusError

TEMPLATE_NAME = "my-study"
"""What the study is called in the template."""
LONGEST_NAME = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def write_study(name: str, folder: Path) -> Path:
    """A new study file `name`.py in this folder.

    Raises `ParibusError` for what is no name of a study, for the name of a built-in one, and
    where there is such a file already, which stays as it is.
    """
    _check(name)
    path = folder / f"{name}.py"
    text = files("paribus.cli").joinpath("template.py").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace(TEMPLATE_NAME, name))
    except FileExistsError:
        raise ParibusError(
            f"{path.name} is there already, and is left as it is. Give another name, or move it."
        ) from None
    except OSError as error:
        raise ParibusError(
            f"{path} cannot be written: {error.strerror}. Go to a folder that you may write to."
        ) from None
    return path


def next_steps(name: str) -> str:
    """What to do with a new study file, as lines to print."""
    file = f"{name}.py"
    return "\n".join(
        (
            f"{file} is written: a study that runs, to be changed. What to do next:",
            f"  paribus plan {file}    what it would train, and how long that takes",
            f"  paribus run {file}     trains it; prints a table and verdicts, writes a report",
            "Open it in an editor; its comments say what can be changed.",
        )
    )


def _check(name: str) -> None:
    if _NAME.fullmatch(name) is None or len(name) > LONGEST_NAME:
        raise ParibusError(
            f"NAME: got {name!r}; should be up to {LONGEST_NAME} small letters, digits, - and _, "
            f"the first of them a letter or digit{_suggestion(name)}"
        )
    if name in studies.NAMES:
        raise ParibusError(
            f"NAME: {name!r} is a built-in study, and a lab tells studies apart by their names. "
            f"Give another, such as 'my-{name}'."
        )


def _suggestion(name: str) -> str:
    """What may have been meant: the last part of a path, without an ending, in small letters."""
    stem = Path(name).name.lower().removesuffix(".py")
    near = re.sub(r"[^a-z0-9_-]+", "-", stem).strip("-_")[:LONGEST_NAME].rstrip("-_")
    return f"; did you mean {near!r}?" if near else ""
