"""An estimate and how sure it is: what every interval and every p-value is made of."""

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtr, ndtri, stdtr, stdtrit

Scale = Literal["plain", "ratio", "correlation"]
"""Where an error is symmetric: of the estimate, of its logarithm, of its inverse tanh."""


@dataclass(frozen=True)
class Effect:
    """An estimate from `n` independent values, with its standard error.

    The error is that of the estimate as it is told on its `scale`: a ratio by its logarithm, a
    correlation by its inverse hyperbolic tangent (Fisher). `freedom` are the degrees of freedom
    of Student's distribution, infinite for the normal one; `method` says in words what was done.
    """

    estimate: float
    error: float
    freedom: float
    n: int
    method: str
    scale: Scale = "plain"

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The two-sided interval that covers the truth with this confidence.

        Raises `ValueError` for a confidence that is no share between 0 and 1.
        """
        refuse_unless_share(confidence, "confidence")
        place, tail = self._told(self.estimate), (1 + confidence) / 2
        t = ndtri(tail) if math.isinf(self.freedom) else stdtrit(self.freedom, tail)
        half = float(t) * self.error
        return self._meant(place - half), self._meant(place + half)

    def p(self, bound: float) -> float:
        """The two-sided p-value of the hypothesis that the truth is `bound`.

        It is below 1 - confidence exactly where the interval of that confidence leaves it out.
        """
        distance = abs(self._told(self.estimate) - self._told(bound))
        if distance == 0:
            return 1.0
        if self.error == 0:
            return 0.0
        t = -distance / self.error
        return 2 * float(ndtr(t) if math.isinf(self.freedom) else stdtr(self.freedom, t))

    def _told(self, value: float) -> float:
        if self.scale == "ratio":
            return math.log(value)
        return math.atanh(value) if self.scale == "correlation" else value

    def _meant(self, value: float) -> float:
        if self.scale == "ratio":
            return math.exp(min(value, 700.0))  # beyond, a float has no number for it
        return math.tanh(value) if self.scale == "correlation" else value


def refuse_unless_share(value: float, what: str) -> None:
    """Raises `ValueError` for what does not lie between 0 and 1, such as a percentage."""
    if not 0 < value < 1:
        raise ValueError(f"{what} is {value}; it must lie between 0 and 1")
