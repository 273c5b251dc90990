"""What a user types, as values: a study by name or file, `--set field=value`, `--only factor=a,b`.

Every way of typing it wrong ends in one message that says what was got and what is allowed.
"""

import ast
import importlib.util
import json
import shlex
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from paribus import studies
from paribus.errors import DeclarationError, Fault, ParibusError, StudyFileError, UnknownNameError
from paribus.functions.sources import SOURCE_TEXT
from paribus.garbage import collect_as_usual
from paribus.outgoing import shareable

if TYPE_CHECKING:
    from paribus.study.study import Study


def find_study(text: str) -> "Study":
    """The built-in study of this name, the `STUDY` of a Python file, or that of a JSON file."""
    if is_file_name(text):
        return _study_of_file(Path(text))
    if text not in studies.NAMES:
        advice = "`paribus list` shows all; a study of your own is given as a file, my_study.py."
        raise UnknownNameError("study", text, studies.NAMES, advice)
    return studies.named(text)


def is_file_name(text: str) -> bool:
    """Whether a study is given as a file, not by the name of a built-in one."""
    return text.endswith((".py", ".json")) or "/" in text


def _study_of_file(path: Path) -> "Study":
    # Here, because it loads JAX, and a study that is only read from a lab needs its name alone.
    from paribus.study.study import Study  # noqa: PLC0415

    try:
        there = path.is_file()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise StudyFileError(f"no study file {str(path)!r}: {error.strerror}") from None
    if not there:
        raise StudyFileError(f"no study file {str(path)!r}: there is no such file")
    if path.suffix == ".json":
        from paribus.cli.declared import study_of_json  # noqa: PLC0415 - see above

        return study_of_json(path)
    module = _imported(path)
    study = vars(module).get("STUDY")
    if not isinstance(study, Study):
        got = "it has none" if study is None else f"its STUDY is a {type(study).__name__}"
        raise StudyFileError(
            f"{path} should define STUDY = Study(...), but {got}. "
            "See README.md for a study of a few lines."
        )
    return study


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"paribus_study_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise StudyFileError(f"{path} is not a Python file; a study file ends in .py, or .json")
    collect_as_usual()
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # so that classes defined in the file know their module
    folder = str(path.resolve().parent)
    if folder not in sys.path:  # for modules beside it, after all others
        sys.path.append(folder)
    try:
        content = path.read_bytes()
        code = compile(content, str(path), "exec")
        # What runs is what is known and sent to workers, though the file is edited meanwhile.
        vars(module)[SOURCE_TEXT] = importlib.util.decode_source(content)
        exec(code, vars(module))
    except ParibusError as error:
        raise StudyFileError(f"{path}: {error}") from None
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}" if error.lineno else str(path)
        raise StudyFileError(f"{where}: {error.msg}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, and those that a file makes of its own
        lines = [
            one.lineno
            for one in traceback.extract_tb(error.__traceback__)
            if one.filename == str(path)
        ]
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        raise StudyFileError(f"{where}: {type(error).__name__}: {error}") from None
    return module


def command_line(study: str, scale: str, options: Mapping[str, Sequence[object] | None]) -> str:
    """The command that trains this again, for the report; of a file only the name is said.

    Home folders in values are written `~`, which declarations of data open too.
    """
    name = Path(study).name if is_file_name(study) else study
    words = ["paribus", "run", name, "--scale", scale]
    for option, values in options.items():
        for value in values or ():
            words += [option, shareable(str(value))]
    return shlex.join(words)


def parse_sets(pairs: Iterable[str]) -> dict[str, Any]:
    """`field=value` arguments as values by dotted path; later ones win.

    A value is read as JSON or a Python literal, else taken as text.
    """
    return {path: _value(text) for path, text in _split(pairs, "--set", "field=value")}


def parse_only(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`factor=label,label` arguments as lists of labels by factor, not yet split at commas."""
    found: dict[str, tuple[str, ...]] = {}
    for name, labels in _split(pairs, "--only", "factor=label,label"):
        found[name] = (*found.get(name, ()), labels)
    return found


def _split(pairs: Iterable[str], option: str, form: str) -> list[tuple[str, str]]:
    faults, found = [], []
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name.strip() or not text.strip():
            faults.append(Fault(option, f"got {pair!r}; should be {form}"))
        elif not name.isprintable():
            faults.append(Fault(option, f"got {name!a}; a name has no such characters"))
        found.append((name.strip(), text.strip()))
    if faults:
        raise DeclarationError("Command line", faults)
    return found


def _value(text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        # TypeError: a set or a key that cannot be one, such as {[]: 1}.
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return text
