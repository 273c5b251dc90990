"""A study file in JSON: the fields of a `Study`, as `paribus schema` describes them.

Such a file is data. It is read, not run, so it may come from anywhere.
"""

import json
from pathlib import Path
from typing import Any, NoReturn

from paribus.errors import DeclarationError, StudyFileError
from paribus.study.study import Study

SCHEMA_FIELD = "$schema"
"""Which schema an editor is to use; it is no part of the study."""


def study_of_json(path: Path) -> Study:
    """The study that a JSON file declares.

    Raises `StudyFileError` for what is not JSON or no object, and with all faults of the study.
    """
    document = _read(path)
    if not isinstance(document, dict):
        raise StudyFileError(
            f"{path} holds a {type(document).__name__}, not the fields of a study: "
            '{"name": ..., "question": ..., "recipe": {...}}. `paribus schema` describes them all.'
        )
    fields = {name: value for name, value in document.items() if name != SCHEMA_FIELD}
    try:
        return Study(**fields)
    except DeclarationError as error:
        raise StudyFileError(f"{path}: {error}") from None


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except OSError as error:
        raise StudyFileError(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise StudyFileError(f"{where}: not JSON: {error.msg}") from None
    except RecursionError:
        raise StudyFileError(f"{path}: not JSON that is a study: nested too deeply") from None
    except ValueError as error:  # not UTF-8, a number of too many digits, or ours of below
        raise StudyFileError(f"{path}: not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} stands twice in one object")
    return dict(pairs)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"got {constant}; should be a finite number")
