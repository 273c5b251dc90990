"""The engine's speed: Paribus through its public command against every way to do it by hand.

For each workload, in rounds (Paribus, then each peer, then again from the start), every contender
trains for a short and for a long time as a program of its own. The difference in wall-clock time,
seen from outside, by the difference in optimizer steps summed over models is the cost of a
*model-step*; what remains of the short time is start-up: imports, reading data, compiling, and
for Paribus evaluation, storing and the report. No peer evaluates; Paribus does at the end, in
both of its lengths. Programs of Paribus are compiled before the first round, by a short study.

Paribus trains ten runs on all cores. The table gives medians over rounds, and in the column
"/ Paribus" the median of each round's ratio. The floor is defined in `floor.py`; its entry in
that column is the share of Paribus's time that it accounts for.

    python benchmarks/engine.py --workload mlp --peers eager,jax --rounds 3 --json FILE
"""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from contenders import HERE, PARIBUS, PEERS, RUNS, Peer, cores, paribus_command
from paribus import data
from paribus.data.base import DataSpec, Source
from paribus.errors import ParibusError
from slopes import ContenderFailedError, Series, Timed, Training, table, timed
from workloads import WORKLOADS, Workload

HOPELESS = 1.5
"""A variant that was so many times slower than the best of its way in round 1 is left out."""
SHORT = 8
"""A peer's long training has so many times the steps of its short one."""
EXAMPLES = 20_000
"""Training examples that peers get: fewer than all, because converting them is start-up."""
WAYS = tuple(dict.fromkeys(peer.way for peer in PEERS))
DATA: dict[str, DataSpec] = {
    "fashion_mnist": data.FashionMNIST(),
    "cifar10": data.CIFAR10(),
    "cifar10_gray": data.CIFAR10(grayscale=True),
}


