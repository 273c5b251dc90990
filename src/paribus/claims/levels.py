"""Claims about three or more levels in their order: a metric's trend over them, or its peak."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from paribus.claims.base import Claim, Correlation
from paribus.claims.metric import Metric, amount, opening, quantity
from paribus.claims.selection import Link, Scope, Selection, levels_of, number
from paribus.claims.words import listed
from paribus.errors import DeclarationError, Fault, near_match

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

    def said(self) -> str:
        up, down = ("rises", "falls") if quantity(self.metric).plain else ("grows", "shrinks")
        goes = up if self.direction == "up" else down
        over = f"with {self.spoken()}" if isinstance(self.over, str) else f"over {self.spoken()}"
        beyond = f", with a rank correlation beyond {self.margin:g}" if self.margin else ""
        return f"{opening(self.metric, self.layer)} {goes} {over}{beyond}"


class Peak(OverLevels):
    """At some inner level the metric is higher than at both ends, by more than the margin."""

    kind: Literal["peak"] = "peak"

    def said(self) -> str:
        what = opening(self.metric, self.layer)
        by = f", by more than {amount(self.margin, self.metric)}" if self.margin else ""
        inner = f"at an inner level of {self.spoken()} than at both ends"
        return f"{what} is higher {inner}{by}"
