"""Claims about the value of a metric itself: above, below or near a number."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from paribus.claims.base import Claim, Margin
from paribus.claims.margin import POINTS, refuse_borrowed_margin
from paribus.claims.metric import Metric, amount, level, opening
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.words import within
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

    def spoken(self, relation: str) -> str:
        """The metric, its relation to the value, and the conditions, in words."""
        what = opening(self.metric, self.layer)
        bound = level(self.value, self.metric)
        return f"{what} is {relation} {bound}{within(self.conditions)}"


class Above(OfValue):
    """The mean of the metric lies above a value, in each condition."""

    kind: Literal["above"] = "above"
    margin: Literal[0] = 0

    def said(self) -> str:
        return self.spoken("above")


class Below(OfValue):
    """The mean of the metric lies below a value, in each condition."""

    kind: Literal["below"] = "below"
    margin: Literal[0] = 0

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

    def said(self) -> str:
        return self.spoken(f"within {amount(self.margin, self.metric)} of")
