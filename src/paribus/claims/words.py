"""Selections of conditions in English: subjects with their verbs, objects, restrictions."""

from collections.abc import Mapping, Sequence
from typing import Any


def listed(words: Sequence[str]) -> str:
    """Words in a row.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *most, end = words
    return f"{', '.join(most)} and {end}" if most else end


def named(selection: Any) -> str:
    """A selection by its labels, with their factors where it gives them.

    >>> named("relu"), named({"activation": ["relu", "tanh"], "depth": "10"}), named({})
    ('relu', 'activation relu and tanh at depth 10', 'every condition')
    """
    if isinstance(selection, str):
        return selection
    if not isinstance(selection, Mapping):
        return listed(list(selection))
    first, *rest = _parts(selection) or ["every condition"]
    return f"{first} at {listed(rest)}" if rest else first


def subject(selection: Any, singular: str, plural: str) -> str:
    """A selection as a subject with its verb.

    >>> subject("relu", "learns", "each learn"), subject(["relu", "tanh"], "is", "are each")
    ('relu learns', 'relu and tanh are each')
    """
    return f"{named(selection)} {plural if _several(selection) else singular}"


def within(selection: Any) -> str:
    """The conditions of a sentence about something else; nothing for every condition.

    >>> within("relu"), within({})
    (' for relu', '')
    """
    return f" for {named(selection)}" if selection != {} else ""


def each(selection: Any) -> str:
    """A selection as what others are compared with.

    >>> each("relu"), each(["relu", "tanh"])
    ('relu', 'each of relu and tanh')
    """
    return f"each of {named(selection)}" if _several(selection) else named(selection)


def restriction(at: Mapping[str, Any]) -> str:
    """The levels at which a claim is made, in brackets.

    >>> restriction({"output": "logits", "depth": ["1", "2"]})
    ' (output logits, depth 1 and 2)'
    """
    return f" ({', '.join(_parts(at))})" if at else ""


def _parts(by_factor: Mapping[str, Any]) -> list[str]:
    return [f"{name.replace('_', ' ')} {named(labels)}" for name, labels in by_factor.items()]


def _several(selection: Any) -> bool:
    if isinstance(selection, Mapping):
        return any(_several(one) for one in selection.values())
    return not isinstance(selection, str) and len(selection) > 1
