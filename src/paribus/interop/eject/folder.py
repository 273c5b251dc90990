"""A run written into a folder of its own: the script, and in safetensors files what it reads."""

from collections.abc import Mapping
from pathlib import Path

import safetensors.numpy

from paribus.data.base import Source
from paribus.data.dataset import Dataset
from paribus.errors import DataError, DeclarationError, Fault, ParibusError
from paribus.interop.eject.arrays import Arrays, examples, initial_weights, order
from paribus.interop.eject.refusals import refuse_recipe, refuse_run
from paribus.interop.eject.script import Ejected, script
from paribus.interop.layers import as_state_dict, blocks_of
from paribus.interop.stored import FoundRun, recipe_of, refuse_own_functions, weights_of
from paribus.spec import leaves
from paribus.store.records import StoredRun
from paribus.training.recipe import Recipe

SCRIPT = "train.py"


def eject(run: FoundRun, source: Source, folder: Path, recipe: Recipe | None = None) -> list[Path]:
    """The files of a run as a PyTorch script, written into a folder that is new or empty.

    `train.py` reads `initial.safetensors` (the weights before training), `data.safetensors` and
    `order.safetensors` (which examples each epoch takes, one batch after the other; not there
    where every batch is all examples), and compares its result with `final.safetensors`.
    `recipe` is needed where the data are arrays of a user's own, which no lab holds. Raises
    `ParibusError` for a run that cannot be ejected, saying why, and for a folder that cannot be
    written; `MissingDataError` and `DamagedDataError` as loading data does.
    """
    stored = run.stored
    refuse_run(stored)
    _check(folder)
    recipe = recipe_of(stored, source.folder) if recipe is None else _same(recipe, stored)
    refuse_recipe(recipe, stored.key)
    final = weights_of(stored)
    blocks = blocks_of(recipe.model, final)
    dataset, initial = _dataset(recipe, stored, source), initial_weights(recipe, stored.replicate)
    files: dict[str, Arrays] = {
        "initial.safetensors": as_state_dict(blocks, initial),
        "final.safetensors": as_state_dict(blocks, final),
        "data.safetensors": examples(recipe, stored.replicate, dataset),
    }
    if recipe.steps_per_epoch > 1:
        epochs = stored.provenance["epochs"]
        files["order.safetensors"] = {"order": order(recipe, stored.replicate, dataset, epochs)}
    _write(folder, files, script(Ejected(stored, run.places, recipe, blocks)))
    return [folder / name for name in (SCRIPT, *files)]


def _same(recipe: Recipe, run: StoredRun) -> Recipe:
    """The recipe, if it is the run's."""
    refuse_own_functions(run, run.recipe)
    stored, given = (dict(leaves(one)) for one in (run.recipe, recipe.as_json()))
    faults = [
        Fault(path, f"got {given.get(path)!r}; the run has {stored.get(path)!r}")
        for path in sorted({*stored, *given})
        if given.get(path) != stored.get(path)
    ]
    if faults:
        raise DeclarationError(f"Recipe, which is not that of run {run.key[:8]}", faults)
    return recipe


def _write(folder: Path, files: Mapping[str, Arrays], text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, arrays in files.items():
            (folder / name).write_bytes(safetensors.numpy.save(dict(arrays)))
        (folder / SCRIPT).write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from None


def _dataset(recipe: Recipe, run: StoredRun, source: Source) -> Dataset:
    dataset = recipe.data.bare().load(source)
    if dataset.fingerprint != run.fingerprint:
        raise DataError(
            f"{type(recipe.data).__name__}: these are not the data that run {run.key[:8]} was "
            f"trained on (their fingerprint is {dataset.fingerprint[:16]}, not "
            f"{run.fingerprint[:16]}). Give the folder of those with --data-dir."
        )
    return dataset


def _check(folder: Path) -> None:
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise _unwritable(folder, error) from None
    if taken:
        raise ParibusError(
            f"{folder} is there already and is no empty folder; give another with --to"
        )


def _unwritable(folder: Path, error: OSError) -> ParibusError:
    return ParibusError(
        f"{error.filename or folder}: cannot be written: {error.strerror}. "
        "Give another folder with --to."
    )
