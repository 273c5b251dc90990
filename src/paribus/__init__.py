"""Paribus: controlled experiments on neural-network training.

Names are imported when they are first used, so that `paribus --help` does not wait for JAX.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus import analyses, claims, data, figures, models, optimizers, probes, trainers
    from paribus.design.adaptive import Scan, Tuned
    from paribus.design.factor import Factor
    from paribus.functions import version
    from paribus.models.initialize import Initialization
    from paribus.objectives.penalties import OwnPenalty, Penalties
    from paribus.probes.gradient_check import check_gradient
    from paribus.spec import Spec
    from paribus.study.scaled import Reported
    from paribus.study.study import Scale, Study
    from paribus.trainers.measured import Measured
    from paribus.training.recipe import EarlyStopping, Recipe, WarmStart
    from paribus.training.second_phase import GradientNormPhase

# What happens is told to loggers; where the user has none, it is told to nobody.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "EarlyStopping",
    "Factor",
    "GradientNormPhase",
    "Initialization",
    "Measured",
    "OwnPenalty",
    "Penalties",
    "Recipe",
    "Reported",
    "Scale",
    "Scan",
    "Spec",
    "Study",
    "Tuned",
    "WarmStart",
    "analyses",
    "check_gradient",
    "claims",
    "data",
    "figures",
    "models",
    "optimizers",
    "probes",
    "trainers",
    "version",
]

_HOMES = {
    "EarlyStopping": "paribus.training.recipe",
    "Factor": "paribus.design.factor",
    "GradientNormPhase": "paribus.training.second_phase",
    "Initialization": "paribus.models.initialize",
    "Measured": "paribus.trainers.measured",
    "OwnPenalty": "paribus.objectives.penalties",
    "Penalties": "paribus.objectives.penalties",
    "Recipe": "paribus.training.recipe",
    "Reported": "paribus.study.scaled",
    "Scale": "paribus.study.study",
    "Scan": "paribus.design.adaptive",
    "Spec": "paribus.spec",
    "Study": "paribus.study.study",
    "Tuned": "paribus.design.adaptive",
    "WarmStart": "paribus.training.recipe",
    "check_gradient": "paribus.probes.gradient_check",
    "version": "paribus.functions",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in __all__:
        return import_module(f"paribus.{name}")
    raise AttributeError(f"module 'paribus' has no attribute {name!r}")
