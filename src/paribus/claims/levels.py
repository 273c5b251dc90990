"""Claims about three or more levels in their order: a metric's trend over them, or its peak."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from paribus.claims.assessment import Assessment, Estimated, Region
from paribus.claims.base import Claim, Correlation
from paribus.claims.comparing import FEWEST as REPLICATES
from paribus.claims.comparing import estimate_mean, identical_runs, losses, paired, untestable
from paribus.claims.evidence import Evidence, Values
from paribus.claims.metric import Metric, amount, opening, quantity
from paribus.claims.selection import Link, Scope, Selection, levels_of, number
from paribus.claims.units import Unit, shown, sized
from paribus.claims.words import listed
from paribus.errors import DeclarationError, Fault, near_match
from paribus.statistics.ranks import inner_peak, rank_trend, trend_step

FEWEST = 3


class OverLevels(Claim):
    """A metric over a factor whose labels are numbers, or over labels in the order given.

    `over` is the name of a factor, labels in order, or one factor with labels in order.
    """

    metric: Metric = Field(kw_only=False)
    over: Selection = Field(kw_only=False)

    @model_validator(mode="after")
    def _enough_levels(self) -> "OverLevels":
        labels = self.over
        faults = []
        if isinstance(labels, Mapping):
            if len(labels) != 1:
                faults = [Fault("over", f"got {len(labels)} factors; give one, with its labels")]
            labels = next(iter(labels.values()), ())
            labels = (labels,) if isinstance(labels, str) else labels
        if not faults and not isinstance(labels, str) and len(labels) < FEWEST:
            faults = [Fault("over", f"got {len(labels)} levels; it takes {FEWEST} or more")]
        if faults:
            raise DeclarationError(type(self).__name__, faults)
        return self

    def selections(self) -> Mapping[str, Any]:
        return {} if isinstance(self.over, str) else {"over": self.over}

    def misfits(self, here: Scope) -> list[Fault]:
        if not isinstance(self.over, str):
            return []
        factors = list(here.conditions[0]) if here.conditions else [self.over]
        if self.over not in factors:
            problem = f"no factor named {self.over!r}{near_match(self.over, factors)}"
            return [Fault("over", problem)]
        if self.over in here.at:
            return [Fault("over", "is named in `at` too; name the factor in one of them")]
        labels = levels_of(here.conditions, self.over)
        texts = [label for label in labels if number(label) is None]
        if texts:
            problem = f"levels {listed(texts)} of {self.over!r} are no numbers"
            return [Fault("over", f"{problem}; give the labels in their order: {list(labels)}")]
        if len(labels) < FEWEST:
            problem = f"factor {self.over!r} has {len(labels)} levels; it takes {FEWEST} or more"
            return [Fault("over", problem)]
        return []

    def compared(self, here: Scope) -> tuple[Link, ...]:
        if isinstance(self.over, str):
            labels = sorted(levels_of(here.conditions, self.over), key=float)
            return here.links([{self.over: label} for label in labels])
        return here.links(here.points(self.over))

    def measured(self, link: Link, evidence: Evidence, layer: str | None) -> list[Values]:
        """The metric at each level."""
        return [evidence.values(one, self.metric, layer, self.epoch_rule) for one in link]

    def spoken(self) -> str:
        """The levels in words."""
        if isinstance(self.over, str):
            return self.over.replace("_", " ")
        labels = self.over
        if isinstance(labels, Mapping):
            ((name, labels),) = labels.items()
            return f"{name.replace('_', ' ')} {listed(list(labels))}"
        return listed(list(labels))


class Trend(OverLevels):
    """The metric goes up or down over the levels: rank correlation per replicate (Kendall's tau).

    It lies beyond the margin, on the side of the direction.
    """

    kind: Literal["trend"] = "trend"
    direction: Literal["up", "down"] = Field(kw_only=False)
    margin: Correlation = 0.0

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        samples = self.measured(link, evidence, layer)
        units = paired(samples)
        if any(one.absent for one in samples) or len(units) < REPLICATES:
            return untestable(link, samples)
        region = Region(low=self.margin) if self.direction == "up" else Region(high=-self.margin)
        alike = identical_runs(evidence, link, samples, region)
        if alike is not None:
            return alike
        taus = {unit: rank_trend([one.by_unit[unit] for one in samples]) for unit in units}
        each = Values(taus, unit=samples[0].unit)
        what = f"Kendall's tau per {each.unit}"
        found = estimate_mean(link, each, region, trend_step(len(link)), what)
        outcome = found.outcome
        if isinstance(outcome, Estimated):
            outcome = replace(outcome, limits=(-1.0, 1.0))
        return replace(found, outcome=outcome, notes=losses(samples))

    @property
    def unit(self) -> Unit:
        return "correlation"

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        over = f"{names[0]} to {names[-1]}"
        return f"Kendall's tau of {what} over {over} is {shown(value, self.unit)} on average"

    def said(self) -> str:
        up, down = ("rises", "falls") if quantity(self.metric).plain else ("grows", "shrinks")
        goes = up if self.direction == "up" else down
        over = f"with {self.spoken()}" if isinstance(self.over, str) else f"over {self.spoken()}"
        beyond = f", with a rank correlation beyond {self.margin:g}" if self.margin else ""
        return f"{opening(self.metric, self.layer)} {goes} {over}{beyond}"


class Peak(OverLevels):
    """At some inner level the metric is higher than at both ends, by more than the margin."""

    SIGNED: ClassVar[bool] = True

    kind: Literal["peak"] = "peak"

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        samples = self.measured(link, evidence, layer)
        units = paired(samples)
        if any(one.absent for one in samples) or len(units) < REPLICATES:
            return untestable(link, samples)
        region = Region(low=self.margin)
        alike = identical_runs(evidence, link, samples, region)
        if alike is not None:
            return alike
        rows = [[one.by_unit[unit] for unit in units] for one in samples]
        peak = inner_peak(rows, evidence.resolution(self.metric))
        outcome = Estimated(peak, region)
        return Assessment(link, outcome, unit=samples[0].unit, notes=losses(samples))

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        side = "above" if value > 0 else "below"
        over = f"{names[0]} to {names[-1]}"
        by = sized(value, self.unit)
        return f"over {over} the highest inner {what} is {by} {side} the nearer end"

    def said(self) -> str:
        what = opening(self.metric, self.layer)
        by = f", by more than {amount(self.margin, self.metric)}" if self.margin else ""
        inner = f"at an inner level of {self.spoken()} than at both ends"
        return f"{what} is higher {inner}{by}"
