"""How honest the time left is: predicted against true seconds, at each twentieth of a study.

Each study is trained as a process of its own, in an empty lab: first with an empty cache of
compiled programs, then again with what is in it. A watch notes when it is told what; afterwards
the notes are played to `Progress` on the clock of that time, so that two ways to predict are
judged on the very same seconds:

- share: seconds so far x (1 - share) / share, the share of the cost that is done
- played: what `paribus status` shows, the runs left played through at the pace of their cohorts

The truth is when the last run was stored. Prints the median and the 90th percentile of
|predicted - true| / true total, and how often there was no prediction yet. On a machine that does
other work, which comes and goes, `--cpu` tells all times in CPU seconds of the process, on one
lane.

    python benchmarks/time_left.py [--cores N] [--cpu] [--again N] [--longer N] [STUDY ...]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paribus import studies
from paribus.data.base import Source
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, PlannedRun, make_plan
from paribus.study.progress import Progress
from paribus.study.run import run_plan

STUDIES = ("function-fitting", "activations", "batch-size", "depth-to-stall", "learning-rate")
PARTS = 20


Event = tuple[float, str, tuple[Any, ...]]
"""When, and which method of a watch was called with what."""


@dataclass
class Noted:
    """A watch that notes what it is told and when."""

    clock: Callable[[], float] = time.perf_counter
    events: list[Event] = field(default_factory=list)

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Noted."""
        self._note("planned", plan, list(to_train))

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        """Noted."""
        self._note("run_started", run, where, epoch)

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Noted."""
        self._note("epoch_done", run, epoch)

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Noted."""
        self._note("run_done", run, status)

    def _note(self, method: str, *arguments: Any) -> None:
        self.events.append((self.clock(), method, arguments))


def predictions(noted: Noted) -> Iterator[tuple[float, float | None, float | None]]:
    """True seconds left and those predicted in two ways, at each twentieth, from total to 0."""
    begun, end = noted.events[0][0], noted.events[-1][0]
    now = begun
    progress = Progress(clock=lambda: now)
    waiting = deque(noted.events)
    for part in range(1, PARTS):
        moment = begun + (end - begun) * part / PARTS
        while waiting and waiting[0][0] <= moment:
            now, method, arguments = waiting.popleft()
            getattr(progress, method)(*arguments)
        now = moment
        share = progress.share
        by_share = (now - begun) * (1 - share) / share if share > 0 else None
        yield end - moment, by_share, progress.seconds_left


def train(name: str, asked: argparse.Namespace) -> None:
    """Trains a study and prints what was predicted, as one line of JSON."""
    study = studies.named(name)
    epochs = study.at().recipe.epochs * asked.longer
    plan = make_plan(study.at(values={"epochs": epochs} if asked.longer > 1 else {}), Source())
    noted = Noted(time.process_time if asked.cpu else time.perf_counter)
    with tempfile.TemporaryDirectory() as folder:
        run_plan(plan, RunOptions(lab=Path(folder) / "lab", cores=asked.cores, watch=noted))
    found = list(predictions(noted))
    total = noted.events[-1][0] - noted.events[0][0]
    print(json.dumps({"total": total, "predicted": found}))


def trained(name: str, asked: argparse.Namespace, cache: str) -> dict[str, Any]:
    """What a process that trained the study printed."""
    words = [sys.executable, __file__, "--train", name, "--longer", str(asked.longer)]
    words += [] if asked.cores is None else ["--cores", str(asked.cores)]
    words += ["--cpu"] if asked.cpu else []
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": cache}
    ended = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def errors(found: dict[str, Any], way: int) -> list[float]:
    """|predicted - true| / true total, where there is a prediction."""
    pairs = [(row[0], row[way]) for row in found["predicted"]]
    return [abs(told - true) / found["total"] for true, told in pairs if told is not None]


def line(of: list[float], asked: int) -> str:
    """Median and 90th percentile in per cent, and how many moments had no prediction."""
    if not of:
        return f"{'-':>12} {'-':>6} {asked:4d}"
    median, high = np.percentile(of, [50, 90]) * 100
    return f"{median:12.1f} {high:6.1f} {asked - len(of):4d}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("studies", nargs="*", default=STUDIES)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--again", type=int, default=1, help="how often with a full cache")
    parser.add_argument("--cpu", action="store_true", help="CPU seconds, on one lane")
    parser.add_argument("--longer", type=int, default=1, help="times as many epochs")
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.cores = 1 if asked.cpu else asked.cores
    if asked.train:
        train(asked.studies[0], asked)
        return
    heads = "   ".join(f"{way + ': 50 %':>12} {'90 %':>6} none" for way in ("share", "played"))
    print(f"{'per cent of the total':30} {'seconds':>8} {heads}")
    every: list[dict[str, Any]] = []
    for name in asked.studies:
        with tempfile.TemporaryDirectory() as cache:
            for time_of in range(1 + asked.again):
                every.append(trained(name, asked, cache))
                show(f"{name}{', compiled before' if time_of else ''}", every[-1:])
    show("all", every)


def show(what: str, found: list[dict[str, Any]]) -> None:
    """Prints a line about these studies."""
    told = []
    for way in (1, 2):
        rows = [error for one in found for error in errors(one, way)]
        told.append(line(rows, len(found) * (PARTS - 1)))
    seconds = sum(one["total"] for one in found)
    print(f"{what:30} {seconds:8.1f} {'   '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
