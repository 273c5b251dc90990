"""Many tests at once: p-values corrected for how many there are."""

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """p-values corrected for the size of their family, in their order (Holm, 1979).

    The chance of one false finding or more, among the adjusted values below a level, is at most
    that level, however the tests depend on each other. Raises `ValueError` for what is no p-value.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    wrong = [p for p in ps if not 0 <= p <= 1]  # NaN included, which has no place in an order
    if wrong:
        raise ValueError(f"p-values lie between 0 and 1; got {', '.join(map(str, wrong))}")
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted
