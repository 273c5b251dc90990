"""Looking at results more than once, and what each look may spend of the level."""

import math
from collections.abc import Sequence
from itertools import pairwise

from paribus.statistics.effect import refuse_unless_share


def spent_levels(looks: Sequence[int], level: float = 0.05) -> tuple[float, ...]:
    """The level of each look of a plan, such as at 5, 10 and 20 replicates; the sum is `level`.

    A look's level is what the spending function level * ln(1 + (e - 1) t) of Lan and DeMets
    (1983), which is near Pocock's rule, grows by since the look before; t is its share of the
    replicates. Each look is tested at its own level alone. By the union bound the chance of a
    false finding at any look is then at most `level`, whatever the dependence between looks and
    between claims, and with Holm's correction at each look; boundaries that count on normal
    increments could not promise that at five replicates. It is conservative: the price is power,
    since such boundaries would test later looks at higher levels.

    One look has the whole level. Raises `ValueError` for looks that are not whole numbers of two
    replicates or more, each above the one before, and for a level that is no share.

    >>> [round(one, 4) for one in spent_levels((5, 10, 20))]
    [0.0179, 0.0131, 0.019]
    """
    refuse_unless_share(level, "level")
    plain = bool(looks) and all(isinstance(n, int) and n >= 2 for n in looks)
    if not plain or any(later <= earlier for earlier, later in pairwise(looks)):
        allowed = "whole numbers of two replicates or more, each above the one before"
        raise ValueError(f"looks are {tuple(looks)}; give {allowed}")
    spent = [0.0, *(level * math.log1p((math.e - 1) * n / looks[-1]) for n in looks)]
    return tuple(later - earlier for earlier, later in pairwise(spent))
