"""Claims about the course of training: what learns or stalls, rises or falls, comes sooner."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from paribus.claims.base import Claim, Flag, Margin
from paribus.claims.metric import Metric, amount, level, opening, phrase
from paribus.claims.pairs import Pair
from paribus.claims.selection import Link, Scope, Selection
from paribus.claims.words import each, named, subject, within
from paribus.spec import Number

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


class Stalls(OfLearning):
    """Training ends no better than guessing: a training loss within the margin of ln(classes).

    The margin is a share of ln(classes); `share` is how many of the replicates must do so, at
    least.
    """

    kind: Literal["stalls"] = "stalls"

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

    metric: Metric = Field(kw_only=False)
    conditions: Selection = Field(default={}, kw_only=False)
    negated: Flag = False
    epoch_rule: Literal["last"] = "last"

    def selections(self) -> Mapping[str, Any]:
        return {"conditions": self.conditions}

    def compared(self, here: Scope) -> tuple[Link, ...]:
        return here.singles(self.conditions)

    def spoken(self, verb: str) -> str:
        """The sentence, for the verb of the family."""
        what = opening(self.metric, self.layer)
        goes = f"does not {verb}" if self.negated else f"{verb}s"
        by = f" by more than {amount(self.margin, self.metric)}" if self.margin else ""
        return f"{what} {goes}{by} from start to end{within(self.conditions)}"


class Rises(OfCourse):
    """The metric ends higher than it began, by more than the margin; negated: it does not."""

    kind: Literal["rises"] = "rises"

    def said(self) -> str:
        return self.spoken("rise")


class Falls(OfCourse):
    """The metric ends lower than it began, by more than the margin; negated: it does not."""

    kind: Literal["falls"] = "falls"

    def said(self) -> str:
        return self.spoken("fall")


class Sooner(Pair):
    """The metric reaches a value in the first after fewer epochs than in the second.

    Reaching means getting as good as the value: down to a loss, up to an accuracy. A run that
    never does is censored at its last epoch. The margin is in epochs.
    """

    kind: Literal["sooner"] = "sooner"
    reaching: Number
    epoch_rule: Literal["last"] = "last"

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

    kind: Literal["noisier"] = "noisier"
    epoch_rule: Literal["last"] = "last"

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
