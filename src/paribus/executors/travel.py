"""What travels between processes: pickles, with the source of modules that only this one has.

A study file is imported under a name that no other process can import, and so is the script that
is run as `__main__`. Where a pickle names their classes or functions, their source goes with it.
"""

import importlib.machinery
import io
import os
import pickle
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from paribus.errors import ExecutorError
from paribus.functions.sources import SOURCE_TEXT

MAIN = "__main__"
_ALIAS = "__paribus_main__"
"""The name under which another process runs the source of `__main__`: its guard is false."""


@dataclass(frozen=True)
class _Source:
    name: str
    path: str
    text: str


class _Pickler(pickle.Pickler):
    """A pickler that notes in which modules the classes and functions are that it names."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.modules: dict[str, None] = {}

    def reducer_override(self, obj: Any) -> Any:
        named = getattr(obj, "__module__", None)
        if isinstance(named, str) and (isinstance(obj, type) or callable(obj)):
            self.modules[named] = None
            if _is_named(obj, named):
                # By its name: what wraps a function (`jax.jit`) would be made of the function,
                # which is not what its name stands for.
                return obj.__qualname__
        if isinstance(obj, MappingProxyType):
            return _read_only, (dict(obj),)
        return NotImplemented


def packed(value: Any) -> bytes:
    """The value as bytes for another process of ours.

    Raises `ExecutorError` for what cannot leave this process: what is defined inside a function,
    in a notebook or at a prompt, and what holds open files, locks or the like.
    """
    content = io.BytesIO()
    pickler = _Pickler(content)
    try:
        pickler.dump(value)
        sources = [_source(name) for name in pickler.modules if not _is_importable(name)]
    except (pickle.PicklingError, AttributeError, TypeError, OSError) as error:
        raise ExecutorError(
            f"this cannot be sent to another process: {error}. Define classes and functions at "
            "the top of a file, or train with threads of this process"
        ) from None
    return pickle.dumps((sources, content.getvalue()))


def unpacked(content: bytes) -> Any:
    """The value that `packed` made in another process of ours; its modules are made first."""
    sources, value = pickle.loads(content)  # of our own process
    for source in sources:
        _make(source)
    return pickle.loads(value)  # of our own process


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


def _is_named(obj: Any, module: str) -> bool:
    found: Any = sys.modules.get(module)
    for part in getattr(obj, "__qualname__", "<none>").split("."):
        found = getattr(found, part, None)
    return found is obj


def _is_importable(name: str) -> bool:
    if name == MAIN:
        return False
    top = name.partition(".")[0]
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return True
    return _is_found(top, tuple(map(os.path.abspath, sys.path)))


@lru_cache(maxsize=1024)
def _is_found(name: str, path: tuple[str, ...]) -> bool:
    return importlib.machinery.PathFinder.find_spec(name, path) is not None


def _source(name: str) -> _Source:
    names = vars(sys.modules[name])
    path = names.get("__file__")
    if path is None:
        raise TypeError(f"{name} has no file")
    text = names.get(SOURCE_TEXT)
    if text is None:
        text = Path(path).read_text(encoding="utf-8")
        if name == MAIN:  # which is run once, and may be edited while it does
            names[SOURCE_TEXT] = text
    return _Source(name, path, text)


def _make(source: _Source) -> None:
    known = sys.modules.get(source.name)
    if getattr(known, SOURCE_TEXT, None) == source.text:
        return
    module = ModuleType(_ALIAS if source.name == MAIN else source.name)
    module.__file__ = source.path
    module.__dict__[SOURCE_TEXT] = source.text
    sys.modules[source.name] = sys.modules[module.__name__] = module
    exec(compile(source.text, source.path, "exec"), module.__dict__)
