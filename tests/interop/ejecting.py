"""Runs trained, ejected, and their scripts run where there is no Paribus."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from paribus import Factor, Study
from paribus.data.base import Source
from paribus.interop.eject import eject
from paribus.interop.stored import find_run
from paribus.store import Catalogue
from paribus.store.records import StoredRun
from paribus.study.options import RunOptions
from paribus.study.plan import PlannedRun, make_plan
from paribus.study.run import run_plan
from paribus.training import Recipe

ALONE = """\
import contextlib, io, json, runpy, sys
import torch

torch.set_num_threads(1)
told = []
for script in sys.argv[1:]:
    torch.set_default_dtype(torch.float32)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        runpy.run_path(script, run_name="__main__")
    told.append(said.getvalue())
print(json.dumps({"told": told, "loaded": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class Ran:
    """A run's own record, its folder, and what its script printed."""

    planned: PlannedRun
    stored: StoredRun
    folder: Path
    told: str

    def recorded(self, name: str) -> NDArray[Any]:
        """A measurement of Paribus's."""
        return next(one.values for one in self.stored.measurements if one.name == name)

    def printed(self, name: str) -> list[float]:
        """The numbers that the script gave under a name, epoch by epoch."""
        lines = [line for line in self.told.splitlines() if line.startswith("epoch")]
        parts = [part.strip() for line in lines for part in line.partition(":")[2].split(",")]
        return [float(part.split()[-1]) for part in parts if part.startswith(name)]

    def weights(self, name: str) -> dict[str, NDArray[Any]]:
        """One of the files of weights."""
        return load_file(self.folder / f"{name}.safetensors")


def train(
    recipe: Recipe, cases: Mapping[str, Any], replicates: int, lab: Path
) -> list[PlannedRun]:
    """The runs of a study of these cases, trained into a lab."""
    study = Study(
        name="cases",
        question="Which?",
        recipe=recipe,
        factors=[Factor("case", cases)],
        replicates=replicates,
    )
    plan = make_plan(study.at(), Source())
    outcome = run_plan(plan, RunOptions(lab=lab))
    assert not outcome.failures
    return list(plan.runs)


def eject_all(runs: Sequence[PlannedRun], lab: Path, folder: Path) -> dict[str, Ran]:
    """Runs ejected and their scripts run in one process without Paribus, by case."""
    folders = [folder / run.key[:12] for run in runs]
    for run, into in zip(runs, folders, strict=True):
        source = Source(getattr(run.recipe.data, "folder", None))
        eject(find_run(lab, run.key[:12]), source, into)
    said = alone(["-c", ALONE, *(str(into / "train.py") for into in folders)], folder)
    found = json.loads(said)
    assert not {"paribus", "jax", "equinox"} & set(found["loaded"])
    with Catalogue.open(lab, create=False) as catalogue:
        return {
            run.condition["case"]: Ran(run, catalogue.run(run.key), into, told)
            for run, into, told in zip(runs, folders, found["told"], strict=True)
        }


def alone(arguments: Sequence[str], folder: Path) -> str:
    """What a Python that is cut off from this one's surroundings prints."""
    command = [sys.executable, "-I", *arguments]
    done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def apart(ours: Mapping[str, NDArray[Any]], theirs: Mapping[str, NDArray[Any]]) -> float:
    """The largest difference of any weight or bias, relative to the largest of all."""
    assert ours.keys() == theirs.keys()
    difference = max(np.abs(ours[name].astype(float) - theirs[name]).max() for name in ours)
    return difference / max(np.abs(array).max() for array in theirs.values())
