"""How often levels in no order show a trend: exactly, over all orders that replicates may have."""

import math
from collections import Counter
from itertools import combinations_with_replacement, permutations

from paribus.statistics.paired import mean_effect
from paribus.statistics.ranks import rank_trend, trend_step


def false_trends(levels: int, n: int, level: float = 0.05) -> float:
    """The chance that the mean of Kendall's tau over n replicates is found to differ from 0."""
    orders = Counter(round(rank_trend(one), 9) for one in permutations(range(levels)))
    total, found = sum(orders.values()), 0.0
    for taus in combinations_with_replacement(sorted(orders), n):
        if mean_effect(taus, trend_step(levels)).p(0.0) > level:
            continue
        counts = Counter(taus)
        ways = math.factorial(n) / math.prod(map(math.factorial, counts.values()))
        found += ways * math.prod((orders[tau] / total) ** k for tau, k in counts.items())
    return found
