"""How long a plan will take and how much it will store, before anything is trained.

A model of the relative cost of a step, scaled by what steps really took: in earlier runs on this
kind of machine where the lab has some, else in a calibration of about a second.
"""

import time
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapreplace
from statistics import median

from paribus.errors import NothingStoredError
from paribus.store.catalogue import Catalogue
from paribus.store.records import StoredRun
from paribus.study import rounds
from paribus.study.cost import step_cost
from paribus.study.native import as_recipe
from paribus.study.options import RunOptions
from paribus.study.plan import Plan, PlannedRun, by_recipe
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from paribus.training.platform import count_lanes, device, usable_cores
from paribus.training.provenance import provenance
from paribus.training.task import StoppedError, Task

CALIBRATION_SECONDS = 1.0
COMPILE_SECONDS = 1.0
"""What compiling one cohort takes, if nothing better is known."""
MOST_EARLIER = 1_000
"""So many stored runs say how long a step takes as well as all of them do."""

Earlier = list[tuple[StoredRun, PlannedRun]]
"""Stored runs of a plan, with what was planned."""


@dataclass(frozen=True)
class Estimate:
    """What is to be trained and what that will take; `seconds` is None where nothing is known.

    `basis` says what the time rests on. `stored_bytes` is what the runs to train will add to the
    lab, `memory_bytes` what data and the models in training take in memory. Steps and bytes are
    None where a trainer of the user's own trains, of whom nothing is known.
    """

    to_train: int
    stored: int
    seconds: float | None
    basis: str
    model_steps: int | None = None
    stored_bytes: int | None = None
    memory_bytes: int | None = None


def estimate(plan: Plan, options: RunOptions) -> Estimate:
    """Time and bytes of what the lab does not hold yet.

    Loads the data and trains for about a second where the lab has no earlier run to go by.
    """
    wanted = _needed(plan, options)
    missing = list({run.key: run for run in wanted.runs if run.key not in wanted.stored}.values())
    if plan.study.trainer is not None:
        seconds, basis = _foreign_seconds(missing, wanted.earlier, options)
        return Estimate(len(missing), len(wanted.stored), seconds, basis)
    lanes = count_lanes(options.cores)
    seconds, basis = _seconds(missing, wanted.earlier, options, lanes)
    alike = [(runs[0], len(runs)) for runs in by_recipe(missing)]
    return Estimate(
        to_train=len(missing),
        stored=len(wanted.stored),
        seconds=seconds,
        basis=basis,
        model_steps=sum((run.steps or 0) * count for run, count in alike),
        stored_bytes=sum(_run_bytes(run) * count for run, count in alike),
        memory_bytes=memory_bytes([run for run, _ in alike], lanes),
    )


@dataclass(frozen=True)
class _Wanted:
    """The runs that a study needs, as far as that is known; the keys of those in the lab."""

    runs: Sequence[PlannedRun]
    stored: Collection[str] = ()
    earlier: Earlier = field(default_factory=list)


def _needed(plan: Plan, options: RunOptions) -> _Wanted:
    try:
        with Catalogue.open(options.lab, create=False) as catalogue:
            wanted = rounds.needed(plan, catalogue)
            planned = {run.key: run for run in wanted}
            stored = catalogue.finished(planned)
            some = [] if len(stored) == len(planned) else spread(sorted(stored), MOST_EARLIER)
            earlier = [(run, planned[run.key]) for run in catalogue.summaries(some)]
            return _Wanted(wanted, stored, earlier)
    except NothingStoredError:
        with Catalogue.in_memory() as nothing:
            return _Wanted(rounds.needed(plan, nothing))


