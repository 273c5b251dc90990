"""All kinds of analyses as one type, and analyses as they are stored with a study."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from paribus.analyses.collapse import Collapse
from paribus.analyses.epoch_time import EpochTime
from paribus.analyses.first_steps import FirstSteps
from paribus.analyses.gradients import GradientCheck
from paribus.analyses.line import Line
from paribus.analyses.path import Path
from paribus.spec import Spec

AnyAnalysis = Annotated[
    Collapse | EpochTime | FirstSteps | GradientCheck | Line | Path, Field(discriminator="kind")
]


class _Stored(Spec):
    analysis: AnyAnalysis


def analysis_from_json(document: Mapping[str, Any]) -> AnyAnalysis:
    """The analysis that `as_json` gave this document of.

    Raises `DeclarationError` for a kind, field or value that this version does not know.
    """
    fields: Any = {"analysis": document}
    return _Stored(**fields).analysis
