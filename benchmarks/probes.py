"""What measuring every layer after every epoch costs, as a share of training.

Trains the two perceptrons of the engine's benchmark with the whole per-layer set of probes:
gradient, weights, their change, update-to-weight ratio, dead and saturated units. Prints, for
each, the median over runs of the seconds spent in probes by those spent in optimizer steps.

    python benchmarks/probes.py [--epochs 5] [--replicates 4] [--data FOLDER]
"""

import argparse
import os
import runpy
import statistics
import tempfile
from pathlib import Path

from paribus import probes
from paribus.data.files import find_source
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.study import Study

STUDIES = Path(__file__).parent / "studies"
WHOLE_SET = (
    probes.GradientNorm(),
    probes.WeightNorm(),
    probes.WeightChange(),
    probes.UpdateRatio(),
    probes.HiddenUnits(),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--replicates", type=int, default=4)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    print(f"probes / training, median [least, most] of {asked.replicates} runs:")
    for name in ("fashion_mlp", "cifar_mlp"):
        shares = measure(name, asked.epochs, asked.replicates, asked.data)
        middle, ends = statistics.median(shares), (min(shares), max(shares))
        print(f"  {name:12} {middle:6.1%} [{ends[0]:.1%}, {ends[1]:.1%}]  (target: under 5 %)")


def measure(name: str, epochs: int, replicates: int, data: Path | None) -> list[float]:
    """Of each run, seconds in probes by seconds of training."""
    study: Study = runpy.run_path(str(STUDIES / f"{name}.py"))["STUDY"]
    probed = study.model_copy(update={"probes": WHOLE_SET})
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(lab=Path(folder), source=find_source(data, os.environ))
        scaled = probed.at(values={"epochs": epochs, "evaluate": 1}, replicates=replicates)
        results = run_plan(make_plan(scaled, options.source), options).results()
    return (results.runs["probe_seconds"] / results.runs["train_seconds"]).tolist()


if __name__ == "__main__":
    main()
