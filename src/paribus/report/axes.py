"""Axes of numbers: what they span, on which scale, and where their ticks are."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import altair as alt

DECADE = 20
"""Positive values whose largest is this many times the smallest are drawn on a log scale."""


@dataclass(frozen=True)
class Span:
    """What an axis shows: from where to where, on a linear or a logarithmic scale."""

    title: str
    domain: tuple[float, float]
    log: bool = False

    @property
    def scale(self) -> alt.Scale:
        """The scale of the axis."""
        if self.log:
            return alt.Scale(domain=list(self.domain), type="log", nice=False)
        return alt.Scale(domain=list(self.domain), zero=False, nice=False)

    def axis(self, title: str | None) -> alt.Axis:
        """Ticks and grid; on a logarithmic scale, lines at 1 (and 2, 5) times powers of ten."""
        if not self.log:
            return alt.Axis(tickCount=5, title=title)
        low, high = (math.log10(bound) for bound in self.domain)
        steps = (1,) if high - low > 1.5 else (1, 2, 5)
        apart = max(1, math.ceil((high - low) / 7))
        powers = range(math.floor(low), math.ceil(high) + 1)
        ticks = [float(f"{step}e{power}") for power in powers[::apart] for step in steps]
        within = [tick for tick in ticks if self.holds(tick)]
        plain = self.domain[0] >= 1e-5 and self.domain[1] <= 1e7
        return alt.Axis(values=within, format="~g" if plain else "~e", title=title)

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the plot."""
        return self.domain[0] <= value <= self.domain[1]

    def part(self, value: float) -> float:
        """Where on the axis a value stands: 0 at its start, 1 at its end."""
        low, high = self.domain
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def clipped(self, value: float) -> float:
        """A value moved to the edge of the plot where it lies outside.

        Done here, because a clipping mask makes the writing of a PNG ten times slower.
        """
        return min(max(value, self.domain[0]), self.domain[1])


def spanning(
    values: Iterable[float], title: str, log: bool | None = None, percent: bool = False
) -> Span:
    """An axis that shows all these values, with a margin.

    `log` asks for a logarithmic scale, which takes the positive values only; without any it is
    linear. None chooses it where all values are positive and span a factor of more than 20.
    A linear scale of percent ends at 0 and 100, one of values of 0 or more does not go below 0.
    """
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    positive = [value for value in known if value > 0]
    wide = len(positive) == len(known) and max(known) > DECADE * min(known)
    if positive and (wide if log is None else log):
        low, high = min(positive), max(positive)
        margin = (high / low) ** 0.05 if high > low else 2.0
        return Span(f"{title}, log scale", (low / margin, high * margin), True)
    low, high = min(known), max(known)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    floor = 0.0 if low >= 0 else -math.inf
    ceiling = 100.0 if percent else math.inf
    return Span(title, (max(low - margin, floor), min(high + margin, ceiling)))
