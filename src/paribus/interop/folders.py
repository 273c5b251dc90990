"""Names of folders for what a study calls by any text: safe, short, and never two the same."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping

LONGEST = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9._ +=,-]+")


def folder_names(texts: Collection[str]) -> dict[str, str]:
    """A folder name for each of these texts, all different on any file system.

    A text that is safe as it is keeps itself. One that is not, that is too long, or that differs
    from another in capitals alone ends with digits of its SHA-256 instead.

    >>> folder_names(["activation=relu", "activation=a/b"])
    {'activation=relu': 'activation=relu', 'activation=a/b': 'activation=a-b-b98f4195'}
    """
    plain = {text: _safe(text) for text in texts}
    apart = {text: _told_apart(text, name) for text, name in plain.items()}
    taken = Counter(name.casefold() for name in (*plain.values(), *apart.values()))
    return {
        text: name if name == text and taken[name.casefold()] == 1 else apart[text]
        for text, name in plain.items()
    }


def condition_text(condition: Mapping[str, str]) -> str:
    """A condition as one text: `activation=relu, hidden=128`."""
    return ", ".join(f"{factor}={label}" for factor, label in condition.items()) or "one condition"


def _safe(text: str) -> str:
    name = _UNSAFE.sub("-", text).lstrip(". ")[:LONGEST].rstrip(". ")
    return name or "unnamed"


def _told_apart(text: str, name: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[: LONGEST - 9].rstrip('. ')}-{digest[:8]}"
