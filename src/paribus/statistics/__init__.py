"""Statistics on plain numbers: effects over replicates, their intervals, and their p-values."""

from paribus.statistics.bootstrap import bootstrap_interval
from paribus.statistics.counts import Discordant, share_interval
from paribus.statistics.effect import Effect
from paribus.statistics.intervals import Interval, mean_interval
from paribus.statistics.looks import spent_levels
from paribus.statistics.multiplicity import holm
from paribus.statistics.paired import correlation, mean_effect, paired_difference
from paribus.statistics.permutation import sign_flip, smallest_sign_flip
from paribus.statistics.power import (
    deviation_upper,
    precision,
    replicates_to_decide,
    spread_of_test_set,
)
from paribus.statistics.ranks import Peak, inner_peak, rank_correlation, rank_trend
from paribus.statistics.times import sooner
from paribus.statistics.variances import variance_ratio

__all__ = [
    "Discordant",
    "Effect",
    "Interval",
    "Peak",
    "bootstrap_interval",
    "correlation",
    "deviation_upper",
    "holm",
    "inner_peak",
    "mean_effect",
    "mean_interval",
    "paired_difference",
    "precision",
    "rank_correlation",
    "rank_trend",
    "replicates_to_decide",
    "share_interval",
    "sign_flip",
    "smallest_sign_flip",
    "sooner",
    "spent_levels",
    "spread_of_test_set",
    "variance_ratio",
]
