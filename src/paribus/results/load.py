"""Reading a study's results from the store: the one place where results meet a catalogue."""

from collections.abc import Collection
from dataclasses import replace

from paribus.errors import NothingStoredError
from paribus.results.tidy import StudyResults, tidy
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement


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
    return tidy(entry, runs, analyses)
