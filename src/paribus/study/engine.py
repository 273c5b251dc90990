"""What trains a study: threads of this process, worker processes, or a Ray cluster."""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from paribus.errors import ExecutorError
from paribus.executors import Executor, InlineExecutor, ProcessExecutor, Setup, ThreadExecutor
from paribus.study.estimate import memory_bytes
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, by_recipe
from paribus.study.tasks import LaneHome
from paribus.training.lane import UNLIMITED
from paribus.training.platform import devices, usable_cores, xla_flags
from paribus.training.provenance import LIBRARIES

WORKER_BYTES = 700_000_000
"""What a worker takes beside data and models: Python, JAX and compiled programs."""


@dataclass(frozen=True)
class Engine:
    """An executor whose homes are lanes, each with room for so many runs side by side."""

    executor: Executor
    widest: int


def engine(plan: Plan, options: RunOptions) -> Engine:
    """The engine that the options ask for, started. Raises `ExecutorError` where it cannot be."""
    home = LaneHome(options.side_by_side)
    match options.on:
        case "threads":
            lanes = devices(options.cores)
            made: Executor = ThreadExecutor(len(lanes), home)
            accelerated = lanes[0].platform != "cpu"
        case "inline":
            made, accelerated = InlineExecutor(home), devices()[0].platform != "cpu"
        case "processes":
            made, accelerated = (
                ProcessExecutor(options.cores or usable_cores(), _setup(home)),
                False,
            )
        case "ray":
            made, accelerated = _on_ray(plan, options, _setup(home))
    return Engine(made, options.side_by_side or (UNLIMITED if accelerated else 1))


def _setup(home: LaneHome) -> Setup:
    return Setup(home, LIBRARIES, {"XLA_FLAGS": xla_flags()})


def look_for_workers(options: RunOptions) -> None:
    """Raises `ExecutorError` where it can be seen at once that there will be no engine."""
    if options.on == "ray":
        ray = _ray()
        if options.address is not None:
            ray.reach(options.address)


def _on_ray(plan: Plan, options: RunOptions, setup: Setup) -> tuple[Executor, bool]:
    ray = _ray()
    there = ray.cluster(options.address, options.cores)
    accelerated = there.resources.get("GPU", 0) >= 1
    largest = [runs[0] for runs in by_recipe(plan.runs)]
    wanted: dict[str, Any] = {
        "num_cpus": 1,
        "num_gpus": int(accelerated),
        "memory": memory_bytes(largest, lanes=1) + WORKER_BYTES,
    }
    return ray.RayExecutor(there, setup, resources=wanted, most=options.cores), accelerated


def _ray() -> ModuleType:
    """Our module for Ray, which is optional, and slow to load."""
    try:
        return importlib.import_module("paribus.executors.ray")
    except ImportError:
        raise ExecutorError(
            "training on Ray needs the package ray, which is not installed here. "
            "Install it with: pip install 'paribus[ray]'"
        ) from None
