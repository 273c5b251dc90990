"""What a run costs beyond its training: planning, storing and all Python in between.

Trains a study of tiny runs (one linear layer on the embedded digits, full batch, one epoch) in an
empty lab, then plans it again with everything stored. Prints milliseconds per run: wall-clock
time of the whole study less what its lanes spent compiling, training and evaluating. Each run is
a task of its own for the workers, which are started within that time: a study of a fifth as many
runs, trained first, tells what a further run takes once they are there.

    python benchmarks/overhead.py [--runs N] [--on threads processes ray]
"""

import argparse
import tempfile
import time
from pathlib import Path

from paribus.data.base import Source
from paribus.data.digits import Digits
from paribus.models.mlp import MLP
from paribus.optimizers.sgd import SGD
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.study import Study
from paribus.training.recipe import Recipe


def tiny_study(runs: int) -> Study:
    """A study whose runs take about a millisecond to train."""
    return Study(
        name="tiny",
        question="How long does everything but training take?",
        recipe=Recipe(
            data=Digits(),
            model=MLP(hidden=()),
            optimizer=SGD(learning_rate=0.1),
            batch_size=1437,
            epochs=1,
            evaluate="end",
        ),
        replicates=runs,
    )


def measure(runs: int, lab: Path, on: str) -> dict[str, float]:
    """Seconds by part of a study of tiny runs."""
    options = RunOptions(lab=lab, source=Source(), on=on)
    begun = time.perf_counter()
    plan = make_plan(tiny_study(runs).at(), options.source)
    planned = time.perf_counter()
    outcome = run_plan(plan, options)
    done = time.perf_counter()
    again = run_plan(plan, options)
    assert (outcome.trained, again.trained) == (runs, 0)
    spent = outcome.seconds
    busy = spent["compile"] + spent["train"] + spent["evaluate"] + spent["data"]
    return {
        "plan": planned - begun,
        "run beyond data, compiling, training, evaluating": done - planned - busy,
        "of that, storing": spent["store"],
        "run again, everything stored": again.seconds["total"],
    }


def overhead(found: dict[str, float]) -> float:
    """Seconds of everything but training: planning, and what running took beyond its lanes."""
    planning, beyond, *_ = found.values()
    return planning + beyond


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--on", nargs="+", default=["threads"])
    asked = parser.parse_args()
    few = asked.runs // 5
    for on in asked.on:
        with tempfile.TemporaryDirectory() as folder:
            short = measure(few, Path(folder) / "few", on)
            found = measure(asked.runs, Path(folder) / "lab", on)
        print(f"{asked.runs} tiny runs on {on}, milliseconds per run (wall-clock):")
        for name, seconds in found.items():
            print(f"  {seconds / asked.runs * 1e3:8.3f}  {name}")
        further = (overhead(found) - overhead(short)) / (asked.runs - few)
        print(f"  {overhead(found) / asked.runs * 1e3:8.3f}  overhead in all")
        print(f"  {further * 1e3:8.3f}  overhead of each run after the first {few}")


if __name__ == "__main__":
    main()
