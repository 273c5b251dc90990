"""Objects of classes that the user did not write out: what they hold, where that can be told.

An object may hold more than it shows: what is written in C keeps its state where Python does not
look. Here it is shown to hold nothing but plain data, or nothing is said of it.
"""

from collections import OrderedDict, namedtuple
from collections.abc import Iterable, Mapping
from types import FunctionType, MemberDescriptorType
from typing import Any

from paribus.functions.constants import constant

_CONTAINERS = frozenset({tuple, list, set, frozenset, dict, OrderedDict})


class _Ordinary:
    """What is laid out in memory like this keeps everything in `__dict__`."""


_LAYOUT = ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")


def state_of(value: Any) -> Mapping[str, Any] | tuple[Any, ...] | None:
    """All that an object holds: its fields by name, or what its class makes it from.

    None: it is not all plain data, or there may be more than can be seen, or using it changes it.
    """
    if hasattr(type(value), "__next__"):
        return None
    state = _fields(value) if _is_ordinary(type(value)) else _made_from(value)
    return state if _is_plain(state) else None


def named_tuple(owner: type) -> list[Any] | None:
    """The fields and defaults of a named tuple that has nothing else of its own; else None."""
    if owner.__bases__ != (tuple,) or not hasattr(owner, "_fields"):
        return None
    members = vars(owner)
    functions = [one for one in members.values() if isinstance(one, FunctionType)]
    if any(one.__module__ == owner.__module__ for one in functions):
        return None
    fields, defaults = members["_fields"], members["_field_defaults"]
    return None if members.keys() - _MADE - {*fields} else [fields, defaults]


_MADE = vars(namedtuple("_Empty", ())).keys() | {
    "__annotations__",
    "__annotate__",
    "__annotate_func__",
    "__annotations_cache__",
    "__orig_bases__",
}


def _is_ordinary(owner: type) -> bool:
    """Whether objects of a class have a `__dict__` and no other place for what they hold."""
    if any(getattr(owner, one) != getattr(_Ordinary, one) for one in _LAYOUT):
        return False
    members = (member for base in owner.__mro__ for member in vars(base).values())
    return not any(isinstance(member, MemberDescriptorType) for member in members)  # of slots


def _fields(value: Any) -> dict[str, Any]:
    return dict(sorted(vars(value).items()))


def _made_from(value: Any) -> tuple[Any, ...] | None:
    """What a class is called with to make an equal object, as the class itself says."""
    owner = type(value)
    if owner.__reduce__ is object.__reduce__:
        return None
    try:
        made = value.__reduce__()
    except Exception:  # of anybody's code: it cannot be copied
        return None
    is_all = isinstance(made, tuple) and len(made) == 2 and made[0] is owner
    return made[1] if is_all else None


def _is_plain(value: Any) -> bool:
    if type(value) not in _CONTAINERS:
        return constant(value) is not None
    inner: Iterable[Any] = [*value, *value.values()] if isinstance(value, dict) else value
    return all(map(_is_plain, inner))
