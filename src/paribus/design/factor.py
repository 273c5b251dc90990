"""A factor: the one thing that is varied, as named levels that set recipe fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.errors import DeclarationError, Fault
from paribus.outgoing import is_plain
from paribus.spec import Spec, written

LONGEST_LABEL = 200
"""Characters of a label or a name; tables and charts have to show them."""


@dataclass(frozen=True)
class Factor:
    """A recipe field and the values that it takes; or a name, and several fields by level.

    `Factor("model.hidden", {"narrow": (16,), "wide": (1024,)})` sets one field; the factor is
    named after the last part of the path unless `name` is given. A list of values serves where
    the values are their own labels, folders by their last part, which names nobody. A level that
    is a dict sets several fields by dotted path:
    `Factor("arm", {"plain": {}, "L2": {"penalties.l2": 1e-3, "epochs": 20}})`. `about` names the
    fields that the factor is about, where that is not clear from its levels: what they set
    besides is a confound (`confound.py`).

    Raises `DeclarationError` with all faults: what is of a wrong type, fewer than one level, two
    levels of one label, labels that are not one line of text.
    """

    path: str
    levels: Mapping[str, Any] | Iterable[Any]
    name: str = ""
    about: Iterable[str] = ()
    sets: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Once, for it may be an iterator.
        levels = _listed(self.levels)
        about = (self.about,) if isinstance(self.about, str) else _listed(self.about)
        faults = [*_name_faults(self.path, self.name), *self._level_faults(levels)]
        faults += [
            Fault(_at(self.path), f"is about {written(one)}; give paths of fields, as text")
            for one in ([self.about] if about is None else about)
            if not isinstance(one, str)
        ]
        if faults:
            raise DeclarationError(f"Factor {written(self.path)}", faults)
        assert levels is not None
        sets = {label: self._fields(value) for label, value in self._labelled(levels)}
        object.__setattr__(self, "about", about)
        object.__setattr__(self, "name", self.name or self.path.rpartition(".")[2])
        object.__setattr__(self, "sets", sets)

    def _level_faults(self, levels: tuple[Any, ...] | None) -> list[Fault]:
        """What is wrong with the levels; None stands for what are no levels at all."""
        where = _at(self.path)
        if levels is None:
            problem = f"got {written(self.levels)}; should be a list of levels, or label -> level"
            return [Fault(where, problem)]
        pairs = self._labelled(levels)
        labels = [label for label, _ in pairs]
        found = [
            Fault(where, f"has two levels labelled {label!r}; labels should differ")
            for label in sorted({label for label in labels if labels.count(label) > 1})
        ]
        found += [
            Fault(where, f"has a level labelled {written(label)}; {_LABELS}")
            for label in dict.fromkeys(labels)
            if not _is_label(label)
        ]
        if not isinstance(self.levels, Mapping) and any(isinstance(v, Spec) for _, v in pairs):
            problem = "has declarations as levels, which need labels: give a dict, label -> level"
            found.append(Fault(where, problem))
        if not labels:
            found.append(Fault(where, "has no levels; it needs at least one"))
        return found + [
            Fault(where, f"level {label!r} sets {written(path)}; give paths of fields, as text")
            for label, value in pairs
            if isinstance(value, Mapping)
            for path in value
            if not isinstance(path, str)
        ]

    def _labelled(self, levels: tuple[Any, ...]) -> list[tuple[str, Any]]:
        if isinstance(self.levels, Mapping):
            return [(_label(label), self.levels[label]) for label in levels]
        return [(_label(value), value) for value in levels]

    def _fields(self, value: Any) -> Mapping[str, Any]:
        return value if isinstance(value, Mapping) else {self.path: value}

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the levels, as declared."""
        return tuple(self.sets)

    def faults(self, recipe: Spec) -> list[Fault]:
        """What is wrong with each level when it is set in this recipe."""
        found, recipes = [], [recipe]
        for label, fields in self.sets.items():
            try:
                recipes.append(recipe.with_fields(fields))
            except DeclarationError as error:
                found += [
                    Fault(f"factors.{self.name}.{label}: {fault.path}", fault.problem)
                    for fault in error.faults
                ]
        return found + [
            Fault(f"factors.{self.name}.about", f"{path!r} is no field of the recipe")
            for path in self.about
            if not any(_has(one.as_json(), path) for one in recipes)
        ]

    def overwrites(self, path: str) -> bool:
        """Whether every level sets the field at this path, or what holds it."""
        return all(
            any(path == mine or path.startswith(f"{mine}.") for mine in fields)
            for fields in self.sets.values()
        )

    def only(self, labels: Iterable[str]) -> "Factor":
        """The factor with some of its levels, in declared order."""
        wanted = set(labels)
        levels = {label: fields for label, fields in self.sets.items() if label in wanted}
        return Factor(self.path, levels, self.name, self.about)


def _has(fields: Any, path: str) -> bool:
    name, _, rest = path.partition(".")
    here = isinstance(fields, Mapping) and name in fields
    return here and (not rest or _has(fields[name], rest))


def _label(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "-".join(map(_label, value)) or "none"
    if isinstance(value, Path):
        return value.name
    if callable(value):  # a function of the user's own, as a loss or an activation
        return getattr(value, "__name__", type(value).__name__)
    return value if isinstance(value, str) else written(value, str, LONGEST_LABEL + 1)


_LABELS = f"should be one line of text, of {LONGEST_LABEL} characters or fewer"


def _is_label(text: Any) -> bool:
    return (
        isinstance(text, str)
        and bool(text.strip())
        and len(text) <= LONGEST_LABEL
        and is_plain(text)
    )


def _name_faults(path: Any, name: Any) -> list[Fault]:
    found = []
    if not _is_label(path):
        found.append(Fault("path", f"got {written(path)}; should be the path of a field"))
    if name != "" and not _is_label(name):
        found.append(Fault("name", f"got {written(name)}; {_LABELS}"))
    return found


def _at(path: Any) -> str:
    return path if isinstance(path, str) else ""


def _listed(values: Any) -> tuple[Any, ...] | None:
    """The values of anything that has several; None for what has not, a text among it."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return None
    return tuple(values)
