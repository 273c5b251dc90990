"""What is measured of one run beside its loss: declarations of pure functions of a snapshot."""

from paribus.probes.gradients import GradientNorm
from paribus.probes.weights import WeightNorm
from paribus.probes.when import AtEnd, Every, LogSpaced

__all__ = ["AtEnd", "Every", "GradientNorm", "LogSpaced", "WeightNorm"]
