"""Claims that rank conditions: a chain from the best on, the best of all, the worst of all."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from paribus.claims.assessment import Assessment
from paribus.claims.base import Claim, Flag
from paribus.claims.comparing import ahead, compare_link, difference_said
from paribus.claims.evidence import Evidence
from paribus.claims.margin import beyond_margin
from paribus.claims.metric import Metric, opening, phrase
from paribus.claims.pairs import degrees, verbs
from paribus.claims.selection import Link, Scope, Selection, levels_of
from paribus.claims.words import named, subject
from paribus.errors import Fault


def _chain(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {value!r}; should be a list of conditions, the best first")
    if len(value) < 2:
        raise ValueError(f"got {list(value)!r}; a chain has two conditions or more")
    repeated = [one for place, one in enumerate(value) if one in value[:place]]
    if repeated:
        raise ValueError(f"names {', '.join(map(repr, repeated))} more than once")
    return tuple(value)


Chain = Annotated[Sequence[Selection], BeforeValidator(_chain)]
"""Conditions from the best to the worst, two or more, all different."""


class Order(Claim):
    """Each condition of a chain is better than the next by more than the margin.

    Every link is a `Better` of its own; the chain holds where all of them do.
    """

    SIGNED: ClassVar[bool] = True

    kind: Literal["order"] = "order"
    metric: Metric = Field(kw_only=False)
    chain: Chain = Field(kw_only=False)
    relative: Flag = False

    def selections(self) -> Mapping[str, Any]:
        return {f"chain.{place}": one for place, one in enumerate(self.chain)}

    def misfits(self, here: Scope) -> list[Fault]:
        factors = [set(here.named(one)) for one in self.chain]
        if any(one != factors[0] for one in factors):
            each = "; ".join(", ".join(sorted(one)) or "none" for one in factors)
            problem = f"its conditions name different factors ({each}); all name the same"
            return [Fault("chain", problem)]
        points = [point for one in self.chain for point in here.points(one)]
        twice = [named(one) for place, one in enumerate(points) if one in points[:place]]
        return [Fault("chain", f"names {one} more than once") for one in twice]

    def compared(self, here: Scope) -> tuple[Link, ...]:
        links = [here.pairs(one, following) for one, following in pairwise(self.chain)]
        # A chain with a link missing is not the chain that was declared.
        return tuple(link for found in links for link in found) if all(links) else ()

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        return difference_said(self, value, what, names)

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = ahead(self.metric, self.margin)
        return compare_link(self, link, evidence, layer, region, relative=self.relative)

    def said(self) -> str:
        _, most = degrees(self.metric)
        what = opening(self.metric, self.layer)
        steps = ", then ".join(named(one) for one in self.chain)
        beyond = beyond_margin(self.margin, self.metric, relative=self.relative)
        step = " at each step" if beyond and len(self.chain) > 2 else ""
        return f"{what} is {most} for {steps}{beyond}{step}"


class Extreme(Claim):
    """A condition against every other level of the factor that it names."""

    SIGNED: ClassVar[bool] = True

    metric: Metric = Field(kw_only=False)
    condition: Selection = Field(kw_only=False)
    relative: Flag = False

    def selections(self) -> Mapping[str, Any]:
        return {"condition": self.condition}

    def misfits(self, here: Scope) -> list[Fault]:
        named_factors = here.named(self.condition)
        if len(named_factors) == 1:
            return []
        problem = f"names {len(named_factors)} factors; name one, and settle others in `at`"
        return [Fault("condition", problem)]

    def pairs(self, here: Scope) -> list[Link]:
        """The condition with each of the others, in the order of the factor's levels."""
        ((factor, labels),) = here.named(self.condition).items()
        others = [one for one in levels_of(here.conditions, factor) if one not in labels]
        return list(here.pairs({factor: labels}, {factor: others})) if others else []

    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        return difference_said(self, value, what, names)

    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        region = ahead(self.metric, self.margin)
        return compare_link(self, link, evidence, layer, region, relative=self.relative)

    def ranked(self, degree: str) -> str:
        """The sentence, for the degree that the family claims."""
        has = subject(self.condition, *verbs(self.metric))
        beyond = beyond_margin(self.margin, self.metric, relative=self.relative)
        return f"{has} the {degree} {phrase(self.metric, self.layer)} of all{beyond}"


class Best(Extreme):
    """A condition is better than every other of its factor, each by more than the margin."""

    kind: Literal["best"] = "best"

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return tuple(self.pairs(here))

    def said(self) -> str:
        return self.ranked(degrees(self.metric)[1])


class Worst(Extreme):
    """Every other condition of its factor is better than this one, by more than the margin."""

    kind: Literal["worst"] = "worst"

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return tuple((other, one) for one, other in self.pairs(here))

    def said(self) -> str:
        opposite = {"highest": "lowest", "lowest": "highest"}
        opposite |= {"largest": "smallest", "smallest": "largest"}
        return self.ranked(opposite[degrees(self.metric)[1]])
