"""Estimates as text: rounded in the unit in which a claim speaks of them."""

from typing import Literal

MINUS = "\u2212"
"""The sign of negative numbers in sentences, as wide as a plus."""

Unit = Literal["points", "per cent", "replicates", "epochs", "correlation", "number"]
"""Points of a share, per cent of another value or of the replicates, epochs, a rank correlation,
a plain number."""


def shown(value: float, unit: Unit) -> str:
    """A number in its unit, without it.

    >>> shown(0.01812, "points"), shown(-0.5, "correlation"), shown(0.01812, "number")
    ('1.81', '\u22120.50', '0.0181')
    """
    return _plain(value, unit).replace("-", MINUS)


def sized(value: float, unit: Unit) -> str:
    """The size of a difference with its unit.

    >>> sized(-0.01812, "points"), sized(10_800, "epochs"), sized(1, "epochs")
    ('1.81 points', '10,800 epochs', '1 epoch')
    """
    text = shown(abs(value), unit)
    words = {
        "points": " points",
        "per cent": " %",
        "replicates": " % of replicates",
        "epochs": " epoch" if text == "1" else " epochs",
    }
    return f"{text}{words.get(unit, '')}"


def _plain(value: float, unit: Unit) -> str:
    if unit in ("points", "per cent"):
        return f"{100 * value:z.2f}"
    if unit == "replicates":
        return f"{100 * value:z.0f}"
    if unit == "correlation":
        return f"{value:z.2f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
