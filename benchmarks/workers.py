"""How training scales from one worker to two: threads, worker processes, Ray.

Trains equal runs (MLP 64-256-10 on the embedded digits, batch 32) in empty labs on one worker and
on two, in turn, with programs compiled before. Prints runs per second from the first run's
beginning to the last one's end, and the ratio of two workers to twice one: medians over rounds.

    python benchmarks/workers.py [--runs N] [--epochs N] [--rounds N] [--on threads processes ray]
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from paribus.data.base import Source
from paribus.data.digits import Digits
from paribus.models.mlp import MLP
from paribus.optimizers.sgd import SGD
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, make_plan
from paribus.study.run import run_plan
from paribus.study.study import Study
from paribus.study.watch import Silent
from paribus.training.recipe import Recipe


def equal_runs(runs: int, epochs: int) -> Plan:
    """So many runs that take the same time."""
    study = Study(
        name="equal",
        question="How many runs a second?",
        recipe=Recipe(
            data=Digits(),
            model=MLP(hidden=(256,)),
            optimizer=SGD(learning_rate=0.1),
            batch_size=32,
            epochs=epochs,
            evaluate="end",
        ),
        replicates=runs,
    )
    return make_plan(study.at(), Source())


@dataclass
class Stopwatch(Silent):
    """When the first run began and the last one ended."""

    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def run_started(self, run, where, epoch=0):
        self.began.append(time.perf_counter())

    def run_done(self, run, status):
        self.ended.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        return max(self.ended) - min(self.began)


def runs_a_second(plan: Plan, on: str, workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        watch = Stopwatch()
        options = RunOptions(lab=Path(folder) / "lab", on=on, cores=workers, watch=watch)
        outcome = run_plan(plan, options)
    assert outcome.trained == len(plan.runs)
    return len(plan.runs) / watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--on", nargs="+", default=["threads", "processes", "ray"])
    asked = parser.parse_args()
    plan = equal_runs(asked.runs, asked.epochs)
    runs_a_second(equal_runs(2, asked.epochs), "threads", 1)  # compiles
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(asked.rounds):
        for on in asked.on:
            for workers in (1, 2):
                rate = runs_a_second(plan, on, workers)
                found.setdefault((on, workers), []).append(rate)
    print(f"{asked.runs} runs, medians of {asked.rounds} rounds, runs per second")
    for on in asked.on:
        one, two = (median(found[on, workers]) for workers in (1, 2))
        print(f"{on:>10}: {one:.2f} on one, {two:.2f} on two, {two / (2 * one):.2f} of twice")


if __name__ == "__main__":
    main()
