"""Reading a study's results from the store: the one place where results meet a catalogue."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paribus.errors import NothingStoredError
from paribus.results.tidy import StudyResults, tidy
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, StoredRun

CORRECT, WEIGHTS = "correct", "weights.safetensors"
"""Names of artifacts: which test examples a run's final model gets right, and its weights."""


def load_results(
    catalogue: Catalogue, name: str, scale: str, names: Collection[str] | None = None
) -> StudyResults:
    """The results of a study; `names` limits which measurements are read (default: all).

    Raises `UnknownNameError` for a study the catalogue does not know and `NothingStoredError`
    where no run of it is stored.
    """
    entry = catalogue.study(name, scale)
    keys = [member.key for member in entry.members]
    measured: dict[str, list[Measurement]] = {key: [] for key in keys}
    probes = entry.document.get("identities", [])
    for key, measurement in catalogue.measurements(keys, names, probes):
        measured[key].append(measurement)
    runs = [
        replace(run, measurements=tuple(measured[run.key])) for run in catalogue.summaries(keys)
    ]
    if not runs:
        raise NothingStoredError(
            f"this lab holds no run of study {name!r} at scale {scale!r}. "
            f"Train it with: paribus run {name} --scale {scale}"
        )
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


def _correct(catalogue: Catalogue, runs: Sequence[StoredRun]) -> dict[str, NDArray[np.bool_]]:
    packed = catalogue.artifacts((run.key for run in runs), CORRECT)
    counts = {run.key: run.provenance["examples"]["test"] for run in runs if run.key in packed}
    return {
        key: np.unpackbits(np.frombuffer(bits, np.uint8), count=counts[key]).astype(bool)
        for key, bits in packed.items()
    }
