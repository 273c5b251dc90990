"""Claims about the networks themselves: their layers, the space between them, their properties."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict

from paribus.claims.base import Claim, Correlation
from paribus.claims.metric import Metric, amount, phrase
from paribus.claims.pairs import Pair
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.words import named, within
from paribus.errors import DeclarationError, Fault
from paribus.spec import Count


def _layer_count(value: Any) -> Any:
    if value == "all":
        return value
    pair = tuple(value) if isinstance(value, list | tuple) else ()
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in pair)
    if len(pair) != 2 or not whole or not 0 <= pair[0] <= pair[1]:
        raise ValueError(f"got {value!r}; should be (fewest, most), as in (2, 4), or 'all'")
    return pair


LayerCount = Annotated[tuple[int, int] | Literal["all"], BeforeValidator(_layer_count)]
"""The fewest and the most layers, or "all" of them."""


class CountLayers(Claim):
    """So many layers have a value of the metric at least `threshold` times the largest layer's.

    With the default metric, those are the layers that receive a gradient.
    """

    kind: Literal["count_layers"] = "count_layers"
    layers: LayerCount = Field(kw_only=False)
    conditions: Selection = Field(default={}, kw_only=False)
    metric: Metric = "gradient/norm"
    threshold: Annotated[float, Strict(), Field(gt=0, lt=1)] = 1e-3
    margin: Literal[0] = 0
    layer: None = None

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def said(self) -> str:
        of = f"{phrase(self.metric)} of at least {self.threshold:g} times the largest"
        where = within(self.conditions)
        if self.layers == "all":
            return f"Every layer has a {of}{where}"
        fewest, most = self.layers
        some = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        one = most == 1
        return f"{some} layer{'' if one else 's'} {'has' if one else 'have'} a {of}{where}"


class Barrier(Pair):
    """A barrier parts two trained networks, run by run of one replicate.

    The highest loss inside the line between their weights lies above the straight line between
    the losses of its ends, by more than the margin.
    """

    kind: Literal["barrier"] = "barrier"
    metric: Metric = "test/loss"
    epoch_rule: Literal["last"] = "last"

    def said(self) -> str:
        by = f" of more than {amount(self.margin, self.metric)}" if self.margin else ""
        ends = f"{named(self.first)} and {named(self.second)}"
        return f"A barrier{by} in {phrase(self.metric)} parts {ends}"


class EndApart(Claim):
    """The replicates of a condition end further apart than any of them moved of late.

    The smallest distance between the final weights of two of them is greater than the largest
    that one moved in its last `epochs`.
    """

    kind: Literal["end_apart"] = "end_apart"
    conditions: Selection = Field(default={}, kw_only=False)
    epochs: Count = 20
    metric: Literal["path/distance"] = "path/distance"
    layer: None = None
    epoch_rule: Literal["last"] = "last"

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def said(self) -> str:
        last = "epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        by = f" by more than {self.margin:g}" if self.margin else ""
        where = within(self.conditions)
        return f"The runs end further apart{by} than any of them moved in its last {last}{where}"


class Correlates(Claim):
    """Over the runs of a condition two metrics go together: rank correlation (Spearman's rho).

    It lies beyond the margin, on the side of the sign.
    """

    kind: Literal["correlates"] = "correlates"
    metric: Metric = Field(kw_only=False)
    other: Metric = Field(kw_only=False)
    sign: Literal["positive", "negative"] = Field(kw_only=False)
    conditions: Selection = Field(default={}, kw_only=False)
    layer: None = None
    margin: Correlation = 0.0

    def model_post_init(self, _: Any) -> None:
        if self.metric == self.other:
            problem = f"got {self.other!r} twice; a metric always goes with itself"
            raise DeclarationError("Correlates", [Fault("other", problem)])

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def said(self) -> str:
        one, other = phrase(self.metric), phrase(self.other)
        moves = "higher" if self.sign == "positive" else "lower"
        beyond = f", with a rank correlation beyond {self.margin:g}" if self.margin else ""
        where = within(self.conditions)
        return f"Runs with a higher {one} have a {moves} {other}{beyond}{where}"
