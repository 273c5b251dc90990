"""What `paribus eject` does: finds a run, writes its script and files, says where they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.cli.arguments import find_study
from paribus.cli.screen import Screen
from paribus.data.base import Source
from paribus.errors import ParibusError
from paribus.interop.eject import eject
from paribus.interop.stored import find_run
from paribus.store.lab import Lab
from paribus.store.records import StoredRun
from paribus.training.recipe import Recipe


def eject_run(
    typed: str, lab: Lab, folder: Path | None, source: Source, study: str | None = None
) -> dict[str, Any]:
    """Ejects the run whose key begins with what was typed; `paribus eject --json` prints this.

    Without a folder it is `run-` and the first digits of the key, in the current one. `study` is
    needed for what no lab holds: arrays of a user's own.
    """
    run = find_run(lab, typed)
    folder = folder or Path(f"run-{run.stored.key[:8]}")
    recipe = None if study is None else _recipe_in(study, run.stored)
    files = eject(run, source, folder, recipe)
    return {
        "run": run.stored.key,
        "folder": str(folder),
        "files": [path.name for path in files],
    }


def _recipe_in(text: str, run: StoredRun) -> Recipe:
    """The recipe of a run, from a study that has it."""
    study = find_study(text)
    for scale in study.scale_names:
        for _, recipe in study.at(scale).resolved():
            if isinstance(recipe, Recipe) and recipe.as_json() == run.recipe:
                return recipe
    raise ParibusError(
        f"{text}: no condition of it has the recipe of run {run.key[:8]}. Give the study as it "
        "was when the run was trained; what was set with --set, write into it."
    )


def show_ejected(row: dict[str, Any]) -> None:
    """Says which files there are now, and how to run them."""
    out = Screen(soft_wrap=True)
    folder, (script, *beside) = row["folder"], row["files"]
    out.print(f"{folder}: {script}, with {_listed(beside)}")
    out.print(f"Run it with: python {Path(folder) / script}")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
