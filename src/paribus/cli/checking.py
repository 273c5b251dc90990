"""What `paribus check` does and prints: the damage of a lab, and what became of its repair."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from paribus import studies
from paribus.cli.display import console
from paribus.cli.reporting import run_and_report
from paribus.cli.words import plural
from paribus.errors import ParibusError
from paribus.store.hold import hold
from paribus.store.lab import Lab
from paribus.study.options import RunOptions
from paribus.study.plan import Plan
from paribus.study.registration import as_registered_in
from paribus.study.repair import Again, Checked, check_lab, remove_damage

SHOWN = 20
"""So many of many damages are shown to people; `--json` has all."""

_OPTIONS = ("--scale", "--set", "--only", "--replicates")


@dataclass(frozen=True)
class Typed:
    """A `paribus run` of a built-in study, as values of its options."""

    study: str
    scale: str | None
    sets: list[str]
    only: list[str]
    replicates: int | None


@dataclass(frozen=True)
class Trained:
    """What came of running a study again: how many runs were trained, and what stood in the way.

    Without `trouble` all that was missing is there again.
    """

    again: Again
    trained: int = 0
    trouble: str = ""


@dataclass(frozen=True)
class Repaired:
    """What was done: where a damaged file is kept now, and the studies that were run again.

    `complete` says that nothing is missing of what the lab held, and nothing damaged.
    """

    aside: Path | None
    trained: tuple[Trained, ...]
    complete: bool


Planned = Callable[[Typed], tuple[Plan, RunOptions]]
"""Makes the plan of what was typed, and the options to run it with."""


def repair(lab: Lab, planned: Planned) -> tuple[Checked, Repaired]:
    """What was damaged in a lab, and what was done: it is taken out, and what it was made again.

    Raises `LabHeldError` where somebody trains in the lab.
    """
    with hold(lab):
        checked = check_lab(lab)
        aside = remove_damage(lab, checked)
    trained = tuple(_trained(again, lab, planned) for again in checked.again)
    missing = checked.lost or any(one.trouble for one in trained)
    return checked, Repaired(aside, trained, not missing and not check_lab(lab).damages)


def read_command(command: str) -> Typed | None:
    """The run of a built-in study that a command line asks for; None for any other.

    >>> read_command("paribus run activations --scale demo --only depth=1,2 --replicates 3")
    Typed(study='activations', scale='demo', sets=[], only=['depth=1,2'], replicates=3)
    >>> read_command("paribus run mine.py --scale full")
    """
    try:
        program, verb, name, *rest = shlex.split(command)
    except ValueError:
        return None
    options = list(zip(rest[::2], rest[1::2], strict=False))
    whole = len(rest) % 2 == 0 and all(option in _OPTIONS for option, _ in options)
    if (program, verb) != ("paribus", "run") or name not in studies.NAMES or not whole:
        return None
    given = {option: [value for of, value in options if of == option] for option in _OPTIONS}
    replicates = given["--replicates"][-1:]
    if not all(count.isdecimal() for count in replicates):
        return None
    return Typed(
        study=name,
        scale=next(reversed(given["--scale"]), None),
        sets=given["--set"],
        only=given["--only"],
        replicates=int(replicates[0]) if replicates else None,
    )


def _trained(again: Again, lab: Lab, planned: Planned) -> Trained:
    typed = read_command(again.command)
    if not again.certain:
        trouble = "its plan is damaged; add the --set, --only and --replicates that it had, if any"
        return Trained(again, trouble=trouble)
    if typed is None:
        return Trained(again, trouble="its file is not known; run it yourself")
    try:
        plan, options = planned(typed)
        keys = {run.key for run in as_registered_in(lab, plan).runs}
        if not {member.key for member in again.members} <= keys:
            return Trained(again, trouble="the study, its data or paribus has changed since")
        outcome, _ = run_and_report(plan, options)
    except ParibusError as error:
        return Trained(again, trouble=str(error))
    failed = [*outcome.failures.values(), *outcome.analysis_failures.values()]
    return Trained(again, outcome.trained, "; ".join(dict.fromkeys(failed)))


def check_row(lab: Lab, checked: Checked, repaired: Repaired | None) -> dict[str, Any]:
    """What was found and done, as `paribus check --json` prints it."""
    return {
        "lab": str(lab),
        "whole_runs": checked.whole,
        "damages": [
            {
                "kind": damage.kind,
                "what": damage.what,
                "run": damage.key or None,
                "study": damage.study and damage.study[0],
                "scale": damage.study and damage.study[1],
            }
            for damage in checked.damages
        ],
        "again": [_again_row(again) for again in checked.again],
        "unplanned": list(checked.unplanned),
        "lost": list(checked.lost),
        "repaired": None if repaired is None else _repaired_row(repaired),
    }


def _again_row(again: Again) -> dict[str, Any]:
    return {
        "study": again.name,
        "scale": again.scale,
        "command": again.command,
        "runs": [
            {
                "key": member.key,
                "condition": dict(member.condition),
                "replicate": member.replicate,
            }
            for member in again.members
        ],
    }


def _repaired_row(repaired: Repaired) -> dict[str, Any]:
    return {
        "complete": repaired.complete,
        "set_aside": None if repaired.aside is None else str(repaired.aside),
        "studies": [
            {
                "study": one.again.name,
                "scale": one.again.scale,
                "trained": one.trained,
                "trouble": one.trouble or None,
            }
            for one in repaired.trained
        ],
    }


def show_check(lab: Lab, checked: Checked, repaired: Repaired | None) -> None:
    """What is damaged, which runs that takes away, and what was done or is to be done about it."""
    out = console()
    for damage in checked.damages[:SHOWN]:
        _say(out, damage.what)
    if len(checked.damages) > SHOWN:
        _say(out, f"... and {len(checked.damages) - SHOWN:,} more; --json has all")
    for again in checked.again:
        _show_again(out, again)
    if checked.unplanned:
        runs = plural(len(checked.unplanned), "damaged run")
        _say(out, f"{runs} of no study as it was last planned: nothing needs to be trained")
    for sentence in checked.lost:
        _say(out, f"lost: {sentence}")
    found = f"{plural(len(checked.damages), 'damage')} found" if checked.damages else "no damage"
    _say(out, f"{found}; {plural(checked.whole, 'run')} whole")
    if repaired is not None:
        _show_repaired(out, repaired)
    elif checked.damages:
        _say(out, f"to repair: paribus check --repair --lab {shlex.quote(str(lab))}")


def _show_again(out: Console, again: Again) -> None:
    where = f"{again.name} ({again.scale})"
    if not again.members:
        _say(out, f"{where}: to be computed again, by: {again.command}")
        return
    keys = {member.key for member in again.members}
    _say(out, f"{where}: {plural(len(keys), 'run')} to be trained again, by: {again.command}")
    for member in again.members[:SHOWN]:
        labels = ", ".join(f"{name}={label}" for name, label in member.condition.items())
        _say(out, f"  {labels + ', ' if labels else ''}replicate {member.replicate}")
    if len(again.members) > SHOWN:
        _say(out, f"  ... and {len(again.members) - SHOWN:,} more")


def _show_repaired(out: Console, repaired: Repaired) -> None:
    if repaired.aside is not None:
        _say(out, f"a new store was made of all that is whole; the old one is {repaired.aside}")
    for one in repaired.trained:
        where = f"{one.again.name} ({one.again.scale})"
        if one.trouble:
            _say(out, f"not repaired: {where}: {one.trouble}: {one.again.command}")
        else:
            _say(out, f"repaired: {where}: {plural(one.trained, 'run')} trained again")
    _say(out, "the lab is whole" if repaired.complete else "the lab holds what is whole")


def _say(out: Console, sentence: str) -> None:
    out.print(sentence, soft_wrap=True)
