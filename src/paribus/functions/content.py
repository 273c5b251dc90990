"""What decides what a callable computes, as JSON-ready data to be hashed.

Everything of the user's own that is reached is described once, in the order in which it is
reached, and referred to by its number: so functions may call each other in circles.
"""

import ast
import builtins
import dataclasses
import enum
import importlib.util
import sys
from collections.abc import Callable, Mapping
from functools import partial
from inspect import unwrap
from pathlib import PurePath
from types import (
    FunctionType,
    GenericAlias,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    UnionType,
)
from typing import Any

from pydantic import BaseModel

from paribus.functions import sources
from paribus.functions.constants import constant
from paribus.functions.installed import home_of, own_file
from paribus.functions.members import code_in, enclosed
from paribus.functions.objects import named_tuple, state_of
from paribus.spec import digest, written

VERSION = "__paribus_version__"
"""The attribute that says which version of a callable this is."""


_ROOT = "it"
"""What is asked about, in messages; what it uses itself is told without saying so."""
_USES = " uses "


class NoIdentityError(Exception):
    """Something that takes part in a callable and cannot be told from others like it."""


def content_of(value: Callable[..., Any]) -> Any:
    """What decides what a callable computes. Raises `NoIdentityError`."""
    collector = Collector()
    root = collector.described(value, _ROOT)
    return {"root": root, "parts": collector.parts}


def stated_version(value: Any) -> str | None:
    """The version that was stated for this very function, class or object."""
    return getattr(value, "__dict__", {}).get(VERSION)


def name_of(value: Any) -> str:
    """The name of a callable, "module:qualname"; of an object that of its class.

    A file's functions have one name whether it is imported, run as a script or a study file.
    """
    if isinstance(value, partial):
        return name_of(value.func)
    named = value if hasattr(value, "__qualname__") else type(value)
    module = getattr(named, "__module__", None) or "builtins"
    if home_of(module) is None:
        file = getattr(sys.modules.get(module), "__file__", None)
        module = PurePath(file).stem if file and "." not in module else module
    return f"{module}:{named.__qualname__}"


class Collector:
    """The parts reached so far, and the objects that they describe."""

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self._numbers: dict[int | str, int] = {}
        self._kept: list[Any] = []  # so that none takes over another's place in memory
        self._open: set[int] = set()

    def described(self, value: Any, what: str) -> Any:
        """A value as JSON-ready data; `what` it is, for the message that it has no identity."""
        for describe in (_constant, _container, _reference, _own, _object, _of_installed_class):
            found = describe(self, value, what)
            if found is not None:
                return found
        kind = type(value).__name__
        told = f"{what}, which is" if _USES in what else f"{what} is"
        raise NoIdentityError(f"{told} {written(value)}, a {kind}, which is not plain data")

    def within(self, value: Any, what: str, make: Callable[[], Any]) -> Any:
        """What `make` gives of a container. Raises `NoIdentityError` for one that holds itself."""
        if id(value) in self._open:
            raise NoIdentityError(f"{what} holds itself, and has no value that could be written")
        self._open.add(id(value))
        try:
            return make()
        finally:
            self._open.discard(id(value))

    def part(self, value: Any, make: Callable[[], Any]) -> Any:
        """The number of a part, which is made where it is met first; a text stands for a file."""
        known_by = value if isinstance(value, str) else id(value)
        if known_by not in self._numbers:
            self._numbers[known_by] = number = len(self.parts)
            self._kept.append(value)
            self.parts.append(None)
            self.parts[number] = make()
        return ["part", self._numbers[known_by]]


def _constant(_: Collector, value: Any, what: str) -> Any:  # noqa: ARG001 - one of several
    return constant(value)


def _container(collector: Collector, value: Any, what: str) -> Any:
    if not isinstance(value, _CONTAINERS):
        return None
    if home_of(type(value).__module__) is not None:
        return collector.within(value, what, lambda: _items(collector, value, what))
    if stated_version(value) is not None:
        return None
    return collector.part(value, lambda: _own_container(collector, value, what))


_CONTAINERS = (tuple, list, set, frozenset, Mapping)


def _own_container(collector: Collector, value: Any, what: str) -> Any:
    """One of a class of the user's own, whose methods and attributes count too."""
    kind = collector.described(type(value), what)
    fields = _fields(collector, getattr(value, "__dict__", {}), what)
    return ["own", kind, fields, _items(collector, value, what)]


