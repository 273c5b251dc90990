"""Runs handed to other tools: as PyTorch scripts and modules, and to experiment trackers.

Modules are imported when they are first used: the trackers' do not wait for JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paribus.interop import eject, mlflow, tensorboard, torch

__all__ = ["eject", "mlflow", "tensorboard", "torch"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"paribus.interop.{name}")
    raise AttributeError(f"module 'paribus.interop' has no attribute {name!r}")
