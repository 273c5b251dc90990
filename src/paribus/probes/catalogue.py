"""All built-in kinds of probes as one type, told apart by their `kind`."""

from typing import Annotated

from pydantic import Field

from paribus.probes.gradients import GradientNorm
from paribus.probes.hessian import HessianSpectrum, HessianTrace, LargestEigenvalues
from paribus.probes.outputs import Outputs
from paribus.probes.sensitivity import Sensitivity
from paribus.probes.units import HiddenUnits
from paribus.probes.weights import (
    FirstLayerChange,
    UpdateRatio,
    WeightChange,
    WeightNorm,
    Weights,
)

AnyProbe = Annotated[
    FirstLayerChange
    | GradientNorm
    | HessianSpectrum
    | HessianTrace
    | HiddenUnits
    | LargestEigenvalues
    | Outputs
    | Sensitivity
    | UpdateRatio
    | WeightChange
    | WeightNorm
    | Weights,
    Field(discriminator="kind"),
]
