"""A run that somebody names: found in a lab by the first digits of its key, its parts read."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from paribus.errors import DeclarationError, Fault, NothingStoredError, ParibusError
from paribus.outgoing import legible
from paribus.spec import faults_of
from paribus.store.arrays import decode_weights
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.store.records import StoredRun
from paribus.training.recipe import AnyModel, Recipe

KEY_DIGITS = 64
SHOWN = 4
"""Runs that a message names at most."""
WEIGHTS = "weights.safetensors"
"""The artifact that holds a run's last weights."""

_DIGITS = re.compile(f"[0-9a-f]{{4,{KEY_DIGITS}}}")


@dataclass(frozen=True)
class FoundRun:
    """A stored run, and where studies of the lab have it, in words."""

    stored: StoredRun
    places: tuple[str, ...] = ()


def find_run(lab: Lab, typed: str) -> FoundRun:
    """The stored run whose key begins with `typed`: four hex digits or more, of one run only.

    Runs that studies of the lab have planned are found by a part of their key, all others by the
    whole of it. Raises `NothingStoredError` where there is none, `ParibusError` for what is no
    part of a key, and for a part that several runs share.
    """
    digits = typed.strip().lower()
    if not _DIGITS.fullmatch(digits):
        raise ParibusError(
            f"got {typed!r} as a run; allowed are the first 4 hex digits of its key, or more. "
            "`paribus plan STUDY --json` prints keys, and so does `paribus export STUDY`."
        )
    with Catalogue.open(lab, create=False) as catalogue:
        places = _places(catalogue)
        matching = catalogue.finished(key for key in {*places, digits} if key.startswith(digits))
        key = _only(sorted(matching), digits, lab, places)
        return FoundRun(catalogue.run(key), tuple(places.get(key, ())))


def weights_of(run: StoredRun) -> dict[str, NDArray[Any]]:
    """The last weights of a run by name ("1.weight", "1.bias", "2.weight", ...).

    Raises `NothingStoredError` for one that comes without them.
    """
    if WEIGHTS not in run.artifacts:
        raise NothingStoredError(f"run {run.key[:8]} comes without its weights ({WEIGHTS!r})")
    return decode_weights(run.artifacts[WEIGHTS])


def model_of(run: StoredRun) -> AnyModel:
    """The declaration of a run's network.

    Raises `DeclarationError` for one with parts of a user's own, `ParibusError` for one that
    cannot be made again from what is stored.
    """
    refuse_own_functions(run, {"model": run.recipe.get("model")})
    try:
        return TypeAdapter(AnyModel).validate_json(json.dumps(run.recipe["model"]))
    except (ValidationError, DeclarationError, KeyError) as error:
        raise _not_readable(run, "model", error) from None


def recipe_of(run: StoredRun, folder: Path | None = None) -> Recipe:
    """The recipe of a stored run; `folder` is that of the images where they are a user's own.

    Raises `DeclarationError` for one with functions of a user's own, `ParibusError` for one with
    arrays of a user's own, and for one that cannot be made again from what is stored.
    """
    refuse_own_functions(run, run.recipe)
    recipe = dict(run.recipe)
    data = recipe.get("data")
    if isinstance(data, dict) and data.get("kind") == "image_folder":
        if folder is None:
            raise ParibusError(
                f"run {run.key[:8]} was trained on images of your own, and a lab does not keep "
                "where they lie: give their folder with --data-dir"
            )
        recipe["data"] = {**data, "folder": str(folder)}
    if isinstance(data, dict) and data.get("kind") == "arrays":
        raise ParibusError(
            f"run {run.key[:8]} was trained on arrays of your own, which a lab does not hold. "
            "Give the study file that makes them with --study FILE; in Python, call "
            "paribus.interop.eject.eject with recipe=."
        )
    try:
        return Recipe.model_validate_json(json.dumps(recipe))
    except (ValidationError, DeclarationError) as error:
        raise _not_readable(run, "recipe", error) from None


def refuse_own_functions(run: StoredRun, parts: Mapping[str, Any]) -> None:
    """Raises `DeclarationError` with every function of a user's own among parts of a recipe."""
    problem = (
        "got {}, which is a function of your own, and PyTorch cannot call it. Eject a run of the "
        "same condition with one of Paribus's, and write yours into the script"
    )
    faults = [Fault(path, problem.format(name)) for path, name in _own_functions(parts)]
    if faults:
        raise DeclarationError(f"Run {run.key[:8]}, which PyTorch cannot take over", faults)


def _own_functions(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Where functions are in a recipe as it is stored, each with its name."""
    if isinstance(part, Mapping) and {"function", "code"} <= set(part):
        yield path, legible(str(part["function"]))
        return
    items = part.items() if isinstance(part, Mapping) else ()
    items = enumerate(part) if isinstance(part, list) else items
    for name, inner in items:
        yield from _own_functions(inner, f"{path}.{name}".removeprefix("."))


def _not_readable(run: StoredRun, part: str, error: Exception) -> ParibusError:
    match error:
        case DeclarationError():
            faults = [str(fault) for fault in error.faults]
        case ValidationError():
            faults = [str(fault) for fault in faults_of(error, Recipe)]
        case _:
            faults = [f"it has no {error}"]
    return ParibusError(
        f"the {part} of run {run.key[:8]} cannot be made again from what is stored: "
        f"{'; '.join(legible(faults))}. A lab names the parts of a recipe that are your own, but "
        "does not hold them; and a run of another version of Paribus is read by that version."
    )


def _places(catalogue: Catalogue) -> dict[str, list[str]]:
    """What studies say of each of their runs, by key."""
    found: dict[str, list[str]] = {}
    for entry in catalogue.studies():
        for member in entry.members:
            condition = "".join(f"{name} {label}, " for name, label in member.condition.items())
            place = f"{entry.name} ({entry.scale}): {condition}replicate {member.replicate}"
            found.setdefault(member.key, []).append(place)
    return found


def _only(matching: list[str], digits: str, lab: Lab, places: dict[str, list[str]]) -> str:
    if len(matching) == 1:
        return matching[0]
    if matching:
        message = f"{len(matching)} runs of lab {lab} begin with {digits!r}; give more digits:"
        raise ParibusError("\n".join([message, *_told(matching, places)]))
    message = f"lab {lab} holds no finished run whose key begins with {digits!r}."
    known = sorted(places, key=lambda key: (_common(key, digits), key), reverse=True)
    some = _told(known, places)
    raise NothingStoredError("\n".join([message, *(["Its studies have:", *some] if some else [])]))


def _common(key: str, digits: str) -> int:
    """How many digits two keys have in common at their beginning."""
    same = (one == other for one, other in zip(key, digits, strict=False))
    return next((count for count, equal in enumerate(same) if not equal), len(digits))


def _told(keys: list[str], places: dict[str, list[str]]) -> Iterator[str]:
    for key in keys[:SHOWN]:
        yield f"  {key[:16]}  {legible(places[key][0]) if key in places else ''}".rstrip()
    if len(keys) > SHOWN:
        yield f"  and {len(keys) - SHOWN} more"
