"""Who takes part in the engine's benchmark, and the command lines that start them.

Every contender is a program of its own, started anew for every measurement; what is timed is the
time until it has ended.
"""

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workloads import Workload

HERE = Path(__file__).parent
RUNS = 10
"""Runs of Paribus's study, and models that are trained at once where a peer does several."""
PARIBUS = "paribus"

Command = tuple[str, ...]


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Peer:
    """One way to train without Paribus; of the variants of one `way` the fastest counts."""

    name: str
    way: str
    title: str
    module: str
    needs: str
    models: int = 1
    threads: int = 1
    processes: int = 1

    @property
    def absent(self) -> str | None:
        """What to do so that this peer can take part; None where it can."""
        if importlib.util.find_spec(self.needs) is not None:
            return None
        return f"absent: pip install {self.needs}"

    def commands(self, name: str, data: Path, steps: int) -> list[Command]:
        """What is started, all at once, to train each model for so many steps."""
        arguments = ("--data", str(data), "--steps", str(steps))
        options = ("--models", str(self.models), "--threads", str(self.threads))
        one = (sys.executable, "-m", f"peers.{self.module}", name, *arguments, *options)
        return [one] * self.processes

    def model_steps(self, steps: int) -> int:
        """Optimizer steps summed over all models."""
        return steps * self.models * self.processes


PEERS: tuple[Peer, ...] = (
    Peer("dataloader", "dataloader", "PyTorch, DataLoader loop", "dataloader", "torch"),
    Peer("eager-1", "eager", "PyTorch, tuned, 1 thread", "eager", "torch"),
    Peer("eager-2", "eager", "PyTorch, tuned, 2 threads", "eager", "torch", threads=2),
    Peer(
        "processes",
        "processes",
        "PyTorch, tuned, a process per core",
        "eager",
        "torch",
        processes=cores(),
    ),
    Peer("vmap-1", "vmap", "torch.func.vmap, 10 models, 1 thread", "vmap", "torch", RUNS),
    Peer("vmap-2", "vmap", "torch.func.vmap, 10 models, 2 threads", "vmap", "torch", RUNS, 2),
    Peer("keras", "keras", "Keras on JAX", "keras_jax", "keras"),
    Peer("jax-1", "jax", "JAX by hand, scan", "jax_scan", "jax"),
    Peer("jax-10", "jax", "JAX by hand, vmap of 10 models", "jax_scan", "jax", RUNS),
)


def paribus_command(
    workload: Workload, lab: Path, epochs: int, data: Sequence[str], runs: int = RUNS
) -> Command:
    """`paribus run` as a user types it, into an empty lab; `data` are its options on data."""
    return (
        str(Path(sysconfig.get_path("scripts")) / "paribus"),
        *("run", str(HERE / "studies" / workload.study)),
        *("--replicates", str(runs), "--set", f"epochs={epochs}", *workload.options),
        *("--lab", str(lab), *data, "--json"),
    )
