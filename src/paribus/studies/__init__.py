"""The built-in studies, by report; each is imported when it is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paribus.study.study import Study

    ALL: tuple[Study, ...]

NAMES = (
    # Report A
    "activations",
    "vanishing-gradient",
    "regularization",
    # Report B
    "fashion-architectures",
    "loss-equivalence",
    # Report C
    "depth-to-stall",
    "regularization-small",
    "gradient-check",
    # Report D
    "cifar-layers",
    "batch-size",
    "learning-rate",
    "augmentation",
    "loss-function",
    # Report E
    "function-fitting",
    "deep-vs-shallow-mnist",
    "optimization-path",
    "gradient-norm",
    "minimal-ratio",
    "random-labels",
    "parameters-vs-generalization",
    "flatness-interpolation",
    "sensitivity",
)
"""All of them, in the order in which they are listed."""

__all__ = ["ALL", "NAMES", "named"]


def named(name: str) -> "Study":
    """The study of one of the `NAMES`, whose module is called as it is."""
    return import_module(f"{__name__}.{name.replace('-', '_')}").STUDY


def __getattr__(name: str) -> "tuple[Study, ...]":
    if name == "ALL":  # on first use: to read all of them takes half a second
        return tuple(map(named, NAMES))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
