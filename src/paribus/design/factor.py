"""A factor: the one thing that is varied, as named levels that set recipe fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import DeclarationError, Fault
from paribus.spec import Spec


@dataclass(frozen=True)
class Factor:
    """A recipe field and the values that it takes; or a name, and several fields by level.

    `Factor("model.hidden", {"narrow": (16,), "wide": (1024,)})` sets one field; the factor is
    named after the last part of the path unless `name` is given. A list of values serves where
    the values are their own labels. A level that is a dict sets several fields by dotted path:
    `Factor("arm", {"plain": {}, "L2": {"penalties.l2": 1e-3, "epochs": 20}})`. `about` names the
    fields that the factor is about, where that is not clear from its levels: what they set
    besides is a confound (`confound.py`).

    Raises `DeclarationError` for fewer than one level, or two levels of one label.
    """

    path: str
    levels: Mapping[str, Any] | Iterable[Any]
    name: str = ""
    about: Iterable[str] = ()
    sets: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pairs = self._labelled()
        labels = [label for label, _ in pairs]
        faults = [
            Fault(self.path, f"has two levels labelled {label!r}; labels should differ")
            for label in sorted({label for label in labels if labels.count(label) > 1})
        ]
        if not isinstance(self.levels, Mapping) and any(isinstance(v, Spec) for _, v in pairs):
            problem = "has declarations as levels, which need labels: give a dict, label -> level"
            faults.append(Fault(self.path, problem))
        if not labels:
            faults.append(Fault(self.path, "has no levels; it needs at least one"))
        about = (self.about,) if isinstance(self.about, str) else tuple(self.about)
        faults += [
            Fault(self.path, f"is about {one!r}; give paths of fields, as text")
            for one in about
            if not isinstance(one, str)
        ]
        if faults:
            raise DeclarationError(f"Factor {self.path!r}", faults)
        object.__setattr__(self, "about", about)
        object.__setattr__(self, "name", self.name or self.path.rpartition(".")[2])
        object.__setattr__(self, "sets", {label: self._fields(value) for label, value in pairs})

    def _labelled(self) -> list[tuple[str, Any]]:
        if isinstance(self.levels, Mapping):
            return [(str(label), value) for label, value in self.levels.items()]
        return [(_label(value), value) for value in self.levels]

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
        return "-".join(map(str, value)) or "none"
    return str(value)
