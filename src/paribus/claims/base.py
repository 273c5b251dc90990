"""The role of a claim: an expectation declared with a study, which its runs can support or refute.

A claim is data. It names conditions, a metric and a margin, says itself in English, and lists
the comparisons that it asks for; whether they hold is for the statistics to say.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, Strict, model_validator

from paribus.claims.assessment import Assessment
from paribus.claims.evidence import Evidence
from paribus.claims.metric import SPLITS, Metric, quantity
from paribus.claims.selection import ByFactor, Condition, Link, Scope, labels_of, number, scope
from paribus.claims.units import Unit
from paribus.claims.words import restriction
from paribus.errors import DeclarationError, Fault
from paribus.spec import Spec

EpochRule = Literal["last", "best validation"]
EPOCH_RULES: tuple[EpochRule, ...] = get_args(EpochRule)
"""Which epoch speaks for a run; the words of `results.table`."""
Margin = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
"""How far beyond equality, in the metric's own unit (0.005 of accuracy is half a point)."""
Correlation = Annotated[float, Strict(), Field(ge=0, lt=1)]
"""How far beyond 0 a rank correlation lies."""
Flag = Annotated[bool, Strict()]
"""True or False, and nothing that might mean it."""
EVERYTHING = "everything"
"""In place of a metric: every measurement and the weights."""
_LAYER = re.compile("first|last|every|[1-9][0-9]*")


def _layer(value: Any) -> Any:
    if isinstance(value, str) and _LAYER.fullmatch(value):
        return value
    raise ValueError(f"got {value!r}; should be 'first', 'last', 'every' or a number, as in '2'")


Layer = Annotated[str, BeforeValidator(_layer)]
"""The first, last or every layer that holds weights, or one by its number from the input on."""


class Claim(Spec):
    """What every claim says beside its own fields.

    Fields marked `kw_only=False` are given by position too, in their order. A claim holds at
    every level of the factors that neither it nor `at` names.
    """

    SIGNED: ClassVar[bool] = False
    """Whether `estimated` tells a sign in words (above, below), so that sizes follow it."""

    metric: Metric
    margin: Margin = 0.0
    at: ByFactor = Field(default={})
    layer: Layer | None = None
    epoch_rule: EpochRule = "last"
    ours: Flag = False
    wording: str = ""

    if not TYPE_CHECKING:  # hidden so that a type checker sees the fields as arguments

        def __init__(self, *values: Any, **fields: Any) -> None:
            super().__init__(**_by_name(type(self), values, fields))

    @model_validator(mode="after")
    def _layers_of_probes_alone(self) -> "Claim":
        source = self.metric.partition("/")[0].rpartition(" ")[2]
        if self.layer is not None and source in (*SPLITS, "batch"):
            problem = f"got {self.layer!r}; {self.metric} is of a whole network: leave it out"
            raise DeclarationError(type(self).__name__, [Fault("layer", problem)])
        return self

    def sentence(self, conditions: Sequence[Condition] = ()) -> str:
        """The claim in plain English: one sentence, without a full stop.

        With the conditions of the study, labels that are numbers are told with their factor.
        """
        if self.wording:
            return self.wording
        rule = ", at the epoch that is best on validation" if self.epoch_rule != "last" else ""
        return f"{self._told(conditions).said()}{rule}{restriction(self.at)}"

    def faults(self, conditions: Sequence[Condition]) -> list[Fault]:
        """What keeps the claim from being tested in a study of these conditions.

        Factors and labels that are not there, with near matches, and comparisons for which the
        study has no conditions that agree in all else.
        """
        here, faults = scope(conditions, self.at, self.selections())
        faults += [] if faults else self.misfits(here)
        if not faults and not self.compared(here):
            problem = "the study has no conditions that fit it and agree in all else"
            faults.append(Fault("", problem))
        return faults

    def applies(self, conditions: Sequence[Condition]) -> bool:
        """Whether a study of these conditions (a scale may leave levels out) can test it."""
        return not self.faults(conditions)

    def links(self, conditions: Sequence[Condition]) -> tuple[Link, ...]:
        """The comparisons of which all must hold: conditions in the order of the family.

        Raises `DeclarationError` where the claim does not apply.
        """
        faults = self.faults(conditions)
        if faults:
            raise DeclarationError(self.sentence(), faults)
        return self.compared(scope(conditions, self.at, self.selections())[0])

    def assess(self, evidence: Evidence) -> tuple[Assessment, ...]:
        """What the runs say of each link, layer by layer where the claim is of every layer.

        Raises `DeclarationError` where the claim does not apply.
        """
        return tuple(
            replace(self.judged(link, evidence, layer), layer=layer)
            for link in self.links(evidence.conditions)
            for layer in self._layers(link, evidence)
        )

    def _layers(self, link: Link, evidence: Evidence) -> tuple[str | None, ...]:
        if self.layer != "every":
            return (self.layer,)
        # Of a metric without layers the assessment says what is wrong.
        return evidence.layers(link[0], self.metric) or ("first",)

    def _told(self, conditions: Sequence[Condition]) -> "Claim":
        """The claim with its labels by factor, where a label alone would be a bare number."""
        selections = self.selections()
        factor = scope(conditions, self.at, selections)[0].factor
        plain = [one for one in selections.values() if not isinstance(one, Mapping)]
        if factor is None or not any(
            number(label) is not None for one in plain for label in labels_of(one)
        ):
            return self
        told = {
            field: one if isinstance(one, Mapping) else {factor: one}
            for field, one in selections.items()
        }
        chain = tuple(one for field, one in told.items() if "." in field)
        fields = {field: one for field, one in told.items() if "." not in field}
        return self.model_copy(update=fields | ({"chain": chain} if chain else {}))

    def misfits(self, here: Scope) -> list[Fault]:  # noqa: ARG002 - families that need it do
        """Faults of the family's own, once every factor and label is known to be there."""
        return []

    @abstractmethod
    def judged(self, link: Link, evidence: Evidence, layer: str | None) -> Assessment:
        """What the runs say of one link, of one layer where the metric has them."""

    @property
    def unit(self) -> Unit:
        """In what its estimates are told."""
        if getattr(self, "relative", False):
            return "per cent"
        of_all = self.metric == EVERYTHING
        return "points" if not of_all and quantity(self.metric).is_share else "number"

    @abstractmethod
    def estimated(self, value: float, what: str, names: Sequence[str]) -> str:
        """An estimate in words: of the metric `what` at these conditions of a link."""

    @abstractmethod
    def said(self) -> str:
        """The sentence without its restriction."""

    @abstractmethod
    def selections(self) -> Mapping[str, Any]:
        """The conditions that the claim names, by field."""

    @abstractmethod
    def compared(self, here: Scope) -> tuple[Link, ...]:
        """The comparisons, once every factor and label is known to be there."""


def _by_name(
    family: type[Claim], values: Sequence[Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Fields by name, those given by position included."""
    names = [name for name, field in family.model_fields.items() if field.kw_only is False]
    if len(values) > len(names):
        problem = f"got {len(values)} values by position; it takes {', '.join(names)}"
        raise DeclarationError(family.__name__, [Fault("", f"{problem}, the rest by name")])
    given = dict(zip(names, values, strict=False))
    order = f"by position come {', '.join(names)}"
    twice = [
        Fault(name, f"given by position and by name; {order}") for name in given if name in fields
    ]
    if twice:
        raise DeclarationError(family.__name__, twice)
    return given | dict(fields)
