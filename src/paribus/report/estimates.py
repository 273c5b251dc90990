"""Estimates of findings as text: in which unit, with which interval, over how many."""

import math
from collections.abc import Mapping
from typing import Any

from paribus.claims.assessment import LEVEL
from paribus.claims.findings import Finding
from paribus.claims.units import MINUS, Unit, shown

_SUFFIXES: Mapping[Unit, str] = {
    "points": " points",
    "per cent": " %",
    "replicates": " % of replicates",
    "epochs": " epochs",
}
_STORED: Mapping[Unit, str] = {
    "points": "share",
    "per cent": "relative difference",
    "replicates": "share of replicates",
    "number": "",
}


def level_of(document: Mapping[str, Any]) -> float:
    """The share of false findings that a stored study allows itself."""
    return (document.get("registration") or {}).get("level", LEVEL)


def confidence_of(document: Mapping[str, Any]) -> str:
    """The confidence of a stored study's intervals, as a percentage without its sign."""
    return f"{100 * (1 - level_of(document)):.3g}"


def stored_unit(unit: Unit) -> str:
    """The unit of an estimate as it is stored, which differs for what is told in points."""
    return _STORED.get(unit, unit)


def estimate_text(value: float | None, unit: Unit) -> str:
    """An estimate with its unit; an em dash where there is none.

    >>> estimate_text(0.01812, "points"), estimate_text(0.6, "replicates")
    ('1.81 points', '60 % of replicates')
    """
    if value is None or math.isnan(value):
        return "\u2014"
    return f"{_number(value, unit)}{_SUFFIXES.get(unit, '')}"


def interval_text(low: float | None, high: float | None, unit: Unit) -> str:
    """An interval without its unit, which stands beside the estimate; empty where there is none.

    >>> interval_text(0.015, 0.021, "points"), interval_text(None, None, "points")
    ('1.50 to 2.10', '')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{_number(low, unit)} to {_number(high, unit)}"


def count_text(finding: Finding) -> str:
    """Over how many replicates a finding is, or over how many of what else."""
    units = {link.unit for link in finding.links} or {"replicate"}
    if units == {"replicate"}:
        return str(finding.n)
    unit = " or ".join(sorted(units))
    return f"{finding.n} {unit}{'' if finding.n == 1 else 's'}"


def p_text(p: float | None, nothing: str = "\u2014") -> str:
    """A p-value with three decimals, never 0; `nothing` where nothing was tested.

    >>> p_text(0.0123), p_text(1e-9), p_text(None, "")
    ('0.012', '< 0.001', '')
    """
    if p is None:
        return nothing
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float, unit: Unit) -> str:
    if math.isinf(value):
        return "\u221e" if value > 0 else f"{MINUS}\u221e"
    return shown(value, unit)
