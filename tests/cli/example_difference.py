"""A difference between two labs that has something of everything that can be told of one."""

from pathlib import Path

from paribus.claims import Better
from paribus.claims.findings import findings
from paribus.cli.labs import Compared, LabDifference
from paribus.report.difference import ConditionDifference, VerdictChange, VerdictDifference
from paribus.results.copies import Copies
from paribus.results.difference import (
    FactDifference,
    KeyDifference,
    RunDifference,
    StudyDifference,
)
from results.example_studies import activations


def example_difference() -> LabDifference:
    """Two labs with a study each of their own, and one of both that differs in every way."""
    relu = {"activation": "relu"}
    finals = {"test/loss": 0.5, "train/loss": 0.0}
    differs = ("weights", "test/loss", "gradient/norm")
    copies = Copies("4f0c", "finished", "finished", differs, 1e-7, finals, (), ())
    runs = StudyDifference(
        name="activations",
        scale="demo",
        both=2,
        only_a=1,
        only_b=1,
        differing=(RunDifference(relu, 1, copies),),
        measured_a=("gradient/norm",),
        measured_b=("units/dead",),
        rekeyed=(relu,),
        keys=(KeyDifference("optimizer.learning_rate", 0.1, 0.2, 1),),
        provenance=(FactDifference("JAX", ("0.9.0",), ("0.9.1",)),),
    )
    means = ConditionDifference(
        relu, "test/accuracy", 0.9, 0.8, 2, 2, 0, 0, -0.1, -0.2, 0.0, 2, "paired Student t, 95 %"
    )
    claim = Better("test/accuracy", "relu", "sigmoid").as_json() | {"sentence": "a beats b"}
    (found,) = findings(activations(2, claims=[claim]))
    verdicts = VerdictDifference(1, (VerdictChange("a beats b", found, found),), ("c",), ("d",))
    study = Compared(runs, (means,), verdicts)
    return LabDifference(Path("a"), Path("b"), (study,), (("mine", "full"),), (("hers", "full"),))