class Benchmark:
    """One workload: its contenders, measured round by round."""

    def __init__(self, name: str, peers: Iterable[Peer], folder: Path, asked: Any) -> None:
        self.name, self.workload = name, WORKLOADS[name]
        self.folder, self.source, self.seconds = folder, asked.data_dir, asked.seconds
        self.peers = [peer for peer in peers if peer.name in self.workload.expected]
        self.floors: list[dict[str, float]] = []
        self.started: dict[str, float] = {}
        self.series = {PARIBUS: Series(f"Paribus, {RUNS} runs", PARIBUS)}
        self.series |= {peer.name: Series(peer.title, peer.way) for peer in self.peers}

    def warm_up(self) -> None:
        """Compiles Paribus's programs on every core, and reads every peer's files once."""
        self._paribus(epochs=1, runs=cores())
        for peer in self.peers:
            self.started[peer.name] = self._peer(peer, 1).seconds

    def round(self) -> None:
        """Every contender once, Paribus first."""
        short, long = self.workload.epochs
        self._add(PARIBUS, self._paribus(short), self._paribus(long))
        for peer in self.peers:
            steps = max(2, round(self.seconds * 1e6 / self.workload.expected[peer.name]))
            brief = self._peer(peer, max(1, steps // SHORT))
            if brief.seconds > self.started[peer.name] + self.seconds:
                steps = 2 * max(1, steps // SHORT)  # far slower than expected
            self._add(peer.name, brief, self._peer(peer, steps))
        self.floors.append(self._floor())

    def drop_hopeless(self) -> None:
        """Leaves out the variants of a way that are far from its best."""
        best: dict[str, float] = {}
        for one in self.series.values():
            best[one.way] = min(one.median, best.get(one.way, math.inf))
        self.peers = [
            peer
            for peer in self.peers
            # A cost that is not positive is of a disturbed round, and shows nothing.
            if best[peer.way] <= 0 or self.series[peer.name].median <= HOPELESS * best[peer.way]
        ]

    def floor(self) -> list[float]:
        """Microseconds per model-step of each round's floor."""
        return [sum(parts.values()) for parts in self.floors]

    def _add(self, name: str, short: Training, long: Training) -> None:
        series = self.series[name]
        series.add(short, long)
        cost = f"{series.microseconds[-1]:,.0f} us, CPU {series.busy[-1]:,.0f} us"
        where = f"{self.name}, round {len(series.busy)}"
        print(f"{where}, {name}: {cost}", file=sys.stderr, flush=True)

    def _paribus(self, epochs: int, runs: int = RUNS) -> Training:
        options = () if self.source is None else ("--data-dir", str(self.source))
        with tempfile.TemporaryDirectory(dir=self.folder) as lab:
            command = paribus_command(self.workload, Path(lab) / "lab", epochs, options, runs)
            found = timed([command], self.folder)
        steps = runs * epochs * self.workload.steps_per_epoch
        printed = found.printed[0]
        if (printed["runs"]["trained"], printed["model_steps"]) != (runs, steps):
            raise ContenderFailedError(f"should have taken {steps} steps: {printed}")
        return Training(found.seconds, found.busy, steps)

    def _peer(self, peer: Peer, steps: int) -> Training:
        found = timed(peer.commands(self.name, self.folder, steps), HERE)
        self.series[peer.name].loss = _loss(found, peer)
        return Training(found.seconds, found.busy, peer.model_steps(steps))

    def _floor(self) -> dict[str, float]:
        command = (sys.executable, "-m", "floor", self.name)
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        found = timed([command] * cores(), HERE, one_thread).printed
        return {part: statistics.mean(one[part] for one in found) / cores() for part in found[0]}


def _loss(found: Timed, peer: Peer) -> float:
    loss = statistics.mean(one["loss"] for one in found.printed)
    if not math.isfinite(loss):
        raise ContenderFailedError(f"{peer.name}: its last loss is {loss}")
    return loss


def save_arrays(workloads: Iterable[Workload], folder: Path, source: Path | None) -> None:
    """Writes images and labels of training examples, once, for peers to read as they are."""
    for name in dict.fromkeys(workload.data for workload in workloads):
        dataset = DATA[name].load(Source(folder=source))
        chosen = dataset.train[:EXAMPLES]
        np.save(folder / f"{name}-images.npy", dataset.inputs[chosen])
        np.save(folder / f"{name}-labels.npy", dataset.targets[chosen].astype(np.int64))


def machine() -> dict[str, Any]:
    """The processor, its cores, the load as the benchmark starts, and versions."""
    found: dict[str, Any] = {"processor": _processor(), "cores": cores()}
    found["load"] = round(os.getloadavg()[0], 1)
    found["python"] = platform.python_version()
    for name in ("paribus", "jax", "jaxlib", "optax", "numpy", "torch", "keras"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")


def run(name: str, peers: Sequence[Peer], folder: Path, asked: Any) -> dict[str, Any]:
    """Measures one workload, prints its table, and returns all of it as JSON-ready values."""
    begun = time.perf_counter()
    benchmark = Benchmark(name, peers, folder, asked)
    benchmark.warm_up()
    for number in range(asked.rounds):
        benchmark.round()
        if number == 0:
            benchmark.drop_hopeless()
    minutes = (time.perf_counter() - begun) / 60
    load = round(os.getloadavg()[0], 1)
    print(f"\n### {benchmark.workload.title}\n")
    print(table(benchmark.series, PARIBUS, benchmark.floor()))
    print(
        f"\nRounds: {asked.rounds}, in {minutes:.1f} minutes; load at the end {load}", flush=True
    )
    return {
        "title": benchmark.workload.title,
        "load": load,
        "contenders": {key: asdict(one) for key, one in benchmark.series.items()},
        "floor": benchmark.floors,
    }


def names(allowed: Sequence[str]) -> Any:
    """A reader of names with commas in between."""

    def read(text: str) -> list[str]:
        found = [name.strip() for name in text.split(",")]
        unknown = [name for name in found if name not in allowed]
        if unknown:
            problem = f"got {', '.join(unknown)}; allowed: {', '.join(allowed)}"
            raise argparse.ArgumentTypeError(problem)
        return found

    return read


def count(text: str) -> int:
    """A reader of a whole number, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}; allowed: 1 or more")
    return int(text)


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description="Times the engine and its peers.")
    folder = os.environ.get("PARIBUS_DATA")
    parser.add_argument("--workload", type=names(tuple(WORKLOADS)), default=list(WORKLOADS))
    parser.add_argument("--peers", type=names(WAYS), default=list(WAYS))
    parser.add_argument("--rounds", type=count, default=3)
    parser.add_argument("--seconds", type=count, default=3, help="a peer's long training")
    parser.add_argument("--data-dir", type=Path, default=Path(folder) if folder else None)
    parser.add_argument("--json", type=Path, help="a file for everything that was measured")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    wanted = [peer for peer in PEERS if peer.way in asked.peers]
    for peer in wanted:
        if peer.absent:
            print(f"{peer.name}: {peer.absent}")
    present = [peer for peer in wanted if not peer.absent]
    found = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            workloads = [WORKLOADS[name] for name in asked.workload]
            save_arrays(workloads, Path(folder), asked.data_dir)
            for name in asked.workload:
                found[name] = run(name, present, Path(folder), asked)
    except (ParibusError, ContenderFailedError) as error:
        sys.exit(f"error: {error}")
    if asked.json:
        asked.json.write_text(json.dumps({"machine": facts, "workloads": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
