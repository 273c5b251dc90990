"""Runs of our own engine, as a plan sees them: what their `Recipe` says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.design.adaptive import Scan, Tuned
from paribus.design.confound import Case
from paribus.design.differences import Kind
from paribus.design.grid import Condition
from paribus.errors import Fault
from paribus.models.base import parameters_of
from paribus.probes.base import Probe
from paribus.spec import Spec, split_traced
from paribus.study.apparatus import Apparatus, Declared, Extent, Resolved
from paribus.study.cost import recipe_cost
from paribus.study.differences import cases_of, sizes_of
from paribus.training.recipe import NUMERICS, Recipe


class Native(Apparatus):
    """Runs that our engine trains."""

    grouped = "cohort"

    def faults(self, study: Declared, found: Resolved) -> list[Fault]:
        recipes = [(condition, as_recipe(recipe)) for condition, recipe in found]
        faults = [fault for probe in study.probes for fault in _probe_faults(probe, recipes)]
        facts = as_recipe(study.recipe).data.facts()
        match study.design:
            case Scan() as scan:
                classes = facts.outputs if facts.classification else 0
                faults += scan.faults(study.factors, classes)
            case Tuned() as tuned:
                smallest = min(recipe.data.validation for _, recipe in recipes)
                faults += tuned.faults(study.factors, smallest, facts.classification)
            case _:
                pass
        return faults

    def compared(self, found: Resolved) -> tuple[list[Case], dict[Kind, list[Any]]]:
        recipes = [(condition, as_recipe(recipe)) for condition, recipe in found]
        return cases_of(recipes), sizes_of([recipe for _, recipe in recipes])

    def extent(self, recipe: Spec) -> Extent:
        ours = as_recipe(recipe)
        facts = ours.data.facts()
        parameters = parameters_of(ours.model, facts.shape, facts.outputs)
        return Extent(
            cohort=split_traced(ours)[0],
            cost=recipe_cost(ours, parameters),
            parameters=parameters,
            steps=ours.epochs * ours.steps_per_epoch,
            epochs=ours.epochs,
        )

    def made_by(self, recipe: Spec) -> Mapping[str, Any]:  # noqa: ARG002 - the same for all
        return {"numerics": NUMERICS}

    def primary(self, study: Declared, measured: Sequence[str]) -> str:  # noqa: ARG002 - known before
        classification = as_recipe(study.recipe).data.facts().classification
        return "test/accuracy" if classification else "test/loss"

    def notices(self, recipes: Sequence[Spec]) -> list[str]:
        ours = map(as_recipe, recipes)
        full = {one.batch_size for one in ours if one.batch_size >= one.train_examples}
        return [
            f"batch size {size} is at least all training examples: full batch"
            for size in sorted(full)
        ]


NATIVE = Native()


def as_recipe(recipe: Spec) -> Recipe:
    """The recipe of a study without a trainer, which is one of ours."""
    assert isinstance(recipe, Recipe)
    return recipe


def _probe_faults(probe: Probe, found: Sequence[tuple[Condition, Recipe]]) -> list[Fault]:
    """What keeps a probe from measuring conditions; said once where it is the same for all."""
    faults: dict[Fault, str] = {}
    for condition, recipe in found:
        facts = recipe.data.facts()
        labels = ", ".join(f"{name}={label}" for name, label in condition.labels.items())
        for fault in probe.faults(recipe.model, facts.shape, facts.outputs):
            faults.setdefault(fault, f"{labels}: " if labels else "")
    where = f"probes.{type(probe).__name__}"
    return [
        Fault(f"{labels}{where}.{fault.path}".rstrip("."), fault.problem)
        for fault, labels in faults.items()
    ]
