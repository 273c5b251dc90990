"""Claims about the networks themselves: their layers, the space between them, their properties."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, Strict

from paribus.claims.assessment import Assessment, Estimated, Region, Settled
from paribus.claims.base import Claim, Correlation
from paribus.claims.comparing import FEWEST, estimate_mean, losses, paired, untestable
from paribus.claims.counting import counted
from paribus.claims.evidence import Evidence
from paribus.claims.metric import Metric, amount, phrase
from paribus.claims.pairs import ALWAYS, Pair
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.units import Unit, shown
from paribus.claims.words import listed, named, within
from paribus.errors import DeclarationError, Fault
from paribus.spec import Count
from paribus.statistics.ranks import FEWEST_RUNS, rank_correlation


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

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:  # noqa: ARG002 - a role
        names = evidence.layers(link[0], self.metric) or ("first",)
        of = [evidence.values(link[0], self.metric, name, self.epoch_rule) for name in names]
        units = paired(of)
        if len(units) < FEWEST:
            return untestable(link, of)
        counts = {unit: self._count([one.by_unit[unit] for one in of]) for unit in units}
        fewest, most = (len(names),) * 2 if self.layers == "all" else self.layers
        met = {unit: fewest <= count <= most for unit, count in counts.items()}
        found = counted(link, met, of[0])
        told = ", ".join(str(count) for count in counts.values())
        return replace(found, notes=(f"layers by replicate: {told}", *found.notes))

    def _count(self, values: Sequence[float]) -> int:
        largest = max(map(abs, values))
        return sum(abs(value) >= self.threshold * largest > 0 for value in values)

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:  # noqa: ARG002 - a role
        return f"{100 * value:g} % of the replicates of {listed(names)} do"

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

    SIGNED: ClassVar[bool] = False

    kind: Literal["barrier"] = "barrier"
    metric: Metric = "test/loss"
    epoch_rule: Literal["last"] = "last"

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:  # noqa: ARG002 - a role
        first, second = link
        values = evidence.barriers(first, second, self.metric)
        step = evidence.resolution(self.metric)
        return estimate_mean(link, values, Region(low=self.margin), step, "the barrier")

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        between = listed(names)
        return f"the barrier in {what} between {between} is {shown(value, self.unit)} on average"

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

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:  # noqa: ARG002 - a role
        ends = evidence.ends(link[0], self.epochs)
        runs = evidence.values(link[0], ALWAYS, None, self.epoch_rule)
        if isinstance(ends, str):
            return untestable(link, (runs,), ends if runs.by_unit else "")
        nearest, furthest = min(ends.apart), max(ends.moved)
        apart = nearest - furthest > self.margin
        why = f"the nearest two ends are {nearest:.4g} apart; the furthest move was {furthest:.4g}"
        method = "smallest distance against the largest move"
        n = len(ends.moved)
        verdict = "supported" if apart else "refuted"
        outcome = Settled(verdict, why, method, n, nearest - furthest)
        return Assessment(link, outcome, unit="run", notes=losses((runs,)))

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:  # noqa: ARG002 - a role
        return f"the ends of {listed(names)} are {shown(value, self.unit)} further apart than that"

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

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:  # noqa: ARG002 - a role
        samples = [
            evidence.values(link[0], metric, None, self.epoch_rule)
            for metric in (self.metric, self.other)
        ]
        units = paired(samples)
        if any(one.absent for one in samples):
            return untestable(link, samples)
        if len(units) < FEWEST_RUNS:
            said = f"{len(units)} finished runs; a rank correlation takes {FEWEST_RUNS}"
            return untestable(link, samples, said)
        one, other = ([sample.by_unit[unit] for unit in units] for sample in samples)
        if len(set(one)) == 1 or len(set(other)) == 1:
            return untestable(link, samples, "one of the two metrics is the same in all runs")
        region = Region(low=self.margin) if self.sign == "positive" else Region(high=-self.margin)
        outcome = Estimated(rank_correlation(one, other), region)
        return Assessment(link, outcome, unit="run", notes=losses(samples))

    @property
    def unit(self) -> Unit:
        return "correlation"

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        both = f"{what} and {phrase(self.other)}"
        return f"Spearman's rho of {both} is {shown(value, self.unit)} for {listed(names)}"

    def said(self) -> str:
        one, other = phrase(self.metric), phrase(self.other)
        moves = "higher" if self.sign == "positive" else "lower"
        beyond = f", with a rank correlation beyond {self.margin:g}" if self.margin else ""
        where = within(self.conditions)
        return f"Runs with a higher {one} have a {moves} {other}{beyond}{where}"
