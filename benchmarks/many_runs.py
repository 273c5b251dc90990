"""What commands take in a lab of 100,000 runs: seconds and memory of whole processes.

Writes a study file, and a lab that holds all its runs as training would have left them: the usual
measurements of five epochs, which test examples are right, small weights, all of it noise. Then
runs each command in turn and prints medians of wall-clock seconds, user CPU seconds and the most
memory that the process took. The designs differ in how many conditions the runs are of.

    python benchmarks/many_runs.py [--runs N] [--conditions N,N] [--rounds N] [--folder FOLDER]

The conditions are 20, 1,000 or 10,000. Labs are made in FOLDER, and used again if they are there;
without it they are gone at the end.
"""

import argparse
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from paribus.cli.arguments import find_study
from paribus.data.base import Source
from paribus.store.catalogue import FILE, Catalogue
from paribus.store.records import Measurement, StoredRun
from paribus.store.runs import insert_run
from paribus.store.sqlite import SqliteDatabase
from paribus.study.plan import Plan, PlannedRun, make_plan

EPOCHS = 5
AT_ONCE = 1_000
"""Runs in one transaction: training stores each in its own."""
SHAPES = {20: (5, 4, 1, 1), 1_000: (20, 10, 5, 1), 10_000: (20, 10, 10, 5)}
"""How many learning rates, widths, penalties and momenta make so many conditions."""
TARGETS = {"plan": 10.0, "status": 2.0, "table": 2.0}
"""Seconds of wall-clock time."""
STUDY = """\
from paribus import Factor, Recipe, Study, data, models, optimizers

rates, widths, penalties, momenta = {shape}
STUDY = Study(
    name="many-runs",
    question="What does a lab of many runs cost?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(8,)),
        optimizer=optimizers.SGD(learning_rate=0.1),
        batch_size=32,
        epochs={epochs},
    ),
    factors=[
        Factor("optimizer.learning_rate", [0.001 * (n + 1) for n in range(rates)]),
        Factor("model.hidden", {{str(n + 1): (n + 1,) for n in range(widths)}}, name="width"),
        Factor("penalties.l2", [0.0001 * n for n in range(penalties)]),
        Factor("optimizer.momentum", [0.1 * n for n in range(momenta)]),
    ],
    replicates={replicates},
)
"""


