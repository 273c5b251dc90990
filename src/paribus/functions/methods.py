"""What the methods of a user's own declarations compute, as JSON-ready data to be hashed."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from paribus.functions.content import Collector, name_of, stated_version
from paribus.functions.installed import home_of
from paribus.functions.members import code_in


def methods_of(places: Mapping[str, type]) -> Any:
    """What decides what the methods of declarations compute; None: there are none.

    `places` has the class of each declaration in another, by where it stands. What counts is what
    the user wrote into these classes and into their bases: functions, and class variables. Fields
    do not, which a declaration writes out itself. Raises `NoIdentityError`.
    """
    lines = {
        place: [one for one in owner.__mro__ if stated_version(one) or _members(one)]
        for place, owner in places.items()
    }
    own = dict.fromkeys(one for line in lines.values() for one in line)
    if not own:
        return None
    collector = Collector()
    unstated = sorted((one for one in own if stated_version(one) is None), key=name_of)
    _number(collector, unstated)
    found = {
        place: [collector.described(one, one.__name__) for one in line]
        for place, line in lines.items()
        if line
    }
    return {"places": found, "parts": collector.parts}


def _number(collector: Collector, owners: Sequence[type]) -> None:
    """Makes classes parts by their members, all numbered before any: they may name each other."""
    if not owners:
        return
    owner, *others = owners

    def made() -> Any:
        _number(collector, others)
        return [
            [name, *(collector.described(one, f"`{owner.__name__}.{name}`") for one in code)]
            for name, code in _members(owner).items()
        ]

    collector.part(owner, made)


def _members(owner: type) -> dict[str, list[Any]]:
    """What the user has written into a class, by name; nothing of what pydantic adds."""
    if home_of(owner.__module__) is not None:
        return {}
    if issubclass(owner, BaseModel):
        variables = owner.__class_vars__
    else:
        variables = {name for name in vars(owner) if not name.startswith("_")}
    found = {}
    for name, member in sorted(vars(owner).items()):
        if name.startswith("__annotat"):  # Python 3.14 makes a function of annotations
            continue
        code = list(code_in(member)) or ([member] if name in variables else [])
        if code:
            found[name] = code
    return found
