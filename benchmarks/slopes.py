"""Times of programs seen from outside, and what follows from them: cost of a step, start-up."""

import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 600
"""Seconds after which a program is given up."""


class ContenderFailedError(Exception):
    """A program of the benchmark ended with an error, or did not end."""


@dataclass(frozen=True)
class Timed:
    """Programs that ran side by side: wall-clock seconds until the last ended, last lines.

    `busy` is the CPU time of all of them, in seconds.
    """

    seconds: float
    busy: float
    printed: list[dict[str, Any]]


def timed(
    commands: Sequence[Sequence[str]], folder: Path, environment: Mapping[str, str] | None = None
) -> Timed:
    """Starts the commands at once and waits for all; each prints JSON as its last line."""
    begun, used = time.perf_counter(), _children_seconds()
    running = [
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        ended = [one.communicate(timeout=LONGEST) for one in running]
    except subprocess.TimeoutExpired as error:
        raise ContenderFailedError(f"not done after {LONGEST} s: {' '.join(error.cmd)}") from None
    finally:
        for one in running:
            one.kill()
    taken, busy = time.perf_counter() - begun, _children_seconds() - used
    for one, command, (_, errors) in zip(running, commands, ended, strict=True):
        if one.returncode:
            raise ContenderFailedError(f"{' '.join(command)}\n{errors[-2000:]}")
    return Timed(taken, busy, [json.loads(out.splitlines()[-1]) for out, _ in ended])


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class Training:
    """One training seen from outside: wall-clock and CPU seconds, and steps of all models."""

    seconds: float
    busy: float
    model_steps: int


@dataclass
class Series:
    """One contender's rounds: microseconds per model-step, seconds of start-up, last loss.

    `busy` is in microseconds of CPU time: of little use to compare threads that wait by spinning,
    but hardly larger on a machine that others use, where wall-clock time is.
    """

    title: str
    way: str
    microseconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    startup: list[float] = field(default_factory=list)
    loss: float | None = None

    def add(self, short: Training, long: Training) -> None:
        """One more round: a short and a long training."""
        steps = long.model_steps - short.model_steps
        slope = (long.seconds - short.seconds) / steps
        self.microseconds.append(slope * 1e6)
        self.busy.append((long.busy - short.busy) / steps * 1e6)
        self.startup.append(short.seconds - slope * short.model_steps)

    @property
    def median(self) -> float:
        """Microseconds per model-step."""
        return statistics.median(self.microseconds)

    def times_slower(self, than: "Series") -> float:
        """The median over rounds of this one's cost by the other's in the same round."""
        pairs = zip(self.microseconds, than.microseconds, strict=False)
        return statistics.median(own / other for own, other in pairs)


def table(series: Mapping[str, Series], reference: str, floor: Sequence[float]) -> str:
    """The rounds in Markdown: medians, extremes, and how many times slower than `reference`."""
    lines = [
        "| | us per model-step, median | min to max | rounds | / Paribus | CPU us | start-up, s |",
        "|---|---|---|---|---|---|---|",
    ]
    base = series[reference]
    for one in series.values():
        spread = f"{min(one.microseconds):,.0f} to {max(one.microseconds):,.0f}"
        cells = (
            one.title,
            f"{one.median:,.0f}",
            spread,
            str(len(one.microseconds)),
            f"{one.times_slower(base):.2f}",
            f"{statistics.median(one.busy):,.0f}",
            f"{statistics.median(one.startup):.1f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    spread, middle = f"{min(floor):,.0f} to {max(floor):,.0f}", statistics.median(floor)
    share = f"{middle / base.median:.2f}"
    lines.append(f"| floor | {middle:,.0f} | {spread} | {len(floor)} | {share} | | |")
    return "\n".join(lines)
