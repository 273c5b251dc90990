"""Taking home folders, and with them user names, out of what is shown."""

import re
from pathlib import Path
from typing import Any

_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\]+(?:home|Users)[/\\]+[^/\\\s\"'<>:;,]+")


def without_home(value: Any) -> Any:
    """JSON-ready content with every home folder written `~`, at any depth and in keys too.

    >>> without_home({"folder": ["/home/ada/images", "/data"]})
    {'folder': ['~/images', '/data']}
    """
    if isinstance(value, str):
        return _HOME.sub("~", _own_home(value))
    if isinstance(value, dict):
        return {without_home(name): without_home(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_home(inner) for inner in value]
    return value


def _own_home(text: str) -> str:
    home = Path.home()
    # A home of "/" (some containers) names nobody, and would eat every path.
    if len(home.parts) < 2:
        return text
    return re.sub(re.escape(str(home)) + r"(?![\w-])", "~", text)
