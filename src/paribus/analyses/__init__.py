"""What is computed of several stored runs together: declarations of functions of a workbench."""

from paribus.analyses.catalogue import AnyAnalysis, analysis_from_json
from paribus.analyses.collapse import Collapse
from paribus.analyses.epoch_time import EpochTime
from paribus.analyses.first_steps import FirstSteps
from paribus.analyses.gradients import GradientCheck
from paribus.analyses.line import Line
from paribus.analyses.path import Path

__all__ = [
    "AnyAnalysis",
    "Collapse",
    "EpochTime",
    "FirstSteps",
    "GradientCheck",
    "Line",
    "Path",
    "analysis_from_json",
]
