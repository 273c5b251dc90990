"""Claims about the value of a metric itself: above, below or near a number."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from paribus.claims.assessment import Assessment, Region
from paribus.claims.base import Claim, Margin
from paribus.claims.comparing import estimate_mean
from paribus.claims.evidence import Evidence
from paribus.claims.margin import POINTS, refuse_borrowed_margin
from paribus.claims.metric import Metric, amount, level, opening, quantity
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.units import shown
from paribus.claims.words import listed, within
from paribus.spec import Number


class OfValue(Claim):
    """A metric of each condition, against a number in the metric's own unit."""

    metric: Metric = Field(kw_only=False)
    value: Number = Field(kw_only=False)
    conditions: Selection = Field(default={}, kw_only=False)

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        values = evidence.values(link[0], self.metric, layer, self.epoch_rule)
        return estimate_mean(link, values, self.region, evidence.resolution(self.metric))

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        parts = quantity(self.metric)
        unit = "" if not parts.is_share else " %" if parts.plain else " points"
        return f"the mean {what} of {listed(names)} is {shown(value, self.unit)}{unit}"

    @property
    @abstractmethod
    def region(self) -> Region:
        """Where the mean lies if the claim holds."""

    def spoken(self, relation: str) -> str:
        """The metric, its relation to the value, and the conditions, in words."""
        what = opening(self.metric, self.layer)
        bound = level(self.value, self.metric)
        return f"{what} is {relation} {bound}{within(self.conditions)}"


class Above(OfValue):
    """The mean of the metric lies above a value, in each condition."""

    kind: Literal["above"] = "above"
    margin: Literal[0] = 0

    @property
    def region(self) -> Region:
        return Region(low=self.value)

    def said(self) -> str:
        return self.spoken("above")


class Below(OfValue):
    """The mean of the metric lies below a value, in each condition."""

    kind: Literal["below"] = "below"
    margin: Literal[0] = 0

    @property
    def region(self) -> Region:
        return Region(high=self.value)

    def said(self) -> str:
        return self.spoken("below")


class Within(OfValue):
    """The mean of the metric lies within the margin of a value, in each condition.

    The margin is 0.005 for accuracies, precisions and recalls; other metrics need their own.
    """

    kind: Literal["within"] = "within"
    margin: Margin = POINTS

    @model_validator(mode="after")
    def _own_margin(self) -> "Within":
        refuse_borrowed_margin(self)
        return self

    @property
    def region(self) -> Region:
        return Region(self.value - self.margin, self.value + self.margin)

    def said(self) -> str:
        return self.spoken(f"within {amount(self.margin, self.metric)} of")
