"""Reading a study's results from the store: the one place where results meet a catalogue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import DamagedLabError
from paribus.results.finals import no_run
from paribus.results.tidy import StudyResults, tidy
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, StoredRun, StudyEntry

CORRECT, WEIGHTS = "correct", "weights.safetensors"
"""Names of artifacts: which test examples a run's final model gets right, and its weights."""


def load_results(
    catalogue: Catalogue, name: str, scale: str, names: Collection[str] | None = None
) -> StudyResults:
    """The results of a study; `names` limits which measurements are read (default: all).

    Raises `UnknownNameError` for a study the catalogue does not know, `NothingStoredError` where
    no run of it is stored, and `DamagedLabError` where what is stored does not fit together.
    """
    entry = catalogue.study(name, scale)
    try:
        return _results(catalogue, entry, names)
    # A store that is from before checksums, or that somebody else has made, may hold any JSON.
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedLabError(
            f"what {catalogue.lab} holds of study {name!r} ({scale}) does not fit together: "
            f"{type(error).__name__}: {str(error)[:200]!a}. `paribus check` finds what is damaged."
        ) from error


def _results(
    catalogue: Catalogue, entry: StudyEntry, names: Collection[str] | None
) -> StudyResults:
    name, scale = entry.name, entry.scale
    _check_document(entry.document)
    keys = [member.key for member in entry.members]
    measured: dict[str, list[Measurement]] = {key: [] for key in keys}
    probes = entry.document.get("identities", [])
    for key, measurement in catalogue.measurements(keys, names, probes):
        _check(measurement)
        measured[key].append(measurement)
    runs = [
        replace(run, measurements=tuple(measured[run.key])) for run in catalogue.summaries(keys)
    ]
    if not runs:
        raise no_run(name, scale)
    current = entry.document.get("analysed", [])  # others are of other runs, or not asked for
    analyses = [
        measurement
        for identity, measurement in catalogue.analyses(name, scale)
        if identity in current
    ]
    return replace(
        tidy(entry, runs, analyses),
        correct=_correct(catalogue, runs),
        weights=catalogue.checksums(keys, WEIGHTS),
    )


def _check_document(document: Mapping[str, Any]) -> None:
    for name in ("claims", "figures"):
        parts = document.get(name) or []
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise TypeError(f"its {name} are no list of declarations")
    if not isinstance(document.get("registration") or {}, dict):
        raise TypeError("its registration is no declaration")


def _check(one: Measurement) -> None:
    sizes = dict(zip(one.dims, one.values.shape, strict=False))
    if len(one.dims) != one.values.ndim or len(sizes) != len(one.dims):
        raise ValueError(f"{one.name}: dims {one.dims} of an array of {one.values.ndim}")
    for name, places in one.coords.items():
        if places.shape != (sizes.get(name),):
            raise ValueError(f"{one.name}: {places.shape} places along {name}")


def _correct(catalogue: Catalogue, runs: Sequence[StoredRun]) -> dict[str, NDArray[np.bool_]]:
    packed = catalogue.artifacts((run.key for run in runs), CORRECT)
    counts = {run.key: run.provenance["examples"]["test"] for run in runs if run.key in packed}
    return {key: _bits(content, counts[key]) for key, content in packed.items()}


def _bits(packed: bytes, count: int) -> NDArray[np.bool_]:
    if count > 8 * len(packed):  # which would be filled up with zeros, to any length
        raise ValueError(f"{count} test examples, and bits for {8 * len(packed)}")
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=count).astype(bool)
