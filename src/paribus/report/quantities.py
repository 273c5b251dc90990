"""How metrics are named and how their numbers are written: unit, scale, decimals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from paribus.claims.units import MINUS
from paribus.results.table import Row

_SHARES = ("accuracy", "precision", "recall")
NBSP = "\u00a0"


@dataclass(frozen=True)
class Quantity:
    """What a metric is to a reader; `scale` takes a stored number to the unit shown."""

    name: str
    unit: str
    scale: float
    higher_is_better: bool
    split: str

    @property
    def title(self) -> str:
        """Name and unit, for an axis or the head of a column."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def written(self, value: float | None, decimals: int) -> str:
        """A number with its unit, as in running text; an em dash where there is none."""
        sign = f"{NBSP}%" if self.unit == "%" else ""
        return number(value, decimals) + sign if value is not None else "\u2014"


_NAMED = {
    "gap/accuracy": Quantity(
        "Accuracy gap", "points, train minus test", 100.0, False, "train and test"
    ),
    "epochs/trained": Quantity("Epochs until the run ended", "", 1.0, False, ""),
    "sensitivity/test": Quantity("Test sensitivity", "mean per example", 1.0, False, "test"),
    "sensitivity/train": Quantity("Train sensitivity", "mean per example", 1.0, False, "train"),
    "hessian/minimal_ratio": Quantity("Minimal ratio", "share of eigenvalues > 0", 1.0, True, ""),
    "hessian/minimal_ratio_over_tolerance": Quantity(
        "Minimal ratio", "share of eigenvalues > 0", 1.0, True, ""
    ),
    "hessian/largest": Quantity("Largest eigenvalue of the Hessian", "", 1.0, False, ""),
    "hessian/residual": Quantity("Residual of that eigenvalue", "", 1.0, False, ""),
    "second_phase/converged": Quantity(
        "Runs whose gradient vanished", "% of finished runs", 100.0, True, ""
    ),
    "second_phase/end_norm": Quantity(
        "Gradient norm at the end of the second phase", "", 1.0, False, ""
    ),
    "gradient/total_norm": Quantity("Gradient norm, all layers", "", 1.0, False, ""),
}


def quantity(metric: str) -> Quantity:
    """A metric named `split/quantity` or `probe/quantity` in words.

    >>> quantity("test/accuracy").title
    'Test accuracy (%)'
    """
    if metric in _NAMED:
        return _NAMED[metric]
    split, _, what = metric.partition("/")
    words = f"{split} {what}".replace("_", " ").strip()
    share = what in _SHARES
    unit = "%" if share else "mean per example" if what == "loss" else ""
    return Quantity(
        name=words[:1].upper() + words[1:],
        unit=unit,
        scale=100.0 if share else 1.0,
        higher_is_better=what != "loss",
        split=split,
    )


def decimals(values: Iterable[float | None], halves: Iterable[float | None]) -> int:
    """How many decimals a column needs: one digit of the usual half-width of its intervals.

    Without intervals, three significant digits of the usual value.
    """
    widths = [half for half in halves if half is not None and half > 0]
    if widths:
        return _clamp(-math.floor(math.log10(float(np.median(widths)))))
    sizes = [abs(value) for value in values if value]
    return _clamp(2 - math.floor(math.log10(float(np.median(sizes))))) if sizes else 1


def column_decimals(rows: Iterable[Row], shown: Quantity) -> int:
    """How many decimals the rows of one metric need in the unit shown."""
    means, halves = [], []
    for row in rows:
        mean, low, high = row["mean"], row["low"], row["high"]
        means.append(None if mean is None else mean * shown.scale)
        halves.append(None if low is None or high is None else (high - low) / 2 * shown.scale)
    return decimals(means, halves)


def number(value: float | None, places: int) -> str:
    """A number with a true minus sign; scientific where the decimals would show nothing of it.

    >>> number(0.125, 2), number(None, 2)
    ('0.12', '\u2014')
    """
    if value is None or not math.isfinite(value):
        return "\u2014"
    tiny = value != 0 and abs(value) < 0.5 * 10.0**-places
    text = f"{value:.2e}" if tiny or abs(value) >= 1e7 else f"{value:,.{places}f}"
    return text.replace("-", MINUS)


def as_given(value: float, shown: Quantity) -> str:
    """A number from a source in the unit shown, with the digits that it was given in.

    >>> as_given(0.8785, quantity("test/accuracy")), as_given(5172, quantity("epochs/trained"))
    ('87.85', '5172')
    """
    exact = Decimal(repr(value)) * Decimal(repr(shown.scale))
    return f"{exact.normalize():f}"


def duration(seconds: float) -> str:
    """A time span in the two largest units that matter.

    >>> duration(0.25), duration(100), duration(7322)
    ('0.25 s', '1 min 40 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def replicates(counts: Iterable[int]) -> str:
    """How many replicates numbers rest on: "n = 5 replicates", "n = 4 to 5 replicates".

    >>> replicates([5, 4]), replicates([1]), replicates([0])
    ('n\\xa0=\\xa04 to 5 replicates', 'n\\xa0=\\xa01 replicate', 'n\\xa0=\\xa00 replicates')
    """
    distinct = sorted(set(counts)) or [0]
    if len(distinct) > 1:
        return f"n{NBSP}={NBSP}{distinct[0]} to {distinct[-1]} replicates"
    return f"n{NBSP}={NBSP}{distinct[0]} replicate{'' if distinct[0] == 1 else 's'}"


def _clamp(places: int) -> int:
    return min(max(places, 1), 6)