def spread(keys: Sequence[str], most: int) -> list[str]:
    """At most so many of the keys, evenly spread over them.

    >>> spread(["a", "b", "c", "d", "e"], 2), spread(["a"], 2)
    (['a', 'c'], ['a'])
    """
    if len(keys) <= most:
        return list(keys)
    return [keys[place * len(keys) // most] for place in range(most)]


def _seconds(
    missing: list[PlannedRun], earlier: Earlier, options: RunOptions, lanes: int
) -> tuple[float | None, str]:
    if not missing:
        return 0.0, "nothing is left to train"
    scale = _scale_of(earlier)
    basis = f"{len(earlier)} earlier runs"
    compile_seconds = COMPILE_SECONDS
    if scale is None:
        longest = max((runs[0] for runs in by_recipe(missing)), key=lambda run: run.cost)
        if as_recipe(longest.recipe).data.locate(options.source).state == "absent":
            return None, "unknown until the data is here"
        scale, compile_seconds = _calibrate(longest, options)
        basis = "a calibration of about a second"
    met: set[Hashable] = set()
    seconds = []
    for runs in by_recipe(missing):
        compiles = 0 if runs[0].cohort in met else compile_seconds
        met.add(runs[0].cohort)
        trains = runs[0].cost * scale
        seconds += [trains + compiles, *[trains] * (len(runs) - 1)]
    return makespan(seconds, lanes), basis


def _foreign_seconds(
    missing: list[PlannedRun], earlier: Earlier, options: RunOptions
) -> tuple[float | None, str]:
    """As runs of the same condition took, or for want of them as all those of the study did."""
    if not missing:
        return 0.0, "nothing is left to train"
    if not earlier:
        return None, "a trainer of your own: known when its first runs are stored"
    known: dict[Hashable, list[float]] = {}
    for run, planned in earlier:
        known.setdefault(planned.cohort, []).append(run.provenance["seconds"]["train"])
    typical = median(one for several in known.values() for one in several)
    seconds = [median(known.get(run.cohort) or [typical]) for run in missing]
    slots = 1 if options.on in ("threads", "inline") else options.cores or usable_cores()
    return makespan(seconds, slots), f"{len(earlier)} earlier runs"


def makespan(seconds: Iterable[float], lanes: int) -> float:
    """When so many lanes are through with runs of these lengths, the longest begun first.

    >>> makespan([1, 2, 4], lanes=2), makespan([2, 2, 2], lanes=2)
    (4.0, 4.0)
    """
    ends = [0.0] * lanes
    for one in sorted(seconds, reverse=True):
        heapreplace(ends, ends[0] + one)
    return max(ends)


def _scale_of(runs: Earlier) -> float | None:
    """Seconds per unit of cost in stored runs of this kind of processor."""
    here = provenance(device(0))["device"]
    scales = []
    for run, planned in runs:
        recipe = as_recipe(planned.recipe)
        seconds, steps = run.provenance["seconds"], run.provenance["model_steps"]
        # What a run starts from, and what ends it, are in its seconds but not in its steps.
        plain = recipe.warm_start is None and recipe.second_phase is None
        if run.provenance["device"] == here and steps and plain:
            cost = steps * step_cost(recipe, run.parameters)
            scales.append(seconds["train"] / cost)
    return median(scales) if scales else None


def _calibrate(run: PlannedRun, options: RunOptions) -> tuple[float, float]:
    """Seconds per unit of cost, and of compiling, from a run that is given up after a second."""
    asked: list[float] = []

    def cancelled() -> bool:
        asked.append(time.perf_counter())
        # The first question comes before compiling, the second after the first steps.
        return len(asked) > 2 and asked[-1] - asked[1] > CALIBRATION_SECONDS

    recipe = as_recipe(run.recipe)
    dataset = recipe.data.load(options.source)
    task = Task(recipe, run.seed, dataset, cancelled=cancelled)
    try:
        trained = train_run(task, Lane(device(0)))
        steps, seconds = trained.steps, trained.seconds
    except StoppedError as stopped:
        steps, seconds = stopped.steps, stopped.seconds
    cost = max(1, steps) * step_cost(recipe, run.parameters or 0)
    return seconds.train / cost, seconds.compile


def _run_bytes(run: PlannedRun) -> int:
    recipe = as_recipe(run.recipe)
    facts = recipe.data.facts()
    numbers = 8 if recipe.precision == "float64" else 4
    evaluations = 2 if recipe.evaluate == "end" else recipe.epochs // recipe.evaluate
    per_evaluation = 12 * 8 + facts.outputs**2 if facts.classification else 2 * 8
    # Weights hardly compress; everything else does, and has a few kilobytes of its own.
    return (run.parameters or 0) * numbers + evaluations * per_evaluation + facts.test // 8 + 6_000


def memory_bytes(runs: Sequence[PlannedRun], lanes: int) -> int:
    """What the data of these runs and the largest models of so many lanes take in memory."""
    if not runs:
        return 0
    recipes = [as_recipe(run.recipe) for run in runs]
    data = {recipe.data.bare(): recipe.data.facts().bytes for recipe in recipes}
    largest = max(
        (run.parameters or 0) * (8 if recipe.precision == "float64" else 4)
        for run, recipe in zip(runs, recipes, strict=True)
    )
    return sum(data.values()) + 4 * largest * lanes  # weights, two moments, gradient
