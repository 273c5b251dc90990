"""What the members of a class hold: functions, and what these keep from where they were made."""

from collections.abc import Iterator, Sequence
from functools import cached_property, partialmethod, singledispatchmethod
from types import FunctionType
from typing import Any

from paribus.functions.installed import home_of


def enclosed(function: Any) -> dict[str, Any]:
    """What a function keeps of the functions around it, by name; nothing of what has no code."""
    if not isinstance(function, FunctionType):
        return {}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells if _is_filled(cell)}


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - the access is what is tried
    except ValueError:
        return False
    return True


def code_in(member: Any) -> Iterator[Any]:
    """The user's own functions in a member of a class, and what they are called with there."""
    inner: Sequence[Any] = ()
    if isinstance(member, property):
        inner = (member.fget, member.fset, member.fdel)
    elif isinstance(member, classmethod | staticmethod):
        inner = (member.__func__,)
    elif isinstance(member, cached_property | partialmethod | singledispatchmethod):
        inner = (member.func,)
    elif isinstance(member, FunctionType) and home_of(member.__module__ or "") is not None:
        # Pydantic puts a function of its own around some of the user's.
        inner = [*enclosed(member).values()]
    elif isinstance(member, FunctionType) or hasattr(member, "__wrapped__"):
        yield member
    if isinstance(member, partialmethod):
        yield [member.args, member.keywords]
    for one in inner:
        yield from code_in(one)
