"""What later rounds of a study will train, as far as it can be guessed before they are chosen."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from paribus.design.adaptive import FIRST_TRIAL, Scan, Tuned
from paribus.study.plan import Plan, PlannedRun


class Round(NamedTuple):
    """A round to come: its expected cost, the cohorts it may need, and the chance of each."""

    cost: float
    cohorts: int
    chance: float


def ahead(plan: Plan, rounds: Sequence[Sequence[PlannedRun]]) -> list[Round]:
    """What is to come after the last of these rounds.

    Of a tuned study, the runs of one level for each condition, at the mean cost of its levels. Of
    a scan, the levels beyond and the remedies, each with the chance that it is needed: a chain of
    L levels stalls at one with the chance (stalled + 1) / (levels trained + L), of the rounds so
    far.
    """
    if not rounds:
        return []
    match plan.study.design:
        case Scan() as scan:
            return _ahead_of_scan(plan, scan, rounds)
        case Tuned() as tuned:
            return _ahead_of_trials(plan, tuned, rounds[-1])
        case _:
            return []


def _ahead_of_scan(plan: Plan, scan: Scan, rounds: Sequence[Sequence[PlannedRun]]) -> list[Round]:
    none = plan.runs[0].condition.get(scan.remedies)

    def is_plain(run: PlannedRun) -> bool:
        return run.condition.get(scan.remedies) == none

    chains = _by(plan.runs, lambda run: (_others(run, scan), run.replicate))
    levels = len({run.condition[scan.factor] for run in plan.runs})
    going = [sum(map(is_plain, one)) for one in rounds]
    stalled = sum(before - after for before, after in pairwise(going))
    stalls = (stalled + 1) / (sum(going[:-1]) + levels)
    last = {run.key for run in rounds[-1]}
    found: list[list[tuple[PlannedRun, float]]] = [[] for _ in range(levels + 1)]
    for chain in chains.values():
        steps, arrives = 0, 0.0
        for column in _by(chain, lambda run: run.condition[scan.factor]).values():
            if any(is_plain(run) and run.key in last for run in column):
                steps, arrives = 0, 1.0
            for run in column:
                # Remedies are tried a round after the level at which they are needed.
                if not is_plain(run):
                    found[steps + 1].append((run, arrives * stalls))
                elif run.key not in last:
                    found[steps].append((run, arrives))
            steps, arrives = steps + 1, arrives * (1 - stalls)
    return [_expected(runs) for runs in found[1:]]


def _ahead_of_trials(plan: Plan, tuned: Tuned, last: Iterable[PlannedRun]) -> list[Round]:
    tried = {_others(run, tuned) for run in last if run.replicate >= FIRST_TRIAL}
    judged = [
        run for run in plan.runs if run.replicate < FIRST_TRIAL and _others(run, tuned) in tried
    ]
    levels = {run.condition[tuned.factor] for run in judged}
    # Their cohorts have been compiled for the trials.
    return [Round(sum(run.cost for run in judged) / max(1, len(levels)), 0, 0.0)]


def _expected(runs: Iterable[tuple[PlannedRun, float]]) -> Round:
    cost, needed = 0.0, dict[Hashable, float]()
    for run, chance in runs:
        if chance:
            cost += chance * run.cost
            needed[run.cohort] = max(chance, needed.get(run.cohort, 0.0))
    return Round(cost, len(needed), fmean(needed.values()) if needed else 0.0)


def _others(run: PlannedRun, design: Scan | Tuned) -> Hashable:
    apart = {design.factor} | ({design.remedies} if isinstance(design, Scan) else set())
    return tuple(label for name, label in run.condition.items() if name not in apart)


def _by(
    runs: Iterable[PlannedRun], place: Callable[[PlannedRun], Hashable]
) -> dict[Hashable, list[PlannedRun]]:
    found: dict[Hashable, list[PlannedRun]] = {}
    for run in runs:
        found.setdefault(place(run), []).append(run)
    return found
