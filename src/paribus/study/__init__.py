"""Studies: declared, planned, run."""

from paribus.study.plan import Plan
from paribus.study.scaled import Reported, ScaledStudy
from paribus.study.study import Scale, Study

__all__ = ["Plan", "Reported", "Scale", "ScaledStudy", "Study"]
