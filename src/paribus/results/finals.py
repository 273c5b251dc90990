"""A table of the last values of a study, read from the store without its other measurements.

The same rows as those of `paribus.results.table`, in a few seconds for a hundred thousand runs: no
recipe and no array is read, and pandas is not loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.results.means import IntervalKind, Row, Sample, mean_rows
from paribus.store.catalogue import Catalogue
from paribus.store.finals import Finals, last_values
from paribus.store.records import Member, Status, StudyEntry


def final_table(
    catalogue: Catalogue,
    study: tuple[str, str],
    metrics: Sequence[str],
    usual: Sequence[str] = (),
    interval: IntervalKind = "t",
) -> tuple[Mapping[str, Any], list[Row]]:
    """The document of a study (name, scale), and what `table` gives by the epoch rule "last".

    Without metrics, the study's first and those of the usual ones that were measured. Raises as
    `load_results` and `table` do.
    """
    entry = catalogue.study(*study)
    usual = list(dict.fromkeys([entry.document["primary"], *usual]))
    asked = list(metrics or usual)
    finals = _completed(catalogue, entry, asked)
    if not finals.status:
        raise no_run(*study)
    chosen = list(metrics) or [metric for metric in usual if metric in finals.names]
    for metric in chosen:
        if not finals.values[metric]:
            raise UnknownNameError("metric", metric, _all_names(catalogue, entry, finals))
    conditions = _conditions(entry, finals.status)
    rows = []
    for metric in chosen:
        samples = _samples(conditions, finals.values[metric])
        rows += mean_rows(samples, metric, "last", interval)
    return entry.document, rows


def no_run(name: str, scale: str) -> NothingStoredError:
    """What to say of a study of which no run is stored."""
    return NothingStoredError(
        f"this lab holds no run of study {name!r} at scale {scale!r}. "
        f"Train it with: paribus run {name} --scale {scale}"
    )


@dataclass(frozen=True)
class _Condition:
    """The labels of a condition by factor, the keys of its finished runs by replicate."""

    labels: Mapping[str, str]
    finished: list[str]
    diverged: int


def _completed(catalogue: Catalogue, entry: StudyEntry, metrics: Sequence[str]) -> Finals:
    """The last values, read from the measurements themselves where no row repeats them."""
    probes = entry.document.get("identities", [])
    finals = catalogue.finals((entry.name, entry.scale), metrics, probes)
    if finals.unread:
        finals.status.update((run.key, run.status) for run in catalogue.summaries(finals.unread))
        found: dict[str, dict[str, tuple[float, float]]] = {metric: {} for metric in metrics}
        for key, one in catalogue.measurements(finals.unread, metrics, probes):
            for last in last_values([one]).values():
                if last[0] >= found[one.name].get(key, last)[0]:
                    found[one.name][key] = last
        for metric, values in found.items():
            finals.names.update([metric] if values else [])
            finals.values[metric].update((key, value) for key, (_, value) in values.items())
    return finals


def _all_names(catalogue: Catalogue, entry: StudyEntry, finals: Finals) -> list[str]:
    """Names of all metrics that runs of the study have series of."""
    probes = entry.document.get("identities", [])
    measured = (one for _, one in catalogue.measurements(finals.unread, None, probes))
    return sorted(finals.names | {name for name, _ in last_values(measured)})


def _conditions(entry: StudyEntry, status: Mapping[str, Status]) -> list[_Condition]:
    """The planned conditions in declared order."""
    levels = {factor["name"]: list(factor["labels"]) for factor in entry.document["factors"]}
    places = {
        name: {label: place for place, label in enumerate(labels)}
        for name, labels in levels.items()
    }
    members: dict[tuple[int, ...], list[Member]] = {}
    known: dict[int, tuple[int, ...]] = {}  # a condition is one object for all its members
    for member in entry.members:
        place = known.get(id(member.condition))
        if place is None:
            place = tuple(places[name][member.condition[name]] for name in levels)
            known[id(member.condition)] = place
        members.setdefault(place, []).append(member)
    found = []
    for _, some in sorted(members.items()):
        some.sort(key=attrgetter("replicate"))
        ended = [status.get(member.key) for member in some]
        finished = [one.key for one, how in zip(some, ended, strict=True) if how == "finished"]
        labels = {name: some[0].condition[name] for name in levels}
        found.append(_Condition(labels, finished, ended.count("diverged")))
    return found


def _samples(conditions: Sequence[_Condition], values: Mapping[str, float]) -> list[Sample]:
    return [
        Sample(one.labels, [values[key] for key in one.finished if key in values], one.diverged)
        for one in conditions
    ]
