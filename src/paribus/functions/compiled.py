"""Whether source that was read is still that of the code that runs.

A file may be edited after it was imported: then its text says one thing, and Python computes
another. Only the compiled code tells.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any


def is_changed(code: CodeType, text: str, names: Mapping[str, Any]) -> bool:
    """Whether a file's text no longer gives this code; `names` are those of the code's module.

    False where it cannot be told: for what was not compiled from the text of a file as it is.
    """
    if not _is_plain(code, names):
        return False
    place = (code.co_qualname, code.co_firstlineno)
    return not any(_alike(code, one) for one in _codes(text, code.co_filename).get(place, ()))


def _is_plain(code: CodeType, names: Mapping[str, Any]) -> bool:
    """Whether Python itself imported the module from this file; others may change the syntax."""
    plain = type(names.get("__loader__")) is SourceFileLoader
    return plain and names.get("__file__") == code.co_filename


@lru_cache(maxsize=32)
def _codes(text: str, filename: str) -> dict[tuple[str, int], list[CodeType]]:
    found: dict[tuple[str, int], list[CodeType]] = {}
    for code in _inside(compile(text, filename, "exec", dont_inherit=True)):
        found.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
    return found


def _inside(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _inside(one)


def _alike(one: CodeType, other: CodeType) -> bool:
    """Whether two compute the same; lines and columns do not matter."""
    if _instructions(one) != _instructions(other) or len(one.co_consts) != len(other.co_consts):
        return False
    return all(map(_same_constant, one.co_consts, other.co_consts))


def _instructions(code: CodeType) -> tuple[object, ...]:
    return (
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
    )


def _same_constant(one: Any, other: Any) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _alike(one, other)
    if type(one) is not type(other):
        return False
    return one == other if isinstance(one, frozenset) else repr(one) == repr(other)
