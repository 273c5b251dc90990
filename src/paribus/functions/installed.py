"""Which modules are a user's own, and which belong to something that is installed."""

import sys
import sysconfig
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

_SITES = frozenset({"site-packages", "dist-packages"})


@cache
def home_of(module: str) -> str | None:
    """The distributions that a module belongs to, by name and version; None: it is the user's own.

    Python's own library is "python", of whatever version. What is installed in such a way that
    its files stay where the user edits them is the user's own.
    """
    top = module.partition(".")[0]
    if top == "paribus":
        return f"paribus {version('paribus')}"
    if top == "__main__":
        return None
    file = getattr(sys.modules.get(module) or sys.modules.get(top), "__file__", None)
    if file is None:
        return "python" if top in sys.stdlib_module_names else None
    path = Path(file)
    if _SITES & set(path.parts):
        found = sorted(set(_distributions().get(top, ())))
        return ", ".join(f"{name} {version(name)}" for name in found) or top
    if top in sys.stdlib_module_names and path.is_relative_to(sysconfig.get_path("stdlib")):
        return "python"
    return None


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())
