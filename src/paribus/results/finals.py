"""A table of the last values of a study, read from the store without its other measurements.

The same rows as those of `paribus.results.table`, in a few seconds for a hundred thousand runs: no
recipe and no array is read, and pandas is not loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.results.means import IntervalKind, Row, mean_row
from paribus.store.catalogue import Catalogue
from paribus.store.finals import Finals, last_values
from paribus.store.records import Member, StudyEntry


def final_table(
    catalogue: Catalogue,
    study: tuple[str, str],
    metrics: Sequence[str],
    usual: Sequence[str] = (),
    interval: IntervalKind = "t",
) -> tuple[Mapping[str, Any], list[Row]]:
    """The document of a study (name, scale), and what `table` gives by the epoch rule "last".

    Without metrics, those of the usual ones that were measured. Raises as `load_results` and
    `table` do.
    """
    entry = catalogue.study(*study)
    asked = list(metrics or usual)
    finals = _completed(catalogue, entry, asked)
    if not finals.status:
        raise no_run(*study)
    chosen = list(metrics) or [metric for metric in usual if metric in finals.names]
    for metric in chosen:
        if not finals.values[metric]:
            raise UnknownNameError("metric", metric, _all_names(catalogue, entry, finals))
    conditions = _conditions(entry)
    return entry.document, [
        _row(one, finals, metric, interval) for metric in chosen for one in conditions
    ]


def no_run(name: str, scale: str) -> NothingStoredError:
    """What to say of a study of which no run is stored."""
    return NothingStoredError(
        f"this lab holds no run of study {name!r} at scale {scale!r}. "
        f"Train it with: paribus run {name} --scale {scale}"
    )


@dataclass(frozen=True)
class _Condition:
    """The labels of a condition by factor, and the keys of its runs by replicate."""

    labels: Mapping[str, str]
    keys: list[str]


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


def _conditions(entry: StudyEntry) -> list[_Condition]:
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
    return [
        _Condition(
            {name: some[0].condition[name] for name in levels},
            [one.key for one in sorted(some, key=lambda member: member.replicate)],
        )
        for _, some in sorted(members.items())
    ]


def _row(one: _Condition, finals: Finals, metric: str, interval: IntervalKind) -> Row:
    status, values = finals.status, finals.values[metric]
    found = [values[key] for key in one.keys if key in values and status[key] == "finished"]
    diverged = sum(status.get(key) == "diverged" for key in one.keys)
    return mean_row(one.labels, metric, "last", found, diverged, interval)
