"""Statistics on plain numbers: intervals of means over replicates."""

from paribus.statistics.intervals import Interval, mean_interval

__all__ = ["Interval", "mean_interval"]
