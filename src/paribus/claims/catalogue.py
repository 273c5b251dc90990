"""All families of claims as one type, and claims as they are stored with a study."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from paribus.claims.levels import Peak, Trend
from paribus.claims.networks import Barrier, Correlates, CountLayers, EndApart
from paribus.claims.order import Best, Order, Worst
from paribus.claims.pairs import Better, Equal, Gap, Identical, NotWorse
from paribus.claims.training import Falls, Learns, Noisier, Rises, Sooner, Stalls
from paribus.claims.values import Above, Below, Within
from paribus.spec import Spec

AnyClaim = Annotated[
    Better
    | Order
    | Best
    | Worst
    | Equal
    | NotWorse
    | Identical
    | Gap
    | Above
    | Below
    | Within
    | Trend
    | Peak
    | Stalls
    | Learns
    | Rises
    | Falls
    | Sooner
    | Noisier
    | CountLayers
    | Barrier
    | EndApart
    | Correlates,
    Field(discriminator="kind"),
]


class StoredClaim(Spec):
    """A claim of any family, told apart by its `kind`."""

    claim: AnyClaim


def claim_from_json(document: Mapping[str, Any]) -> AnyClaim:
    """The claim that `as_json` gave this document of.

    Raises `DeclarationError` for a kind, field or value that this version does not know.
    """
    content: dict[str, Any] = {"claim": document}
    return StoredClaim(**content).claim
