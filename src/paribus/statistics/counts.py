"""Counts of replicates: where a mean would be of neither kind, and shares with their interval."""

import math
from dataclasses import dataclass

from scipy.special import bdtrc, betaincinv

from paribus.statistics.effect import refuse_unless_share


def share_interval(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share of which `count` of `n` were met (Clopper and Pearson, 1934).

    Raises `ValueError` for a count beyond `n`, and for a confidence that is no share.

    >>> [round(bound, 3) for bound in share_interval(5, 5)]
    [0.478, 1.0]
    """
    refuse_unless_share(confidence, "confidence")
    if not 0 <= count <= n or n == 0:
        raise ValueError(f"takes 0 <= count <= n and n > 0; got {count} of {n}")
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high


@dataclass(frozen=True)
class Discordant:
    """Pairs in which one side alone has a property: the exact test of McNemar (1947).

    Of `n` pairs, `first` have it on the first side alone, `second` on the second alone; pairs
    that agree say nothing of the difference. The estimate is the difference of the shares.
    Raises `ValueError` for counts that `n` pairs cannot have.
    """

    first: int
    second: int
    n: int
    method: str = "exact McNemar test of counts"

    def __post_init__(self) -> None:
        if min(self.first, self.second) < 0 or self.first + self.second > self.n or not self.n:
            said = f"{self.first} and {self.second} of {self.n}"
            raise ValueError(f"takes counts that add up to n or less, and n > 0; got {said}")

    @property
    def estimate(self) -> float:
        """Share of the first side less that of the second."""
        return (self.first - self.second) / self.n

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The exact interval given how many pairs disagree; -1 to 1 where none does.

        It is exact as to which side has the property more often. How large the difference is
        depends besides on how many pairs would disagree another time, which it takes as given.
        """
        disagree = self.first + self.second
        if disagree == 0:
            return -1.0, 1.0
        low, high = share_interval(self.first, disagree, confidence)
        scale = disagree / self.n
        return (2 * low - 1) * scale, (2 * high - 1) * scale

    def p(self, bound: float) -> float:
        """The two-sided p-value of no difference; raises `ValueError` for another bound."""
        if bound != 0:
            raise ValueError(f"counts are tested against no difference; got {bound}")
        disagree, most = self.first + self.second, max(self.first, self.second)
        if disagree == 0:
            return 1.0
        return min(1.0, 2 * float(bdtrc(most - 1, disagree, 0.5)))


def replicates_for_sign_test(level: float) -> int:
    """How many pairs, all on one side, it takes for a two-sided sign test at this level.

    Raises `ValueError` for a level that does not lie between 0 and 1.

    >>> replicates_for_sign_test(0.05)
    6
    """
    refuse_unless_share(level, "level")
    return math.ceil(1 - math.log2(level))