def _items(collector: Collector, value: Any, what: str) -> Any:
    described = collector.described
    if isinstance(value, tuple | list):
        items = [described(one, f"{what}[{place}]") for place, one in enumerate(value)]
        return [type(value).__qualname__, items]
    if isinstance(value, set | frozenset):
        return ["set", sorted((described(one, what) for one in value), key=digest)]
    pairs = [
        [described(key, what), described(one, f"{what}[{key!r}]")] for key, one in value.items()
    ]
    return ["mapping", pairs]


def _reference(collector: Collector, value: Any, what: str) -> Any:
    """What is known by a name and a version: stated ones, and those of distributions."""
    stated = stated_version(value)
    if stated is not None:
        return ["stated", name_of(value), stated]
    if isinstance(value, enum.Enum):
        return ["enum", collector.described(type(value), what), value.name]
    if isinstance(value, ModuleType):
        return _module(collector, value.__name__, what)
    module = getattr(value, "__module__", None) or type(value).__module__
    home = home_of(module)
    if home is None or not callable(value):
        return None
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
    if _at(module, name) is value:
        return ["installed", home, module, name]
    if isinstance(value, FunctionType):  # made by a call, of which it keeps what it was given
        return collector.part(value, lambda: [home, module, name, *_kept(collector, value, what)])
    return None


def _at(module: str, name: str) -> Any:
    """What is at this place in a module, or nothing."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _own(collector: Collector, value: Any, what: str) -> Any:
    """The user's own functions and classes."""
    if isinstance(value, FunctionType):
        return collector.part(value, lambda: _function(collector, value, what))
    if isinstance(value, type):
        return collector.part(value, lambda: _class(collector, value, what))
    return None


def _object(collector: Collector, value: Any, what: str) -> Any:
    """Objects that are made of what can be described."""
    described = collector.described
    if isinstance(value, partial):
        inner = (value.func, value.args, value.keywords)
        return ["partial", *(described(one, what) for one in inner)]
    if isinstance(value, MethodType):
        return ["method", described(value.__self__, what), described(value.__func__, what)]
    if callable(value) and hasattr(value, "__wrapped__"):  # as `jax.jit` and `lru_cache` make
        return _wrapped(collector, value, what)
    if isinstance(value, BaseModel):
        return ["declaration", described(type(value), what), value.model_dump(mode="json")]
    if isinstance(value, GenericAlias | UnionType) or type(value).__module__ == "typing":
        return ["annotation", repr(value)]
    if dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name, None) for one in dataclasses.fields(value)}
        return ["object", described(type(value), what), *_fields(collector, fields, what)]
    return None


def _of_installed_class(collector: Collector, value: Any, what: str) -> Any:
    """Objects that hold plain data, of a class that is known by its name and version."""
    owner = type(value)
    home = home_of(owner.__module__)
    if home is None or _at(owner.__module__, owner.__qualname__) is not owner:
        return None
    state = state_of(value)
    if state is None:
        return None
    name = [home, owner.__module__, owner.__qualname__]
    return ["object of", *name, collector.described(state, what)]


def _wrapped(collector: Collector, value: Any, what: str) -> Any:
    kept = getattr(value, "__dict__", {}).items()
    fields = {name: one for name, one in kept if not name.startswith("_")}
    kinds = collector.described(type(value), what)
    inner = collector.described(value.__wrapped__, what)
    return ["wrapped", kinds, inner, *_fields(collector, fields, what)]


def _fields(collector: Collector, fields: Mapping[str, Any], what: str) -> list[Any]:
    return [[name, collector.described(one, f"{what}.{name}")] for name, one in fields.items()]


def _function(collector: Collector, function: FunctionType, what: str) -> Any:
    node = sources.stripped(_readable(what, sources.function_node, function))
    names = enclosed(function)
    defaults = [function.__defaults__, function.__kwdefaults__]
    return {
        "source": ast.unparse(node),
        "defaults": collector.described(defaults, f"a default of {function.__name__}"),
        "refers": _references(collector, node, names, function.__globals__, _user(function, what)),
    }


def _kept(collector: Collector, function: FunctionType, what: str) -> list[Any]:
    kept = [list(enclosed(function).values()), function.__defaults__, function.__kwdefaults__]
    return [collector.described(one, what) for one in kept]


def _class(collector: Collector, owner: type, what: str) -> Any:
    try:
        nodes = [sources.stripped(one) for one in _readable(what, sources.class_nodes, owner)]
    except NoIdentityError:
        made = named_tuple(owner)
        if made is None:
            raise
        return ["named tuple", collector.described(made, what)]
    bases = [collector.described(base, f"a base of {owner.__name__}") for base in owner.__bases__]
    names: dict[str, Any] = {}
    for member in tuple(vars(owner).values()):
        for code in code_in(member):
            names |= enclosed(_unwrapped(code)) if callable(code) else {}
    names.pop("__class__", None)
    module = vars(sys.modules.get(owner.__module__))
    return {
        "sources": [ast.unparse(node) for node in nodes],
        "bases": bases,
        "values": _values(collector, owner),
        "refers": [
            _references(collector, node, names, module, _user(owner, what)) for node in nodes
        ],
    }


def _unwrapped(code: Any) -> Any:
    try:
        return unwrap(code)
    except ValueError:  # it answers whatever it is asked for
        return code


def _values(collector: Collector, owner: type) -> list[Any]:
    """The members without code of a class that a call made: its source says less than they do."""
    if "<locals>" not in owner.__qualname__:
        return []
    found = []
    for name, member in sorted(vars(owner).items()):
        if _of_python(name, member):
            continue
        code = list(code_in(member))
        values = [one for one in code if not callable(one)] if code else [member]
        what = f"`{owner.__name__}.{name}`"
        found += [[name, collector.described(one, what)] for one in values]
    return found


def _of_python(name: str, member: Any) -> bool:
    """Whether Python, or a library by way of it, puts this into a class by itself."""
    of_fields = isinstance(member, MemberDescriptorType | GetSetDescriptorType)
    return of_fields or name.startswith("__") or name == "_abc_impl"


def _user(value: FunctionType | type, what: str) -> str:
    """Who uses what its code refers to, for messages."""
    return _ROOT if what == _ROOT else f"`{value.__name__}`"


def _references(
    collector: Collector,
    node: sources.Node,
    near: Mapping[str, Any],
    far: Mapping[str, Any],
    user: str,
) -> list[Any]:
    """What the code refers to: in the functions around it, then in its module, by name."""
    found = []
    for name, *attributes in sources.references(node):
        if name in near:
            value = near[name]
        elif name in far:
            value = far[name]
        else:
            found.append([name, hasattr(builtins, name)])
            continue
        while isinstance(value, ModuleType) and attributes and home_of(value.__name__) is None:
            name = f"{name}.{attributes[0]}"
            value = getattr(value, attributes.pop(0), None)
        what = f"`{name}`" if user == _ROOT else f"{user}{_USES}`{name}`"
        found.append([name, collector.described(value, what)])
    return [*found, *_imported(collector, node, far.get("__package__"), user)]


def _imported(collector: Collector, node: ast.AST, package: str | None, user: str) -> list[Any]:
    """What the code imports itself; nothing of it is imported here."""
    found = []
    for asked in sources.imports(node):
        try:
            name = importlib.util.resolve_name(asked, package)
        except ImportError as error:
            raise NoIdentityError(f"{user} imports {asked}: {error}") from None
        found.append([asked, _module(collector, name, f"module {name}")])
    return found


def _module(collector: Collector, name: str, what: str) -> Any:
    """A module, which need not have been imported: all of it, and of what it imports."""
    home = home_of(name)
    if home is not None:
        return ["installed", home]
    path = own_file(name)
    loaded = sys.modules.get(name)
    if path is None and loaded is None:
        return ["absent"]  # a name in a module, or what is installed where it runs, if anywhere

    def made() -> Any:
        tree = _readable(what, lambda names: sources.module_tree(names, str(path or "")), near)
        package = name if path and path.name == "__init__.py" else name.rpartition(".")[0]
        return ["module", ast.unparse(tree), _imported(collector, tree, package or None, what)]

    near = {} if loaded is None else vars(loaded)
    return collector.part(str(path or name), made)


def _readable(what: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except sources.NoSourceError as error:
        raise NoIdentityError(f"{what}: {error}") from None
