"""Claims about the course of training: what learns or stalls, rises or falls, comes sooner."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict

from paribus.claims.assessment import Assessment, Estimated, Region
from paribus.claims.base import Claim, Flag, Margin
from paribus.claims.comparing import (
    FEWEST,
    estimate_mean,
    identical_runs,
    losses,
    paired,
    untestable,
)
from paribus.claims.counting import counted
from paribus.claims.evidence import Course, Evidence
from paribus.claims.metric import Metric, amount, higher_is_better, level, opening, phrase
from paribus.claims.pairs import Pair
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.units import Unit, shown, sized
from paribus.claims.words import each, listed, named, subject, within
from paribus.spec import Number
from paribus.statistics.times import sooner
from paribus.statistics.variances import variance_ratio

FEWEST_EPOCHS = 3
"""With fewer there are no two changes between neighbouring epochs."""
Portion = Annotated[float, Strict(), Field(gt=0, le=1)]
"""A share of the replicates, above 0."""


class OfLearning(Claim):
    """Where the training loss of each condition ends, beside that of guessing: ln(classes)."""

    conditions: Selection = Field(default={}, kw_only=False)
    metric: Metric = "train/loss"
    margin: Margin = 0.005
    share: Portion = 1.0
    epoch_rule: Literal["last"] = "last"

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        guessing = evidence.guessing(link[0])
        values = evidence.values(link[0], self.metric, layer, self.epoch_rule)
        if guessing is None:
            said = "guessing has a known loss for cross-entropy and KL divergence of classes only"
            return untestable(link, (values,), said)
        diverged = dict.fromkeys(values.diverged, math.nan)
        met = {
            unit: self.meets(loss, guessing)
            for unit, loss in {**values.by_unit, **diverged}.items()
        }
        return counted(link, met, values, self.share)

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:  # noqa: ARG002 - a role
        return f"{100 * value:g} % of the replicates of {listed(names)} do"

    @abstractmethod
    def meets(self, loss: float, guessing: float) -> bool:
        """Whether one run does what is claimed; `loss` is NaN where it diverged."""


class Stalls(OfLearning):
    """Training ends no better than guessing: a training loss within the margin of ln(classes).

    The margin is a share of ln(classes); `share` is how many of the replicates must do so, at
    least.
    """

    kind: Literal["stalls"] = "stalls"

    def meets(self, loss: float, guessing: float) -> bool:
        return abs(loss - guessing) <= self.margin * guessing

    def said(self) -> str:
        near = f"within {amount(self.margin, self.metric, relative=True)} of that of guessing"
        stalls = subject(self.conditions, "stalls", "each stall")
        return f"{stalls}: training ends with a loss {near}{_in_share(self.share)}"


class Learns(OfLearning):
    """Training ends better than guessing: a training loss below ln(classes) by the margin.

    Negated: it ends no lower than that, or diverges. Margin and `share` as in `Stalls`.
    """

    kind: Literal["learns"] = "learns"
    negated: Flag = False

    def meets(self, loss: float, guessing: float) -> bool:
        return (loss < (1 - self.margin) * guessing) != self.negated

    def said(self) -> str:
        near = f"{amount(self.margin, self.metric, relative=True)} below that of guessing"
        share = _in_share(self.share)
        if self.negated:
            fails = subject(self.conditions, "does not learn", "each do not learn")
            return f"{fails}: training diverges, or ends with a loss no more than {near}{share}"
        learns = subject(self.conditions, "learns", "each learn")
        return f"{learns}: training ends with a loss more than {near}{share}"


class OfCourse(Claim):
    """Where a metric of each condition ends, beside where it began."""

    SIGNED: ClassVar[bool] = True

    metric: Metric = Field(kw_only=False)
    conditions: Selection = Field(default={}, kw_only=False)
    negated: Flag = False
    epoch_rule: Literal["last"] = "last"

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        ends, courses = evidence.courses(link[0], self.metric, layer)
        if courses and all(len(one.epochs) == 1 for one in courses.values()):
            said = f"{self.metric} was measured at one epoch alone: it has no start and end"
            return untestable(link, (ends,), said)
        changes = {unit: one.values[-1] - one.values[0] for unit, one in courses.items()}
        found = replace(ends, by_unit={**ends.by_unit, **changes})
        step = evidence.resolution(self.metric)
        return estimate_mean(link, found, self.region, step, "change from start to end")

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        of = f"{what} of {listed(names)}"
        if value == 0:
            return f"{of} does not move"
        return f"{of} {'rises' if value > 0 else 'falls'} by {sized(value, self.unit)} on average"

    @property
    @abstractmethod
    def region(self) -> Region:
        """Where the change from start to end lies if the claim holds."""

    def spoken(self, verb: str) -> str:
        """The sentence, for the verb of the family."""
        what = opening(self.metric, self.layer)
        goes = f"does not {verb}" if self.negated else f"{verb}s"
        by = f" by more than {amount(self.margin, self.metric)}" if self.margin else ""
        return f"{what} {goes}{by} from start to end{within(self.conditions)}"


class Rises(OfCourse):
    """The metric ends higher than it began, by more than the margin; negated: it does not."""

    kind: Literal["rises"] = "rises"

    @property
    def region(self) -> Region:
        return Region(high=self.margin) if self.negated else Region(low=self.margin)

    def said(self) -> str:
        return self.spoken("rise")


class Falls(OfCourse):
    """The metric ends lower than it began, by more than the margin; negated: it does not."""

    kind: Literal["falls"] = "falls"

    @property
    def region(self) -> Region:
        return Region(low=-self.margin) if self.negated else Region(high=-self.margin)

    def said(self) -> str:
        return self.spoken("fall")


class Sooner(Pair):
    """The metric reaches a value in the first after fewer epochs than in the second.

    Reaching means getting as good as the value: down to a loss, up to an accuracy. A run that
    never does is censored: it counts as the last epoch of the longest. The margin is in epochs.
    """

    kind: Literal["sooner"] = "sooner"
    reaching: Number
    epoch_rule: Literal["last"] = "last"

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        found = [evidence.courses(condition, self.metric, layer) for condition in link]
        ends = [one for one, _ in found]
        units = paired(ends)
        if any(one.absent for one in ends) or len(units) < FEWEST:
            return untestable(link, ends)
        region = Region(high=-self.margin)
        alike = identical_runs(evidence, link, ends, region)
        if alike is not None:
            return alike
        courses = [[of[unit] for unit in units] for _, of in found]
        horizon = max(int(one.epochs[-1]) for side in courses for one in side)
        if horizon == 0:
            said = f"{self.metric} was measured at one epoch alone: nothing comes sooner or later"
            return untestable(link, ends, said)
        times = [[self._reached(one) for one in side] for side in courses]
        effect, censored = sooner(times[0], times[1], horizon)
        notes = tuple(
            f"{count} of {len(units)} runs of {named(condition)} did not get there in {horizon:,} "
            "epochs and count as that"
            for condition, count in zip(link, censored, strict=True)
            if count
        )
        return Assessment(link, Estimated(effect, region), notes=(*notes, *losses(ends)))

    def _reached(self, course: Course) -> int | None:
        up = higher_is_better(self.metric)
        for epoch, value in zip(course.epochs, course.values, strict=True):
            if (value >= self.reaching) if up else (value <= self.reaching):
                return int(epoch)
        return None

    @property
    def unit(self) -> Unit:
        return "epochs"

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        goal = f"{what} of {level(self.reaching, self.metric)}"
        if value == 0:
            return f"{names[0]} and {names[1]} reach a {goal} equally soon"
        when = "sooner" if value < 0 else "later"
        return f"{names[0]} reaches a {goal} {sized(value, self.unit)} {when} than {names[1]}"

    def said(self) -> str:
        goal = f"{phrase(self.metric, self.layer)} of {level(self.reaching, self.metric)}"
        plural = "" if self.margin == 1 else "s"
        by = f", by more than {self.margin:g} epoch{plural}" if self.margin else ""
        reaches = subject(self.first, "reaches", "each reach")
        return f"{reaches} a {goal} sooner than {each(self.second)}{by}"


class Noisier(Pair):
    """The metric varies more from epoch to epoch in the first than in the second.

    The variance of its changes between neighbouring epochs is greater by a factor of more than
    1 + margin.
    """

    SIGNED: ClassVar[bool] = False

    kind: Literal["noisier"] = "noisier"
    epoch_rule: Literal["last"] = "last"

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        found = [evidence.courses(condition, self.metric, layer) for condition in link]
        ends = [one for one, _ in found]
        units = paired(ends)
        if any(one.absent for one in ends) or len(units) < FEWEST:
            return untestable(link, ends)
        region = Region(low=1 + self.margin)
        alike = identical_runs(evidence, link, ends, region, 1.0)
        if alike is not None:
            return alike
        one, other = ([of[unit].values for unit in units] for _, of in found)
        if any(len(course) < FEWEST_EPOCHS for course in (*one, *other)):
            said = f"{self.metric} was measured at fewer than {FEWEST_EPOCHS} epochs"
            return untestable(link, ends, said)
        effect = variance_ratio(one, other, evidence.resolution(self.metric))
        return Assessment(link, Estimated(effect, region), notes=losses(ends))

    @property
    def unit(self) -> Unit:
        return "number"

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        times = f"{shown(value, self.unit)} times as large for {names[0]} as for {names[1]}"
        return f"the variance of changes in {what} is {times}"

    def said(self) -> str:
        what = opening(self.metric, self.layer)
        by = (
            f", with a variance more than {1 + self.margin:g} times as large"
            if self.margin
            else ""
        )
        side = f"for {named(self.first)} than for {each(self.second)}"
        return f"{what} is noisier from epoch to epoch {side}{by}"


def _in_share(share: float) -> str:
    return "" if share == 1 else f", in at least {100 * share:g} % of the replicates"
