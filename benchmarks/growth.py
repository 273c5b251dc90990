"""Whether cost grows with the number of runs as it should: time in proportion, memory not at all.

Trains one study through the public command with 30 and with 300 replicates, each in a lab of its
own, and prints optimizer seconds and peak memory of the process. Programs are compiled before.

    python benchmarks/growth.py [EPOCHS]
"""

import json
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

FEW, MANY = 30, 300
STUDY = """\
from paribus import Recipe, Study, data, models, optimizers

STUDY = Study(
    name="growth",
    question="Do many runs cost more than few, each?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(128, 64)),
        optimizer=optimizers.Adam(learning_rate=1e-3),
        batch_size=32,
        epochs={epochs},
    ),
)
"""


@dataclass(frozen=True)
class Cost:
    """Of one study: seconds of optimizer steps and of the whole command, peak bytes."""

    train: float
    total: float
    peak: int


def cost(study: Path, lab: Path, replicates: int) -> Cost:
    """What so many runs take, in a program of their own."""
    paribus = Path(sysconfig.get_path("scripts")) / "paribus"
    arguments = ("run", study, "--replicates", str(replicates), "--lab", lab, "--json")
    # Of this program's children the largest is remembered: each study is measured in a new one.
    measure = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = (sys.executable, "-c", measure, paribus, *arguments)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    *_, printed, peak = done.stdout.splitlines()
    seconds = json.loads(printed)["seconds"]
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(seconds["train"], seconds["total"], int(peak) * unit)


def main() -> None:
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "growth.py"
        study.write_text(STUDY.format(epochs=epochs))
        cost(study, Path(folder) / "compiled", 2)
        few, many = (cost(study, Path(folder) / str(runs), runs) for runs in (FEW, MANY))
    for runs, one in ((FEW, few), (MANY, many)):
        seconds = f"{one.train:.2f} s of training on each core, {one.total:.2f} s in all"
        print(f"{runs:4} runs: {seconds}, peak {one.peak / 1e6:.0f} MB")
    times, memory = many.train / few.train, many.peak / few.peak
    print(f"{MANY / FEW:.0f} times the runs: {times:.2f} times the training (target: up to 10.5)")
    print(f"and {memory:.3f} times the memory (target: up to 1.1)")


if __name__ == "__main__":
    main()
