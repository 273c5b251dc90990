"""Designs whose later runs depend on earlier ones: a scan for where training stalls, tuning.

They choose among the runs of a full grid, given one number of each that is trained already. What
they choose depends on those numbers alone, so a study that is interrupted goes on as it began.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import Field

from paribus.design.factor import Factor
from paribus.errors import Fault, near_match
from paribus.spec import Count, Spec
from paribus.statistics.guessing import stalls

FIRST_TRIAL = 1_000_000
"""Replicates from this number on are trials of a tuned study; those compared are below it."""


class Cell(Protocol):
    """A run's place in the grid: its labels by factor, and its replicate."""

    @property
    def condition(self) -> Mapping[str, str]: ...
    @property
    def replicate(self) -> int: ...


AnyCell = TypeVar("AnyCell", bound=Cell)
Score = Callable[[AnyCell], float | None]
"""A run's number; None where it is not trained yet, NaN where it diverged."""


class Scan(Spec):
    """The levels of a factor in their order, until one at which training stalls.

    For each condition of the other factors and each replicate, levels are trained one after the
    other, from the first on; those beyond the first that stalls are not trained, and where none
    stalls the scan is censored at its last level. Stalling need not be monotone: what is found is
    the first level. A run stalls where its last `train/loss` is at least 99.5 % of ln(classes),
    the loss of guessing, or not finite.

    `remedies` names a factor whose first level is the plain recipe; its other levels are trained
    at the stalling level only.
    """

    kind: Literal["scan"] = "scan"
    factor: str
    remedies: str = ""

    @property
    def metric(self) -> str:
        """The number that decides."""
        return "train/loss"

    def faults(self, factors: Sequence[Factor], classes: int) -> list[Fault]:
        """What keeps these factors from being scanned."""
        found = [*_unknown("design.factor", self.factor, factors)]
        if self.remedies:
            found += _unknown("design.remedies", self.remedies, factors)
            if self.remedies == self.factor:
                found.append(Fault("design.remedies", f"got the scanned factor {self.factor!r}"))
        if not classes:
            problem = "a scan asks for the loss of guessing, which only classes have"
            found.append(Fault("design", problem))
        return found

    def wanted(
        self, cells: Sequence[AnyCell], score: Score[AnyCell], classes: int
    ) -> list[AnyCell]:
        """The runs that are needed, as far as that is known yet."""
        plain = _levels_of(self.remedies, cells)[:1]
        needed = []
        apart = {self.factor, self.remedies} - {""}
        for group in _groups(cells, apart):
            column = [cell for cell in group if self._label(cell, self.remedies) in (*plain, "")]
            for cell in column:
                needed.append(cell)
                loss = score(cell)
                if loss is None:
                    break
                if stalls(loss, classes):
                    here = self._label(cell, self.factor)
                    needed += [
                        one
                        for one in group
                        if self._label(one, self.factor) == here and one not in column
                    ]
                    break
        return needed

    @staticmethod
    def _label(cell: Cell, factor: str) -> str:
        return cell.condition.get(factor, "")


class Tuned(Spec):
    """Conditions compared at their own best value of one factor, chosen beforehand.

    Every level of `factor` is tried for each condition of the other factors, on `replicates` of
    its own; the level with the best mean of `metric`, measured on the validation split at the
    last epoch, is chosen, and judged on the study's replicates, which are fresh: no run of theirs
    had a say in the choice, however many there come to be. A level of which
    a run diverged is not chosen, unless one of every level did.
    """

    kind: Literal["tuned"] = "tuned"
    factor: str
    metric: Literal["validation/accuracy", "validation/loss"] = "validation/accuracy"
    replicates: Count = 3

    def faults(
        self, factors: Sequence[Factor], validation: int, classification: bool
    ) -> list[Fault]:
        """What keeps these factors from being tuned; `validation` is the smallest such split."""
        found = [*_unknown("design.factor", self.factor, factors)]
        if not validation:
            problem = "chooses on validation: set data.validation to a number of examples"
            found.append(Fault("design", problem))
        if self.metric.endswith("accuracy") and not classification:
            problem = f"got {self.metric!r}; without classes only validation/loss is measured"
            found.append(Fault("design.metric", problem))
        return found

    def wanted(self, cells: Sequence[AnyCell], score: Score[AnyCell]) -> list[AnyCell]:
        """The runs that are needed, as far as that is known yet."""
        trials = [cell for cell in cells if cell.replicate >= FIRST_TRIAL]
        return trials + self.kept(cells, score)

    def kept(self, cells: Sequence[AnyCell], score: Score[AnyCell]) -> list[AnyCell]:
        """The runs that conditions are compared by: those of the chosen levels."""
        found = []
        for others, means in self.means(cells, score).items():
            if None in means.values():
                continue
            best = self._best({label: mean for label, mean in means.items() if mean is not None})
            found += [
                cell
                for cell in cells
                if cell.replicate < FIRST_TRIAL
                and cell.condition[self.factor] == best
                and _others(cell, {self.factor}) == others
            ]
        return found

    def means(
        self, cells: Sequence[AnyCell], score: Score[AnyCell]
    ) -> dict[tuple[tuple[str, str], ...], dict[str, float | None]]:
        """The mean metric by condition of the other factors and level; None: not trained yet."""
        scores: dict[tuple[tuple[str, str], ...], dict[str, list[float | None]]] = {}
        for cell in cells:
            if cell.replicate >= FIRST_TRIAL:
                levels = scores.setdefault(_others(cell, {self.factor}), {})
                levels.setdefault(cell.condition[self.factor], []).append(score(cell))
        return {
            others: {label: _mean(found) for label, found in levels.items()}
            for others, levels in scores.items()
        }

    def _best(self, means: Mapping[str, float]) -> str:
        sign = 1 if self.metric.endswith("accuracy") else -1
        usable = {label: sign * mean for label, mean in means.items() if math.isfinite(mean)}
        return max(usable, key=lambda label: usable[label]) if usable else next(iter(means))


Adaptive = Annotated[Scan | Tuned, Field(discriminator="kind")]


def _mean(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if len(known) == len(found) else None


def _unknown(path: str, name: str, factors: Sequence[Factor]) -> list[Fault]:
    names = [factor.name for factor in factors]
    if name in names:
        return []
    return [Fault(path, f"no factor {name!r}{near_match(name, names)}")]


def _others(cell: Cell, apart: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, label) for name, label in cell.condition.items() if name not in apart)


def _groups(cells: Sequence[AnyCell], apart: set[str]) -> list[list[AnyCell]]:
    """Cells that differ in these factors only, in their order."""
    found: dict[object, list[AnyCell]] = {}
    for cell in cells:
        found.setdefault((_others(cell, apart), cell.replicate), []).append(cell)
    return list(found.values())


def _levels_of(factor: str, cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.condition[factor] for cell in cells)) if factor else []
