"""Lines of Python as `ruff format` makes them, and other people's words among them."""

from collections.abc import Sequence

from paribus.outgoing import legible

WIDTH = 88
"""Characters of a line: the formatter's own choice, which most projects leave as it is."""


def call(name: str, arguments: Sequence[str], indent: int) -> list[str]:
    """A call on one line, or where that is too long with a line for each argument.

    >>> call("SGD", ["weights", "lr=0.1"], 4)
    ['SGD(weights, lr=0.1)']
    >>> call("SGD", ["weights", "lr=0.1"], 80)
    ['SGD(', '    weights,', '    lr=0.1,', ')']
    """
    whole = f"{name}({', '.join(arguments)})"
    if indent + len(whole) <= WIDTH:
        return [whole]
    return [f"{name}(", *(f"    {one}," for one in arguments), ")"]


def quotable(text: str) -> str:
    """Somebody's words in one line that cannot end the docstring that it stands in.

    >>> quotable('rate "low"\\\\ ' + chr(10) + 'or not')
    "rate 'low'/ or not"
    """
    return " ".join(legible(text).replace("\\", "/").replace('"', "'").split())
