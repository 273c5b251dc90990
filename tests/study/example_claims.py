"""Small studies that claim something, and a watch that sees what is registered of them."""

from pathlib import Path
from typing import Any

from paribus import Factor, Study
from paribus.claims import Above, Better
from paribus.data.base import Source
from paribus.store import Catalogue, Registration
from paribus.study.plan import Plan, PlannedRun, make_plan
from study.example_study import tiny_recipe, tiny_study

RATE = "optimizer.learning_rate"
HIGHER = Better("test/accuracy", "high", "low")
LEARNT = Above("test/accuracy", 0.5, {"learning_rate": "high"})
ROUGHLY = [Factor(RATE, {"low": 0.01, "mid": 0.1, "high": 0.3})]


def claiming(*claims: Any, **fields: Any) -> Study:
    """The tiny study of one epoch, with claims."""
    given = {"recipe": tiny_recipe(epochs=1), "claims": claims or (HIGHER, LEARNT)}
    return tiny_study(**(given | fields))


def planned(study: Study, replicates: int | None = None) -> Plan:
    """Its plan, on data that needs no folder."""
    return make_plan(study.at(replicates=replicates), Source())


class Breaking:
    """Breaks off after so many stored runs, and sees what is registered when training begins."""

    def __init__(self, lab: Path, after: int | None = None) -> None:
        self.lab, self.after, self.done = lab, after, 0
        self.seen: list[Registration] = []

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        with Catalogue.open(self.lab, create=False) as catalogue:
            self.seen = catalogue.registrations(plan.study.name, plan.study.scale)

    def run_started(self, run: PlannedRun, where: str, epoch: int = 0) -> None:
        pass

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        pass

    def run_done(self, run: PlannedRun, status: str) -> None:
        self.done += 1
        if self.done == self.after:
            raise KeyboardInterrupt
