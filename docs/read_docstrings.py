"""How the API pages read the code: fields as a signature, examples as code.

An extension of Griffe, which reads sources for mkdocstrings. A declaration's fields become the
arguments of its call, as they are typed, with their defaults; what they mean stands in the
reference. Examples in docstrings (`>>>`) get a fence, wherever in the docstring they stand:
Markdown takes them for a quotation of a quotation.
"""

from collections.abc import Iterator
from typing import Any

from griffe import Attribute, Class, Extension, Function, Module, Object, Parameter, Parameters
from griffe import ParameterKind as Kind

NOT_GIVEN = {"kind", "model_config"}
"""Attributes of declarations that nobody gives."""


class ReadDocstrings(Extension):
    """Changes what was read of the package before pages are made of it."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Puts fences around the examples of a docstring."""
        if obj.docstring and ">>>" in obj.docstring.value:
            obj.docstring.value = "\n".join(fenced(obj.docstring.value.splitlines()))

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Gives each declaration its signature."""
        for one in classes(pkg):
            if "__init__" not in one.members and any(base.name == "Spec" for base in one.mro()):
                one.set_member("__init__", Function("__init__", parameters=arguments(one)))


def fenced(lines: list[str]) -> Iterator[str]:
    """The lines of a docstring with its examples in fences."""
    inside = False
    for line in [*lines, ""]:
        begins, ends = line.startswith(">>>") and not inside, inside and not line.strip()
        if begins or ends:
            yield "```python" if begins else "```"
        inside = (inside or begins) and not ends
        yield line


def classes(module: Module) -> Iterator[Class]:
    """The classes of a package that are defined in it, module by module."""
    yield from module.classes.values()
    for inner in module.modules.values():
        yield from classes(inner)


def arguments(declaration: Class) -> Parameters:
    """The fields of a declaration, those of its bases first."""
    fields = {
        name: member
        for one in (*reversed(declaration.mro()), declaration)
        for name, member in one.members.items()
        if isinstance(member, Attribute) and is_field(member)
    }
    return Parameters(
        Parameter("self", kind=Kind.positional_or_keyword),
        *(
            Parameter(name, annotation=one.annotation, kind=Kind.keyword_only, default=one.value)
            for name, one in fields.items()
        ),
    )


def is_field(member: Attribute) -> bool:
    """Whether an attribute of a declaration is a field of it."""
    hidden = member.name in NOT_GIVEN or member.name.startswith("_") or member.name.isupper()
    return not hidden and member.annotation is not None and "property" not in member.labels
