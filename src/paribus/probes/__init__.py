"""What is measured of one run beside its loss: declarations of pure functions of a snapshot."""

from paribus.probes.gradients import GradientNorm
from paribus.probes.hessian import HessianSpectrum, HessianTrace, LargestEigenvalues
from paribus.probes.outputs import Outputs
from paribus.probes.own import Own
from paribus.probes.sensitivity import Sensitivity
from paribus.probes.units import HiddenUnits
from paribus.probes.weights import (
    FirstLayerChange,
    UpdateRatio,
    WeightChange,
    WeightNorm,
    Weights,
)
from paribus.probes.when import AtEnd, Every, LogSpaced

__all__ = [
    "AtEnd",
    "Every",
    "FirstLayerChange",
    "GradientNorm",
    "HessianSpectrum",
    "HessianTrace",
    "HiddenUnits",
    "LargestEigenvalues",
    "LogSpaced",
    "Outputs",
    "Own",
    "Sensitivity",
    "UpdateRatio",
    "WeightChange",
    "WeightNorm",
    "Weights",
]
