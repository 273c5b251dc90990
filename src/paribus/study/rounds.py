"""What of a plan is to be done, given what the lab holds: runs to train, probes to catch up on.

A design may choose runs by what others gave, so that a study is trained in rounds.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from paribus.design.adaptive import Scan, Tuned
from paribus.probes.base import Probe
from paribus.store.catalogue import Catalogue
from paribus.store.records import Member, StudyEntry
from paribus.study.native import as_recipe
from paribus.study.plan import Plan, PlannedRun

Score = Callable[[PlannedRun], float | None]


@dataclass(frozen=True)
class Todo:
    """What can be done now.

    `train`: the distinct runs that are not stored, cohort by cohort, the costliest cohort first.
    `probe`: stored runs with the probes that they have not been through.
    """

    train: list[PlannedRun]
    probe: list[tuple[PlannedRun, tuple[Probe, ...]]]

    @property
    def runs(self) -> list[PlannedRun]:
        """All runs with something to do."""
        return [*self.train, *(run for run, _ in self.probe)]


def todo(plan: Plan, catalogue: Catalogue, without: Collection[str] = ()) -> Todo:
    """What is left to do, but for the runs of the keys `without`."""
    wanted = {run.key: run for run in needed(plan, catalogue) if run.key not in without}
    stored = {run.key: run.status for run in catalogue.summaries(wanted)}
    cohorts: dict[object, list[PlannedRun]] = {}
    for run in wanted.values():
        if run.key not in stored:
            cohorts.setdefault(run.cohort, []).append(run)
    # The costliest first: the short ones then fill the lanes to the end.
    costliest = sorted(cohorts.values(), key=lambda runs: -sum(run.cost for run in runs))
    been = catalogue.probed(stored)
    lacking = []
    for key, status in stored.items():
        probes = tuple(
            probe
            for probe in plan.study.probes
            if probe.identity not in been.get(key, ())
            and not (probe.at_end and status == "diverged")  # such a run has no end
        )
        if probes:
            lacking.append((wanted[key], probes))
    return Todo([run for runs in costliest for run in runs], lacking)


def needed(plan: Plan, catalogue: Catalogue) -> list[PlannedRun]:
    """The runs that are needed, as far as that is known; stored ones are among them."""
    match plan.study.design:
        case Scan() as scan:
            score = _scores(plan, catalogue, scan.metric)
            return scan.wanted(plan.runs, score, _classes(plan))
        case Tuned() as tuned:
            score = _scores(plan, catalogue, tuned.metric)
            return tuned.wanted(plan.runs, score)
        case _:
            return list(plan.runs)


def entry(plan: Plan, catalogue: Catalogue) -> StudyEntry:
    """The study as the lab is to keep it: with the runs that it consists of, as known by now."""
    found = _chosen(plan, catalogue)
    measured = _measured(catalogue, found.members)
    primary = plan.study.apparatus.primary(plan.study, measured)
    return replace(found, document=dict(found.document) | {"primary": primary})


def _chosen(plan: Plan, catalogue: Catalogue) -> StudyEntry:
    match plan.study.design:
        case Scan():
            return plan.entry_of(needed(plan, catalogue))
        case Tuned() as tuned:
            score = _scores(plan, catalogue, tuned.metric)
            kept = tuned.kept(plan.runs, score)
            found = plan.entry_of(kept or needed(plan, catalogue))
            tuning = {"tuning": _tuning(plan, tuned, score)}
            return replace(found, document=dict(found.document) | tuning)
        case _:
            return plan.entry


def _measured(catalogue: Catalogue, members: Sequence[Member]) -> list[str]:
    """What one of these runs measured over epochs, in its order; nothing where none is stored."""
    stored = next(catalogue.summaries(member.key for member in members), None)
    keys = [] if stored is None else [stored.key]
    return [one.name for _, one in catalogue.measurements(keys) if one.dims == ("epoch",)]


def _tuning(plan: Plan, tuned: Tuned, score: Score) -> list[dict[str, object]]:
    """What the choice rests on: a row per condition and level, with the mean of the metric."""
    means = tuned.means(plan.runs, score)
    return [
        {
            "condition": dict(others),
            "level": label,
            "mean": mean if mean is not None and math.isfinite(mean) else None,
            "n": tuned.replicates,
        }
        for others, levels in means.items()
        for label, mean in levels.items()
    ]


def _scores(plan: Plan, catalogue: Catalogue, metric: str) -> Score:
    """The last value of a metric by run; NaN where the run diverged, None where not stored."""
    keys = [run.key for run in plan.runs]
    status = {run.key: run.status for run in catalogue.summaries(keys)}
    last = {
        key: float(measurement.values[-1])
        for key, measurement in catalogue.measurements(status, [metric])
    }

    def score(run: PlannedRun) -> float | None:
        if run.key not in status:
            return None
        return last.get(run.key, math.nan) if status[run.key] == "finished" else math.nan

    return score


def _classes(plan: Plan) -> int:
    return as_recipe(plan.study.recipe).data.facts().outputs
