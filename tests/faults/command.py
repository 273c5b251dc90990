"""A `paribus run` of the study in a process of its own, on which faults are let loose."""

import json
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cli.processes import start
from faults.labs import stored
from faults.study import CHECKPOINT_SECONDS, RUNS
from paribus.store.lab import Lab

HANG_SECONDS = 240.0
"""A command that is not done by then, and has not stored anything meanwhile, hangs."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (-N of signal N, None where it hung) and its words."""

    code: int | None
    out: str
    err: str

    @property
    def said(self) -> str:
        """How it ended in a few words, without what differs from one time to the next."""
        if self.code is None:
            return "hung"
        if self.code < 0:
            return f"killed by {signal.Signals(-self.code).name}"
        if "Traceback" in self.err:
            return f"traceback: {self.err.strip().splitlines()[-1]}"
        if self.code == 0:
            return "finished"
        lines = [line for line in self.err.splitlines() if line.startswith(("error", "interr"))]
        last = lines[-1] if lines else "some runs failed" if self.code == 1 else "without a word"
        return f"exit {self.code}, {re.sub(r'/[^ ]*', '...', last)}"

    @property
    def counts(self) -> dict[str, int] | None:
        """What `--json` says of runs; None where the command did not come to it."""
        try:
            return json.loads(self.out.splitlines()[-1])["runs"]
        except (IndexError, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Moment:
    """When a fault strikes: so long after the command began, or after so many more runs."""

    seconds: float
    runs: int = 0


@dataclass(frozen=True)
class Site:
    """A study file and a lab, and how its commands are run."""

    study: Path
    lab: Lab
    seconds: float
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def begin(self, **environment: str) -> "Command":
        """Starts the command."""
        words = ("run", self.study, "--lab", self.lab, "--cores", 2, "--json")
        there = len(stored(self.lab))
        more = ("--checkpoint-seconds", CHECKPOINT_SECONDS, *self.options)
        child = start(*words, *more, **(self.environment | environment))
        return Command(self.lab, child, there)

    def moment(self, choice: random.Random) -> Moment:
        """Anywhere in the command; every second time while it trains."""
        if choice.random() < 0.5:
            return Moment(choice.uniform(0, self.seconds))
        return self.moment_of_training(choice)

    def moment_of_training(self, choice: random.Random) -> Moment:
        """From the first run that is stored to the last but one."""
        there = len(stored(self.lab))
        pause = choice.uniform(0, self.seconds / RUNS / 2)
        return Moment(pause, choice.randint(1, max(1, RUNS - 1 - there)))


@dataclass
class Command:
    """A command under way."""

    lab: Lab
    child: subprocess.Popen[str]
    there: int
    began: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.child:
            self.child.kill()

    def reaches(self, moment: Moment) -> bool:
        """Waits for a moment; False where the command ended before it."""
        if moment.runs:
            if not self.goes_on_until(lambda: len(stored(self.lab)) >= self.there + moment.runs):
                return False
            self.began = time.monotonic()
        return self.goes_on_until(lambda: time.monotonic() - self.began >= moment.seconds)

    def goes_on_until(self, condition: Callable[[], bool]) -> bool:
        """Waits until something is so; False where the command ended, or hung, before."""
        deadline = time.monotonic() + HANG_SECONDS
        while self.child.poll() is None and time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.005)
        return False

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal; a command that is gone already does not hear it."""
        self.child.send_signal(number)

    def ended(self) -> Ended:
        """Waits for its end."""
        try:
            out, err = self.child.communicate(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()
            return Ended(None, "", "")
        return Ended(self.child.returncode, out, err)
