"""Runs that no PyTorch script can make again, each with what to do instead."""

from paribus.errors import DeclarationError, Fault, ParibusError
from paribus.outgoing import legible
from paribus.store.records import StoredRun
from paribus.training.recipe import NUMERICS, Recipe


def refuse_run(run: StoredRun) -> None:
    """Raises `ParibusError` for a run with no result that a script could come to."""
    if "made_by" in run.provenance:
        name = legible(str(run.provenance["made_by"]["function"]))
        raise ParibusError(
            f"run {run.key[:8]} was trained by {name}, a trainer of your own, which is its script "
            "already. Only runs that Paribus trained itself are ejected."
        )
    numerics = run.provenance.get("numerics", NUMERICS)
    if numerics != NUMERICS:
        raise ParibusError(
            f"run {run.key[:8]} was trained by numerics version {numerics}; this Paribus has "
            f"version {NUMERICS} and would draw other numbers. Train it again, and eject that run."
        )
    if run.status == "diverged":
        raise ParibusError(
            f"run {run.key[:8]} diverged in epoch {run.diverged_epoch}: there is no result to "
            "compare a script with. Eject a run of a condition that trains."
        )


def refuse_recipe(recipe: Recipe, key: str) -> None:
    """Raises `DeclarationError` with every part of a recipe that no script can do again."""
    if faults := _faults(recipe):
        raise DeclarationError(f"Run {key[:8]}, which cannot be ejected", faults)


def _faults(recipe: Recipe) -> list[Fault]:
    faults = []
    if recipe.augmentation:
        kinds = ", ".join(type(one).__name__ for one in recipe.augmentation)
        problem = (
            f"got {kinds}; the changes to each image are drawn inside Paribus's compiled program, "
            "and PyTorch would draw others. Run the condition with --set 'augmentation=[]' and "
            "eject that, then put torchvision's transforms into the script"
        )
        faults.append(Fault("augmentation", problem))
    if recipe.warm_start is not None:
        problem = (
            f"training began with a network trained at batch size {recipe.warm_start.batch_size}, "
            "which is not kept. Run the condition with --set warm_start=null and eject that"
        )
        faults.append(Fault("warm_start", problem))
    if recipe.second_phase is not None:
        problem = (
            "minimizing the norm of the gradient has no counterpart in PyTorch. Run the condition "
            "with --set second_phase=null and eject that"
        )
        faults.append(Fault("second_phase", problem))
    return faults
