"""Which stored runs belong to a condition, by replicate, as claims speak of conditions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.claims.selection import Condition
from paribus.results.tidy import StudyResults

Labels = tuple[tuple[str, str], ...]


@dataclass
class Place:
    """The runs of one condition: keys of finished ones by replicate, and replicates without one.

    `levels` are, by replicate, the levels of a chosen factor whose runs are stored, in their
    order, with their keys; a diverged run has its key here too.
    """

    finished: dict[int, str] = field(default_factory=dict)
    diverged: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    levels: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


class Places:
    """Conditions with their runs.

    A design that chooses levels of a factor has one place for all of its levels: the run of a
    replicate is that at the last level trained, where a scan stalled or a tuned factor is best.
    A scan that is not through yet has none. Trials by which a level is chosen are no replicates.
    """

    def __init__(self, results: StudyResults) -> None:
        design = results.document.get("design")
        self.design: Mapping[str, Any] = design if isinstance(design, Mapping) else {}
        chosen = self.design.get("factor", "")
        self._chosen = chosen
        self._found: dict[Labels, Place] = {}
        status = dict(zip(results.runs["key"], results.runs["status"], strict=True))
        tuned = self.design.get("kind") == "tuned"
        self._place(results, results.document["replicates"] if tuned else math.inf)
        for place in self._found.values():
            last = {unit: levels[-1][1] for unit, levels in sorted(place.levels.items())}
            place.finished = {u: key for u, key in last.items() if status[key] == "finished"}
            place.diverged = tuple(unit for unit in last if unit not in place.finished)

    def _place(self, results: StudyResults, trials: float) -> None:
        """Finds the place of every run, but for replicates from the number `trials` on."""
        for condition in results.conditions:
            place = self._found.setdefault(self._labels(condition), Place())
            runs = results.select(results.runs, condition)
            for replicate, key in zip(runs["replicate"], runs["key"], strict=True):
                if replicate < trials:
                    level = condition.get(self._chosen, "")
                    place.levels.setdefault(int(replicate), []).append((level, str(key)))
        for member in results.missing:
            if member.replicate < trials:
                place = self._found[self._labels(member.condition)]
                # What a scan has stored led to a level that is yet to come.
                place.levels.pop(member.replicate, None)
                place.missing = (*place.missing, member.replicate)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions, in the order of the study."""
        return tuple(dict(labels) for labels in self._found)

    def at(self, condition: Condition) -> Place:
        """The runs of one of the conditions."""
        return self._found[self._labels(condition)]

    def _labels(self, condition: Mapping[str, str]) -> Labels:
        return tuple((name, one) for name, one in condition.items() if name != self._chosen)
