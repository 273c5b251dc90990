"""When training is no better than guessing."""

import math

STALLED = 0.005
"""A run stalls where its training loss stays within this share of that of chance, or above."""


def stalls(loss: float, classes: int, share: float = STALLED) -> bool:
    """Whether a training loss is no better than that of guessing, to 0.5 %, or not finite.

    The loss of guessing is the cross-entropy of equal shares, ln(classes).

    >>> stalls(2.30, classes=10), stalls(2.28, classes=10), stalls(float("nan"), classes=10)
    (True, False, True)
    """
    return not loss < (1 - share) * math.log(classes)
