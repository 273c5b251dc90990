"""A study's recipe and factors in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paribus.results.tidy import StudyResults

_FUNCTION = {"function", "code"}
"""What stands for a function of the user's own, in a recipe as JSON."""


@dataclass(frozen=True)
class Term:
    """One entry of a definition list."""

    name: str
    text: str


def recipe_terms(results: StudyResults) -> list[Term]:
    """The base recipe, one term per part; what a factor sets is said to vary."""
    varied = _varied(results)
    return [
        Term(words(name), phrase(value, name, varied))
        for name, value in results.document["recipe"].items()
        if name in varied or not _empty(value) or value is False
    ]


def factor_rows(results: StudyResults) -> list[dict[str, str]]:
    """One row per level: the factor, the label and the fields that it sets."""
    return [
        {
            "factor": factor["name"],
            "label": label,
            "sets": ", ".join(
                f"{path} = {plain(value)}" for path, value in factor["sets"].get(label, {}).items()
            ),
        }
        for factor in results.document["factors"]
        for label in factor["labels"]
    ]


def phrase(value: Any, path: str = "", varied: Iterable[str] = ()) -> str:
    """A part of a recipe as a phrase: its kind first, then its fields.

    >>> phrase({"kind": "adamw", "learning_rate": 0.001, "schedule": None})
    'adamw: learning rate 0.001'
    >>> phrase({"function": "mine:loss", "code": "b1c542ca85a7"})
    'mine:loss (code b1c542ca)'
    """
    if path in varied:
        return "varies"
    if not isinstance(value, Mapping):
        return plain(value)
    if set(value) == _FUNCTION:
        return f"{value['function']} (code {value['code'][:8]})"
    parts = [
        f"{words(name)} {phrase(inner, f'{path}.{name}', varied)}"
        if not isinstance(inner, Mapping)
        else f"{words(name)} ({phrase(inner, f'{path}.{name}', varied)})"
        for name, inner in value.items()
        if name != "kind" and (f"{path}.{name}" in varied or not _empty(inner))
    ]
    kind = plain(value["kind"]) if "kind" in value else ""
    return ": ".join(part for part in (kind, ", ".join(parts)) if part) or "none"


def plain(value: Any) -> str:
    """A single value as text: numbers short, lists with commas, truth as yes and no."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value) or "none"
    if isinstance(value, Mapping):
        return phrase(value)
    return str(value)


def words(name: str) -> str:
    """A field's name as words.

    >>> words("learning_rate")
    'learning rate'
    """
    return name.replace("_", " ")


def _varied(results: StudyResults) -> set[str]:
    return {
        path
        for factor in results.document["factors"]
        for fields in factor["sets"].values()
        for path in fields
    }


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple | Mapping | str) and not value)
