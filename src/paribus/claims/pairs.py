"""Claims about two conditions, all else the same: the first is set against the second."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, Strict, model_validator

from paribus.claims.assessment import Assessment, Region, Settled
from paribus.claims.base import EVERYTHING, Claim, Flag, Margin
from paribus.claims.comparing import (
    ahead,
    compare_link,
    difference_said,
    losses,
    not_behind,
    paired,
    untestable,
)
from paribus.claims.evidence import Course, Evidence
from paribus.claims.margin import POINTS, beyond_margin, refuse_borrowed_margin
from paribus.claims.metric import GAP, Metric, amount, higher_is_better, phrase, quantity
from paribus.claims.selection import Link, Scope, Selection, refuse_equal
from paribus.claims.words import each, named, subject
from paribus.errors import DeclarationError, Fault


def _metric_or_all(value: Any) -> Any:
    if value != EVERYTHING:
        quantity(value)
    return value


ALWAYS = "train/loss"
"""What is measured of every run."""
MetricOrAll = Annotated[str, Strict(), AfterValidator(_metric_or_all)]
"""A metric, or every measurement and the weights."""


class Pair(Claim):
    """Two conditions, or each of several with each of several, that are set against each other."""

    SIGNED: ClassVar[bool] = True

    metric: Metric = Field(kw_only=False)
    first: Selection = Field(kw_only=False)
    second: Selection = Field(kw_only=False)

    @model_validator(mode="after")
    def _two_sides(self) -> "Pair":
        refuse_equal(type(self).__name__, self.first, self.second)
        return self

    def selections(self) -> Mapping[str, Any]:
        return {"first": self.first, "second": self.second}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.pairs(self.first, self.second)

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        return difference_said(self, value, what, names)

    def misfits(self, here: Scope) -> list[Fault]:
        first, second = here.named(self.first), here.named(self.second)
        faults = [
            Fault("second", f"does not name {name!r}, which `first` does; both name the same")
            for name in first
            if name not in second
        ] + [
            Fault("first", f"does not name {name!r}, which `second` does; both name the same")
            for name in second
            if name not in first
        ]
        points = here.points(self.first)
        both = [named(one) for one in here.points(self.second) if one in points]
        return faults + [Fault("second", f"{one} is on both sides") for one in both]


class Better(Pair):
    """The first is better than the second by more than the margin, in paired difference.

    Better is lower for losses, times and the gap, higher for all else: see `higher_is_better`.
    A `relative` margin is a share of the second's value.
    """

    kind: Literal["better"] = "better"
    relative: Flag = False

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = ahead(self.metric, self.margin)
        return compare_link(self, link, evidence, layer, region, relative=self.relative)

    def said(self) -> str:
        has = subject(self.first, *verbs(self.metric))
        more, _ = degrees(self.metric)
        what = phrase(self.metric, self.layer)
        beyond = beyond_margin(self.margin, self.metric, relative=self.relative)
        return f"{has} a {more} {what} than {each(self.second)}{beyond}"


class Gap(Pair):
    """The first has a smaller gap than the second: training accuracy less test accuracy."""

    kind: Literal["gap"] = "gap"
    metric: Metric = GAP

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = ahead(self.metric, self.margin)
        return compare_link(self, link, evidence, layer, region)

    def said(self) -> str:
        has = subject(self.first, "has", "each have")
        beyond = beyond_margin(self.margin, self.metric)
        return f"{has} a smaller {phrase(self.metric)} than {each(self.second)}{beyond}"

    @model_validator(mode="after")
    def _of_two_splits(self) -> "Gap":
        parts = quantity(self.metric)
        if len(parts.names) != 2 or higher_is_better(self.metric):
            problem = f"got {self.metric!r}; a gap is the training split less another: {GAP!r}"
            raise DeclarationError("Gap", [Fault("metric", problem)])
        return self


class NotWorse(Pair):
    """The first is worse than the second by less than the margin, or better (non-inferiority).

    The margin is 0.005 for accuracies, precisions and recalls; other metrics need their own. A
    `relative` margin is a share of the second's value.
    """

    kind: Literal["not_worse"] = "not_worse"
    margin: Margin = POINTS
    relative: Flag = False

    @model_validator(mode="after")
    def _own_margin(self) -> "NotWorse":
        refuse_borrowed_margin(self, relative=self.relative)
        return self

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = not_behind(self.metric, self.margin)
        return compare_link(self, link, evidence, layer, region, relative=self.relative)

    def said(self) -> str:
        below = "below" if higher_is_better(self.metric) else "above"
        by = amount(self.margin, self.metric, relative=self.relative)
        side = f"{subject(self.first, 'is', 'are each')} at most {by} {below} {each(self.second)}"
        return f"{side} in {phrase(self.metric, self.layer)}"


class Equal(Pair):
    """The first and the second differ by less than the margin (two one-sided tests).

    The margin is 0.005 for accuracies, precisions and recalls; other metrics need their own. A
    `relative` margin is a share of the second's value.
    """

    kind: Literal["equal"] = "equal"
    margin: Margin = POINTS
    relative: Flag = False

    @model_validator(mode="after")
    def _own_margin(self) -> "Equal":
        refuse_borrowed_margin(self, relative=self.relative)
        return self

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = Region(-self.margin, self.margin)
        return compare_link(self, link, evidence, layer, region, relative=self.relative)

    def said(self) -> str:
        by = amount(self.margin, self.metric, relative=self.relative)
        sides = f"{named(self.first)} and {named(self.second)}"
        return f"{sides} are equal in {phrase(self.metric, self.layer)} to within {by}"


class Identical(Pair):
    """Every run of the first equals its twin of the second: bit for bit, or up to the margin.

    The metric is every measurement and the weights, unless one is named, which is compared at
    every epoch. Deterministic: no test is made of it.
    """

    kind: Literal["identical"] = "identical"
    metric: MetricOrAll = EVERYTHING
    epoch_rule: Literal["last"] = "last"

    @model_validator(mode="after")
    def _margin_of_one_metric(self) -> "Identical":
        if self.metric == EVERYTHING and self.margin:
            problem = f"got {self.margin:g} for everything; give the metric that it is a margin of"
            raise DeclarationError("Identical", [Fault("margin", problem)])
        return self

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        first, second = link
        if self.metric != EVERYTHING and (self.margin or layer):
            return self._nearly(link, evidence, layer)
        metric = None if self.metric == EVERYTHING else self.metric
        samples = [evidence.courses(one, metric or ALWAYS, None)[0] for one in link]
        same = evidence.identical(first, second, metric)
        if not same:
            return untestable(link, samples)
        count, n = sum(same.values()), len(same)
        of = "runs" if metric is None else f"courses of {metric}"
        why = f"{count} of {n} replicates have the same {of} on both sides, bit for bit"
        outcome = Settled(
            verdict="supported" if count == n else "refuted",
            why=why,
            method="comparison of bits",
            n=n,
            estimate=count / n,
            told_in="replicates",
        )
        return Assessment(link, outcome, notes=losses(samples))

    def _nearly(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        (one, first), (other, second) = (
            evidence.courses(condition, self.metric, layer) for condition in link
        )
        units = paired((one, other))
        if not units:
            return untestable(link, (one, other))
        furthest = max(_apart(first[unit], second[unit]) for unit in units)
        verdict = "supported" if furthest <= self.margin else "refuted"
        why = f"the courses are {furthest:.3g} apart at most, in {len(units)} replicates"
        outcome = Settled(verdict, why, "largest difference", len(units), furthest)
        return Assessment(link, outcome, notes=losses((one, other)))

    def said(self) -> str:
        sides = f"{named(self.first)} and {named(self.second)}"
        if self.metric == EVERYTHING:
            return f"{sides} train identically, bit for bit"
        what = phrase(self.metric, self.layer)
        near = f" to within {amount(self.margin, self.metric)}" if self.margin else ""
        return f"{sides} have the same {what}{near or ', bit for bit'}"


def _apart(first: Course, second: Course) -> float:
    """The largest difference at an epoch; infinite for courses measured at other epochs."""
    if list(first.epochs) != list(second.epochs):
        return math.inf
    pairs = zip(first.values, second.values, strict=True)
    return max((abs(one - other) for one, other in pairs), default=0.0)


def verbs(metric: str) -> tuple[str, str]:
    """How a condition comes by a value: measured of a split it reaches it, else it has it."""
    reached = quantity(metric).plain and metric.partition("/")[2] in ("accuracy", "loss")
    return ("reaches", "each reach") if reached else ("has", "each have")


def degrees(metric: str) -> tuple[str, str]:
    """The comparative and the superlative of what is better in a metric."""
    if quantity(metric).plain:
        high = higher_is_better(metric)
        return ("higher", "highest") if high else ("lower", "lowest")
    return ("larger", "largest") if higher_is_better(metric) else ("smaller", "smallest")
