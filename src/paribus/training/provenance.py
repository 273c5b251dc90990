"""Where and with what a run was trained: kept beside its results, never part of its key."""

import os
import platform
import resource
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from paribus.functions.installed import LIBRARIES
from paribus.outgoing import shareable
from paribus.training.recipe import NUMERICS

OTHERS = ("torch", "keras", "tensorflow", "scikit-learn", "xgboost", "lightgbm")
"""Distributions that train in place of our engine."""
_MODULES = {"scikit-learn": "sklearn"}
FEATURES = ("avx512f", "avx2", "avx", "sse4_2", "asimd", "neon")


@cache
def versions() -> dict[str, str]:
    """Versions of Paribus, Python and the libraries that compute."""
    return {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}


@cache
def cpu() -> dict[str, str]:
    """The processor's name and its widest vector instructions, which decide its rounding."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return {"device": platform.processor() or platform.machine(), "cpu_features": "unknown"}
    pairs = (line.partition(":") for line in lines)
    facts = {key.strip(): value.strip() for key, _, value in pairs}
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    widest = next((feature for feature in FEATURES if feature in flags), "unknown")
    return {"device": facts.get("model name", platform.machine()), "cpu_features": widest}


def peak_memory(device: Any) -> int:
    """The most bytes taken so far: on a CPU by this process, else on the device."""
    found = None if device.platform == "cpu" else device.memory_stats()
    return found["peak_bytes_in_use"] if found else peak_process_memory()


def peak_process_memory() -> int:
    """The most bytes that this process has taken so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def foreign_provenance() -> dict[str, Any]:
    """Facts of this process, JSON-ready, where something else than our engine trains in it.

    With the versions of `LIBRARIES`, which no key has, and of what has been imported of `OTHERS`.
    """
    found = {name: version(name) for name in OTHERS if _MODULES.get(name, name) in sys.modules}
    return versions() | found | _machine() | cpu()


def _machine() -> dict[str, str]:
    return {"platform": f"{platform.system()} {platform.machine()}"}


def provenance(device: Any) -> dict[str, Any]:
    """Facts of this process and of the device that a run trains on, JSON-ready."""
    facts = versions() | {
        "numerics": NUMERICS,
        "xla_flags": shareable(os.environ.get("XLA_FLAGS", "")),  # may name a folder
        **_machine(),
    }
    if device.platform == "cpu":
        return facts | cpu()
    return facts | {"device": device.device_kind, "cpu_features": cpu()["cpu_features"]}