def write_study(path: Path, conditions: int, runs: int) -> None:
    """A study of so many conditions with so many runs in all."""
    shape = SHAPES[conditions]
    path.write_text(STUDY.format(shape=shape, epochs=EPOCHS, replicates=runs // conditions))


def fill(lab: Path, plan: Plan) -> None:
    """A lab that holds every run of a plan."""
    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(plan.entry)
    database = SqliteDatabase(lab / FILE)
    random = np.random.default_rng(0)
    runs = iter(plan.runs)
    while some := list(islice(runs, AT_ONCE)):
        with database.writing() as connection:
            for run in some:
                insert_run(connection, made_up(run, random))
    database.close()


def made_up(run: PlannedRun, random: np.random.Generator) -> StoredRun:
    """A run as training would have left it, of noise."""
    return StoredRun(
        key=run.key,
        recipe=run.recipe.as_json(),
        replicate=run.seed,
        fingerprint="digits",
        status="finished" if random.random() > 0.01 else "diverged",
        parameters=run.parameters,
        provenance=provenance(run, float(random.random())),
        measurements=tuple(measured(random)),
        artifacts={
            "correct": np.packbits(random.random(360) < 0.9).tobytes(),
            "weights.safetensors": random.bytes(4 * run.parameters),
        },
    )


def measured(random: np.random.Generator) -> Iterator[Measurement]:
    """What every run measures."""
    epochs = {"epoch": np.arange(EPOCHS + 1)}
    for split in ("train", "test"):
        for quantity in ("loss", "accuracy", "precision", "recall"):
            yield Measurement(f"{split}/{quantity}", random.random(EPOCHS + 1), coords=epochs)
    after = {"epoch": np.arange(1, EPOCHS + 1)}
    yield Measurement("batch/loss", random.random(EPOCHS), coords=after)
    counts = random.multinomial(36, np.full(10, 0.1), size=(1, 10))
    names = np.array([str(digit) for digit in range(10)])
    coords = {"epoch": np.array([EPOCHS]), "true": names, "predicted": names}
    yield Measurement("test/confusion", counts, ("epoch", "true", "predicted"), coords)


def provenance(run: PlannedRun, seconds: float) -> dict[str, Any]:
    """As much as training writes of where and how long a run was trained."""
    versions = dict.fromkeys(
        ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "python"), "1.2.3"
    )
    spent = {"compile": 0.0, "train": seconds, "evaluate": 0.1 * seconds, "probe": 0.0}
    return versions | {
        "paribus": "0.1.0",
        "numerics": 2,
        "xla_flags": "--xla_force_host_platform_device_count=2",
        "platform": "Linux x86_64",
        "device": "AMD EPYC",
        "cpu_features": "avx512f",
        "cores": 2,
        "data": {"name": "Digits", "fingerprint": "digits", "state": "embedded"},
        "started": "2026-03-01T12:00:00+00:00",
        "finished": "2026-03-01T12:00:09+00:00",
        "peak_memory_bytes": 402_370_560,
        "seconds": spent,
        "model_steps": run.steps,
        "epochs": EPOCHS,
        "restarts": 0,
        "precision": "float32",
        "examples": {"train": 1437, "validation": 0, "test": 360},
    }


def measure(command: Sequence[str], lab: Path) -> tuple[float, float, float]:
    """Wall-clock seconds, user CPU seconds and megabytes of one command."""
    program = str(Path(sysconfig.get_path("scripts")) / "paribus")
    begun = time.perf_counter()
    with subprocess.Popen(
        [program, *command, "--lab", str(lab)], stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        sys.exit(f"paribus {' '.join(command)} ended with {process.returncode}")
    per_megabyte = 2**20 if sys.platform == "darwin" else 2**10
    return seconds, usage.ru_utime, usage.ru_maxrss / per_megabyte


def commands(study: Path) -> list[tuple[str, ...]]:
    """The commands that are timed."""
    return [
        ("plan", str(study)),
        ("plan", str(study), "--json"),
        ("status",),
        ("status", "--json"),
        ("table", "many-runs"),
        ("table", "many-runs", "--json"),
        ("table", "many-runs", "--metric", "test/loss"),
    ]


def told(command: Sequence[str], found: Sequence[tuple[float, float, float]]) -> str:
    """A row of the table: medians over rounds."""
    wall, user, memory = map(statistics.median, zip(*found, strict=True))
    shown = " ".join(word for word in command if "/" not in word or word.startswith("test/"))
    target = TARGETS.get(command[0])
    spread = f"{min(one[0] for one in found):.2f} to {max(one[0] for one in found):.2f}"
    return f"| `{shown}` | {wall:.2f} | {spread} | {user:.2f} | {memory:.0f} | {target or ''} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--conditions", default="20,1000,10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for conditions in map(int, asked.conditions.split(",")):
            folder = (asked.folder or Path(temporary)) / f"{conditions}-{asked.runs}"
            report(folder, conditions, asked.runs, asked.rounds)


def report(folder: Path, conditions: int, runs: int, rounds: int) -> None:
    """Prints what each command takes, of a lab that is filled first where it is not there."""
    study, lab = folder / "many_runs.py", folder / "lab"
    if not lab.is_dir():
        folder.mkdir(parents=True)
        write_study(study, conditions, runs)
        fill(lab, make_plan(find_study(str(study)).at(), Source()))
    found: dict[tuple[str, ...], list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for command in commands(study):
            found.setdefault(command, []).append(measure(command, lab))
    size, load = (lab / FILE).stat().st_size / 2**20, os.getloadavg()[0]
    print(f"\n{runs:,} runs of {conditions:,} conditions, {size:,.0f} MB, load {load:.1f}")
    print("| command | seconds, median | min to max | user CPU s | MB | target, s |")
    print("|---|---|---|---|---|---|")
    for command, taken in found.items():
        print(told(command, taken))


if __name__ == "__main__":
    main()
