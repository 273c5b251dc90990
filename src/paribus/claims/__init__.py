"""What a study expects of its runs: families of claims, declared with it and tested on it."""

from paribus.claims.base import Claim, EpochRule
from paribus.claims.catalogue import AnyClaim, claim_from_json
from paribus.claims.levels import Peak, Trend
from paribus.claims.metric import higher_is_better
from paribus.claims.networks import Barrier, Correlates, CountLayers, EndApart
from paribus.claims.order import Best, Order, Worst
from paribus.claims.pairs import Better, Equal, Gap, Identical, NotWorse
from paribus.claims.training import Falls, Learns, Noisier, Rises, Sooner, Stalls
from paribus.claims.values import Above, Below, Within

__all__ = [
    "Above",
    "AnyClaim",
    "Barrier",
    "Below",
    "Best",
    "Better",
    "Claim",
    "Correlates",
    "CountLayers",
    "EndApart",
    "EpochRule",
    "Equal",
    "Falls",
    "Gap",
    "Identical",
    "Learns",
    "Noisier",
    "NotWorse",
    "Order",
    "Peak",
    "Rises",
    "Sooner",
    "Stalls",
    "Trend",
    "Within",
    "Worst",
    "claim_from_json",
    "higher_is_better",
]
