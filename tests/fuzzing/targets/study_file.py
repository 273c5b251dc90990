"""Study files: their text, never what their code does.

A file is run only where nothing in it can do anything: assignments of numbers, words, lists.
"""

import ast
import sys
import warnings
from contextlib import suppress

from fuzzing.sandbox import fresh, told
from paribus.cli.arguments import find_study
from paribus.errors import StudyFileError

HARMLESS = (
    *(ast.Module, ast.Assign, ast.Expr, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set),
    *(ast.Name, ast.Load, ast.Store, ast.UnaryOp, ast.USub, ast.Pass, ast.If, ast.Raise),
    *(ast.Attribute, ast.Return, ast.FunctionDef, ast.arguments, ast.ClassDef),
)


def target(content: bytes) -> None:
    if not harmless(content):
        return
    folder = fresh("studies")
    path = folder / "mine.py"
    path.write_bytes(content)
    with told(StudyFileError), warnings.catch_warnings(action="ignore"):
        find_study(str(path))
    sys.modules.pop("paribus_study_mine", None)


def harmless(content: bytes) -> bool:
    """Whether nothing happens when this is run, or it cannot be run at all."""
    with suppress(Exception), warnings.catch_warnings(action="ignore"):
        return all(isinstance(node, HARMLESS) for node in ast.walk(ast.parse(content)))
    return True


SEEDS = (
    b"STUDY = 3\n",
    b"# -*- coding: latin-1 -*-\nSTUDY = 'caf\xe9'\n",
    b"\xef\xbb\xbfSTUDY = None\n",
    b"STUDY = [1, (2, 3), {4: 'x'}]\nif STUDY:\n    NAME\n",
    b"class STUDY:\n    pass\n\ndef f(x=1):\n    return x\n",
    b"raise ValueError\n",
    b"'''a docstring'''\nSTUDY = -1j\n",
)
REGRESSIONS = {
    "nothing": b"",
    "a zero byte": b"STUDY = 1\0\n",
    "an encoding that is not there": b"# coding: klingon\nSTUDY = 1\n",
    "bytes that are no UTF-8": b"STUDY = '\xff'\n",
    "UTF-16": "STUDY = 1\n".encode("utf-16"),
    "a line that ends in a backslash": b"STUDY = \\",
    "brackets nested 10,000 deep": b"STUDY = " + b"(" * 10_000,
    "brackets nested 150 deep": b"STUDY = " + b"[" * 150 + b"]" * 150,
    "minus signs without end": b"STUDY = " + b"-" * 50_000 + b"1",
    "a number of 5,000 digits": b"STUDY = " + b"9" * 5_000,
    "tabs and blanks": b"if 1:\n\tSTUDY = 1\n        STUDY = 2\n",
    "an end at once": b"raise SystemExit\n",
    "an interrupt of its own": b"raise GeneratorExit\n",
    "an error of its own": b"class Mine(BaseException):\n    pass\n\nraise Mine\n",
    "an error with an escape": b"class \xc3\xa9(Exception):\n    pass\nraise \xc3\xa9\n",
    "names that are asked for": b"def __getattr__(name):\n    raise ValueError\n",
    "a STUDY that is a module's": b"STUDY = __builtins__\n",
}
