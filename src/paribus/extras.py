"""Packages that are needed for one thing only, and installed by those who want it."""

import importlib
from types import ModuleType

from paribus.errors import MissingExtraError


def extra(module: str, name: str, purpose: str) -> ModuleType:
    """An optional module, imported.

    Raises `MissingExtraError`, which names the command that installs it: `name` is that of the
    extra, `purpose` is what the module is needed for ("following a study in a browser").
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = (error.name or module).partition(".")[0]
        absent = isinstance(error, ModuleNotFoundError)
        said = " ".join(str(error).split())
        fault = "is not installed here" if absent else f"cannot be loaded here ({said})"
        raise MissingExtraError(
            f"{purpose} needs the package {missing}, which {fault}. "
            f"Install it with: pip install 'paribus[{name}]'"
        ) from None
