"""Times to an event that some runs never come to: who is sooner, up to a horizon."""

from collections.abc import Sequence
from dataclasses import replace

from paribus.statistics.effect import Effect
from paribus.statistics.paired import paired_difference

Times = Sequence[int | None]
"""Epochs until the event; None where it did not come."""


def sooner(first: Times, second: Times, horizon: int) -> tuple[Effect, tuple[int, int]]:
    """The paired difference first - second of times up to a horizon, and how many are censored.

    A run to which the event did not come by the horizon counts as the horizon: what is compared
    is the restricted mean time to the event (Royston and Parmar, 2013), which is defined whatever
    happens beyond. Where both of a pair are censored its difference is 0. Times are in epochs.
    Raises `ValueError` for times below 0, a horizon that is not above 0, and as
    `paired_difference`.
    """
    below = [t for side in (first, second) for t in side if t is not None and t < 0]
    if horizon <= 0 or below:
        said = f"times {below}, horizon {horizon}" if below else f"horizon {horizon}"
        raise ValueError(f"takes times of 0 or more and a horizon above 0; got {said}")
    one, other = (
        [min(t, horizon) if t is not None else horizon for t in s] for s in (first, second)
    )
    effect = paired_difference(one, other, resolution=1.0)
    came = [sum(t is not None and t <= horizon for t in side) for side in (first, second)]
    censored = (len(first) - came[0], len(second) - came[1])
    said = f"{effect.method}, times up to {horizon} epochs"
    return replace(effect, method=said), censored
