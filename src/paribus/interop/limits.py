"""What MLflow allows of names and values, and how a text is brought within it."""

import hashlib
import posixpath
import re

LONGEST_NAME = 250
LONGEST_PARAMETER = 6000
LONGEST_TAG = 8000
LONGEST_RUN_NAME = 250
LONGEST_EXPERIMENT_NAME = 500
METRICS_PER_CALL = 1000
PARAMETERS_PER_CALL = 100

_NOT_ALLOWED = re.compile(r"[^\w/. -]")
_DIGITS = 8


def name_for_mlflow(text: str) -> str:
    """A name of a metric, parameter or tag that MLflow takes; most keep what they are.

    Allowed are letters, digits, `_`, `-`, `.`, blanks and slashes, in what would be the same as a
    path. A text that is changed ends with digits of its SHA-256, so that two never become one.

    >>> [name_for_mlflow(text) for text in ("gradient/norm/hidden 1", "../x", "")]
    ['gradient/norm/hidden 1', 'x-d6b96a97', 'e3b0c442']
    """
    path = posixpath.normpath(_NOT_ALLOWED.sub("-", text))
    name = "/".join(part for part in path.split("/") if part not in ("", ".", ".."))
    if name and name == text and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{name[: LONGEST_NAME - _DIGITS - 1]}-{digest}".lstrip("-")


def cut(text: str, longest: int) -> str:
    """A text of at most so many characters; one that was cut ends with an ellipsis.

    >>> cut("accuracy", 5)
    'accu…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
