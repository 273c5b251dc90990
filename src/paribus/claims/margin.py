"""Margins: the default of equality, and how a margin is said."""

from paribus.claims.base import Claim
from paribus.claims.metric import amount, quantity
from paribus.errors import DeclarationError, Fault

POINTS = 0.005
"""The margin of equality for shares of examples: half a point."""


def refuse_borrowed_margin(claim: Claim, *, relative: bool = False) -> None:
    """Raises `DeclarationError` for a margin of 0, or half a point where it would mean nothing."""
    if claim.margin == 0:
        problem = "got 0; no number of runs shows equality to within nothing: give more"
    elif "margin" in claim.model_fields_set or (quantity(claim.metric).is_share and not relative):
        return
    else:
        of = "a relative one" if relative else repr(claim.metric)
        problem = f"missing; {POINTS} is for accuracies, precisions and recalls, not for {of}"
    raise DeclarationError(type(claim).__name__, [Fault("margin", problem)])


def beyond_margin(margin: float, metric: str, *, relative: bool = False) -> str:
    """The margin as the tail of a sentence; nothing where it is 0."""
    return f", by more than {amount(margin, metric, relative=relative)}" if margin else ""
