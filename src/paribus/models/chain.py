"""Widths of a chain of layers for a number of parameters: the search behind the budgets.

The sums that widths within reach of a rule can make are the bits of one large integer for each
width of the last layer so far: adding a layer is a shift. So every combination of widths is looked
at, and of a deep network there are very many, in the time that some thousand shifts take.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

MOST_UNITS = 16
"""A width departs from the rule's by so many units at most: more would be slow, hardly nearer."""


@dataclass(frozen=True)
class Found:
    """Widths and the number of parameters that they give."""

    widths: tuple[int, ...]
    parameters: int

    def __str__(self) -> str:
        return ", ".join(map(str, self.widths))


@dataclass(frozen=True)
class Chain:
    """Layers from `inputs` to `outputs`: some of `fixed` width, then some in `proportions`.

    Proportions are relative to the widest, which is 1. `areas` has one number for each layer, the
    last included: how many inputs it takes from each unit (or channel) before it.
    """

    inputs: int
    outputs: int
    areas: tuple[int, ...]
    fixed: tuple[int, ...]
    proportions: tuple[float, ...]

    def count(self, widths: tuple[int, ...]) -> int:
        """The number of parameters: the sum of n (a m + 1)."""
        chain = (self.inputs, *self.fixed, *widths, self.outputs)
        return sum(
            (area * before + 1) * after
            for area, (before, after) in zip(self.areas, pairwise(chain), strict=True)
        )

    def at(self, widest: int) -> Found:
        """The network whose widest layer has so many units."""
        widths = tuple(max(1, int(widest * one + 0.5)) for one in self.proportions)
        return Found(widths, self.count(widths))

    def least(self) -> Found:
        """The smallest network: one unit in each layer that is not fixed."""
        widths = (1,) * len(self.proportions)
        return Found(widths, self.count(widths))

    def nearest(self, budget: int, leeway: float) -> Found:
        """The widths whose count is nearest; of several equally near, those nearest the rule."""
        ruled = best = self.by_rule(budget)
        most = [_reach(width, leeway) for width in ruled.widths]
        for reach in range(1, max(most) + 1):
            if best.parameters == budget:
                break
            windows = [_around(*one, reach) for one in zip(ruled.widths, most, strict=True)]
            found = self._nearest_in(windows, ruled.widths, budget)
            if abs(found.parameters - budget) < abs(best.parameters - budget):
                best = found
        return best

    def by_rule(self, budget: int) -> Found:
        """The nearest of the networks that follow the rule to the letter, by bisection."""
        low, high = 1, 2
        while self.at(high).parameters <= budget:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if self.at(middle).parameters <= budget:
                low = middle
            else:
                high = middle
        return min(self.at(low), self.at(high), key=lambda one: abs(one.parameters - budget))

    def _nearest_in(self, windows: list[range], ruled: tuple[int, ...], budget: int) -> Found:
        """The nearest count with each width in its window, and widths near the rule's for it."""
        areas = self.areas[len(self.fixed) :]
        begun = (self.inputs, *self.fixed)
        head = sum(
            (area * before + 1) * after
            for area, (before, after) in zip(self.areas, pairwise(begun), strict=False)
        )
        stages = [_Sums(head, {begun[-1]: 1})]
        ends = [*windows, range(self.outputs, self.outputs + 1)]
        for area, window in zip(areas, ends, strict=True):
            stages.append(_added(stages[-1], area, window))
        last = stages.pop()
        count = last.least + _nearest_bit(last.reached[self.outputs], budget - last.least)
        return Found(_traced(stages, areas, ruled, (count, self.outputs)), count)


class _Sums(NamedTuple):
    """Sums of the layers so far, by the last one's width: bit i stands for `least` + i."""

    least: int
    reached: dict[int, int]

    def hold(self, width: int, total: int) -> bool:
        """Whether layers that end in this width can make this sum."""
        return total >= self.least and bool(self.reached[width] >> (total - self.least) & 1)


def _reach(width: int, leeway: float) -> int:
    return min(MOST_UNITS, max(1, int(width * leeway))) if leeway else 0


def _around(width: int, most: int, reach: int) -> range:
    reach = min(reach, most)
    return range(max(1, width - reach), width + reach + 1)


def _added(sums: _Sums, area: int, window: range) -> _Sums:
    """The sums after one more layer."""
    least = sums.least + (area * min(sums.reached) + 1) * window[0]
    found = dict.fromkeys(window, 0)
    for width in window:
        for before, reached in sums.reached.items():
            found[width] |= reached << sums.least + (area * before + 1) * width - least
    return _Sums(least, found)


def _nearest_bit(bits: int, goal: int) -> int:
    """The position of the set bit nearest to this one; of two equally near, the lower."""
    below = (bits & ((1 << max(0, goal + 1)) - 1)).bit_length() - 1
    above = bits >> max(0, goal)
    if not above:
        return below
    upper = max(0, goal) + (above & -above).bit_length() - 1
    return below if below >= 0 and goal - below <= upper - goal else upper


def _traced(
    stages: list[_Sums], areas: tuple[int, ...], ruled: tuple[int, ...], end: tuple[int, int]
) -> tuple[int, ...]:
    """The widths that make a sum, from the last layer back: each as near the rule's as it can."""
    (goal, after), widths = end, []
    for number in reversed(range(len(ruled))):
        area, sums, rule = areas[number + 1], stages[number + 1], ruled[number]
        for width in sorted(sums.reached, key=lambda one, rule=rule: (abs(one - rule), one)):
            rest = goal - (area * width + 1) * after
            if sums.hold(width, rest):
                goal, after = rest, width
                break
        widths.append(after)
    return tuple(reversed(widths))
