"""When lanes will be through with what waits, each keeping to one cohort while it can.

The rules are those of `paribus.executors.slots`; here they are played through with seconds in
place of training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

PLAYED = 2_000
"""Runs that are played through one by one; of more, the sum of their seconds is shared out."""


@dataclass
class Waiting:
    """Runs of a cohort that have not begun: how many, seconds of each, and of the first more."""

    cohort: int
    runs: int
    seconds: float
    compiling: float


def seconds_until_done(
    lanes: Sequence[tuple[float, int]], waiting: Sequence[Waiting], played: int = PLAYED
) -> float:
    """Seconds until all is done. A lane: seconds until it is free, and the cohort it is at.

    `waiting` is in the order of submission.

    >>> seconds_until_done([(1.0, 0), (2.0, 1)], [Waiting(2, 2, 4.0, 0.5)])
    6.5
    """
    if not lanes:
        return 0.0
    if sum(group.runs for group in waiting) > played:
        work = sum(group.runs * group.seconds + group.compiling for group in waiting)
        return (sum(until for until, _ in lanes) + work) / len(lanes)
    return _play(lanes, {group.cohort: group for group in waiting})


def _play(lanes: Sequence[tuple[float, int]], waiting: dict[int, Waiting]) -> float:
    left = {cohort: group.runs for cohort, group in waiting.items() if group.runs}
    at = [cohort for _, cohort in lanes]
    free = [(until, lane) for lane, (until, _) in enumerate(lanes)]
    heapify(free)
    end = max(until for until, _ in lanes)
    while left:
        until, lane = heappop(free)
        cohort = _choose(left, at, lane)
        group = waiting[cohort]
        until += group.seconds + (group.compiling if cohort != at[lane] else 0.0)
        left[cohort] -= 1
        if not left[cohort]:
            del left[cohort]
        at[lane], end = cohort, max(end, until)
        heappush(free, (until, lane))
    return end


def _choose(left: dict[int, int], at: Sequence[int], lane: int) -> int:
    """The lane's own cohort, else the first that no lane is at, else the largest."""
    if at[lane] in left:
        return at[lane]
    others = {cohort for other, cohort in enumerate(at) if other != lane}
    unmet = next((cohort for cohort in left if cohort not in others), None)
    return max(left, key=left.__getitem__) if unmet is None else unmet
