"""Claims that single runs meet or do not: decided by counting replicates, not by an interval."""

from collections.abc import Mapping

from paribus.claims.assessment import Assessment, Settled
from paribus.claims.comparing import FEWEST, losses, untestable
from paribus.claims.evidence import Values
from paribus.claims.selection import Link
from paribus.claims.words import named
from paribus.statistics.counts import share_interval


def counted(link: Link, met: Mapping[int, bool], values: Values, share: float = 1.0) -> Assessment:
    """Supported where at least a share of the replicates meet the claim, else refuted.

    The estimate is their share, with its exact interval beside it.
    """
    if values.absent or len(met) < FEWEST:
        return untestable(link, (values,))
    count, n = sum(met.values()), len(met)
    where = named(link[0]) if link[0] else "the one condition"
    low, high = share_interval(count, n)
    outcome = Settled(
        verdict="supported" if count / n >= share else "refuted",
        why=f"{count} of {n} replicates of {where} do",
        method="count of replicates, exact interval of their share",
        n=n,
        estimate=count / n,
        low=low,
        high=high,
        told_in="replicates",
    )
    return Assessment(link, outcome, notes=losses((values,)))
