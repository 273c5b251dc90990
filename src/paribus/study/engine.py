"""What trains a study: threads of this process, worker processes, or a Ray cluster.

And which tasks they are given: those of our engine, or of a trainer of the user's own.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Protocol

from paribus.errors import DeclarationError, Fault
from paribus.executors import (
    Executor,
    InlineExecutor,
    ProcessExecutor,
    Setup,
    Task,
    ThreadExecutor,
)
from paribus.executors.base import nothing
from paribus.extras import extra
from paribus.functions.installed import LIBRARIES
from paribus.study.estimate import memory_bytes
from paribus.study.foreign import Foreign
from paribus.study.foreign_training import foreign_task
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, PlannedRun, by_recipe
from paribus.study.tasks import LaneHome, native_task
from paribus.training.lane import UNLIMITED
from paribus.training.platform import ONE_THREAD_OF_BLAS, device, devices, usable_cores

FOREIGN_LIBRARIES = ("paribus", "numpy")
"""What has to have the same version wherever a trainer of the user's own runs."""
WORKER_BYTES = 700_000_000
"""What a worker takes beside data and models: Python, JAX and compiled programs."""

_SEVERAL = "leave it out, or say `--on processes` (on='processes'), which trains several at once"


class MakeTask(Protocol):
    """Makes the task that trains some runs of one cohort."""

    def __call__(
        self,
        runs: Sequence[PlannedRun],
        data: str | None,
        facts: Mapping[str, Any],
        checkpoints: Mapping[str, bytes],
    ) -> Task[None]:
        """`data` names their shared data set, `facts` join their provenance."""
        ...


@dataclass(frozen=True)
class Engine:
    """An executor, the runs that a task of it may have side by side, and what makes its tasks."""

    executor: Executor
    widest: int
    task: MakeTask


def engine(plan: Plan, options: RunOptions) -> Engine:
    """The engine that the options ask for, started. Raises `ParibusError` where it cannot be."""
    apparatus = plan.study.apparatus
    if not isinstance(apparatus, Foreign):
        return _native(plan, options)
    return Engine(_foreign_executor(plan, options), 1, partial(foreign_task, apparatus))


def _native(plan: Plan, options: RunOptions) -> Engine:
    home = LaneHome(options.side_by_side)
    match options.on:
        case "threads":
            lanes = devices(options.cores)  # made before there are threads
            made: Executor = ThreadExecutor(len(lanes), home)
            accelerated = lanes[0].platform != "cpu"
        case "inline":
            made, accelerated = InlineExecutor(home), device(0).platform != "cpu"
        case "processes":
            made, accelerated = (
                ProcessExecutor(options.cores or usable_cores(), _setup(home)),
                False,
            )
        case "ray":
            made, accelerated = _on_ray(plan, options, _setup(home))
    widest = options.side_by_side or (UNLIMITED if accelerated else 1)
    return Engine(
        made, widest, partial(native_task, plan.study.probes, options.checkpoint_seconds)
    )


def _check_foreign(options: RunOptions) -> None:
    """Raises `DeclarationError` where more is asked for than a trainer of the user's own gets."""
    faults = []
    if options.on in ("threads", "inline") and (options.cores or 1) > 1:
        problem = "there a trainer of your own trains one run at a time"
        told = f"got {options.cores} with on={options.on!r}; {problem}: {_SEVERAL}"
        faults.append(Fault("cores", told))
    if (options.side_by_side or 1) > 1:
        problem = "runs of a trainer of your own share no program"
        told = f"got {options.side_by_side}; {problem}: {_SEVERAL}"
        faults.append(Fault("side_by_side", told))
    if faults:
        raise DeclarationError(type(options).__name__, faults)


def _foreign_executor(plan: Plan, options: RunOptions) -> Executor:
    """In threads one run at a time: other libraries have one random state for a whole process."""
    setup = Setup(nothing, FOREIGN_LIBRARIES)
    match options.on:
        case "threads":
            return ThreadExecutor(1)
        case "inline":
            return InlineExecutor()
        case "processes":
            return ProcessExecutor(options.cores or usable_cores(), setup)
        case "ray":
            return _on_ray(plan, options, setup)[0]


def _setup(home: LaneHome) -> Setup:
    environment = {"XLA_FLAGS": os.environ.get("XLA_FLAGS", "")} | ONE_THREAD_OF_BLAS
    return Setup(home, LIBRARIES, environment)


def look_for_workers(plan: Plan, options: RunOptions) -> None:
    """Raises `ParibusError` where it can be seen at once that there will be no engine."""
    if isinstance(plan.study.apparatus, Foreign):
        _check_foreign(options)
    if options.on == "ray":
        _ray().find(options.address)


def _on_ray(plan: Plan, options: RunOptions, setup: Setup) -> tuple[Executor, bool]:
    ray = _ray()
    there = ray.cluster(options.address, options.cores)
    accelerated = there.resources.get("GPU", 0) >= 1
    models = [runs[0] for runs in by_recipe(plan.runs)] if plan.study.trainer is None else []
    wanted: dict[str, Any] = {
        "num_cpus": 1,
        "num_gpus": int(accelerated),
        "memory": memory_bytes(models, lanes=1) + WORKER_BYTES,
    }
    return ray.RayExecutor(there, setup, resources=wanted, most=options.cores), accelerated


def _ray() -> ModuleType:
    """Our module for Ray, which is optional, and slow to load."""
    return extra("paribus.executors.ray", "ray", "training on Ray")
