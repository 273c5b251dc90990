"""Which modules are a user's own, and which belong to something that is installed.

Modules are looked for and never imported: a study that names PyTorch loads it when it trains.
"""

import importlib.util
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import ModuleType

LIBRARIES = ("paribus", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy")
"""Distributions whose versions are kept beside each run's results, and are in no key.

A function that uses them is known by their names alone: a newer JAX trains nothing anew, and a
study that mixes versions says so.
"""

_SITES = frozenset({"site-packages", "dist-packages"})


@cache
def home_of(module: str) -> str | None:
    """The distributions that a module belongs to; None: it is the user's own, or is not there.

    They are known by name and version, `LIBRARIES` and Python's own library, "python", by name.
    What is installed in such a way that its files stay where the user edits them is the user's
    own.
    """
    top = module.partition(".")[0]
    if top == "paribus":
        return top
    if top == "__main__":
        return None
    file = _file(module, top)
    if file is None:
        return "python" if top in sys.stdlib_module_names else None
    if _SITES & set(file.parts):
        return ", ".join(map(_known_by, sorted(set(_distributions().get(top, ()))))) or top
    if top in sys.stdlib_module_names and file.is_relative_to(sysconfig.get_path("stdlib")):
        return "python"
    return None


def own_file(module: str) -> Path | None:
    """The file of a module of the user's own, found without running it; None: there is none."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is not None:
        return Path(loaded)
    top, *parts = module.split(".")
    spec = _spec(top)
    if spec is None:
        return None
    if not parts:
        return Path(spec.origin) if spec.has_location and spec.origin else None
    for folder in spec.submodule_search_locations or ():
        inner = Path(folder, *parts)
        for path in (inner.with_name(f"{inner.name}.py"), inner / "__init__.py"):
            if path.is_file():
                return path
    return None


def _known_by(distribution: str) -> str:
    return distribution if distribution in LIBRARIES else f"{distribution} {version(distribution)}"


def _file(module: str, top: str) -> Path | None:
    """A file that tells where a module is: its own, or that of the package that it is in."""
    loaded: ModuleType | None = sys.modules.get(module) or sys.modules.get(top)
    if loaded is not None:
        found = getattr(loaded, "__file__", None)
        places = list(getattr(loaded, "__path__", ()))
        return Path(found or places[0]) if found or places else None
    spec = _spec(top)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    found = spec.origin if spec.has_location else next(iter(places), None)
    return Path(found) if found else None


def _spec(top: str) -> ModuleSpec | None:
    """Where a module at the top is found; of one inside a package this would run the package."""
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):  # one that was made by hand
        return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()
