"""A stored study as trackers take it: runs with flat parameters and series over epochs.

TensorBoard and MLflow both hold named series of numbers and flat text beside them. What of a
study fits into that is worked out here once; how a tracker writes it down is its own module's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paribus.claims.findings import Finding, findings
from paribus.outgoing import legible
from paribus.results.load import load_results
from paribus.results.means import Row
from paribus.results.table import metric_names, table
from paribus.results.tidy import StudyResults, positions
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, StoredRun


@dataclass(frozen=True)
class Series:
    """One metric of one run (of one layer: `metric/layer`): its epochs and values, float64."""

    name: str
    epochs: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def finite(self) -> "Series":
        """The series without values that are not finite."""
        kept = np.isfinite(self.values)
        return Series(self.name, self.epochs[kept], self.values[kept])


@dataclass(frozen=True)
class TrackedRun:
    """A stored run: its place in the study, its recipe as flat text, its series.

    `beside` is what else its key is made of, but for the replicate: data, code, salt. `started`
    and `finished` are seconds since 1970, 0 where the lab does not say.
    """

    key: str
    condition: Mapping[str, str]
    replicate: int
    status: str
    recipe: Mapping[str, str]
    beside: Mapping[str, Any]
    facts: Mapping[str, str]
    started: float
    finished: float
    series: tuple[Series, ...]

    @property
    def not_finite(self) -> int:
        """How many of its values are not finite."""
        return sum(int((~np.isfinite(one.values)).sum()) for one in self.series)

    @property
    def told_not_finite(self) -> str:
        """Which values are not finite, in words: how many of which series, from which epoch."""
        found = [(one, ~np.isfinite(one.values)) for one in self.series]
        return "; ".join(
            f"{where.sum()} of {one.name}, first at epoch {one.epochs[where].min()}"
            for one, where in found
            if where.any()
        )


@dataclass(frozen=True)
class TrackedStudy:
    """A stored study: its planned conditions in declared order, its runs, what became of claims.

    - `labels`: the labels of each factor
    - `metrics`: what was measured of whole runs over epochs, the primary metric first
    - `means`: by labels of a condition, the mean over its finished replicates of the last value
      of each metric
    - `left_out`: measurements that are no series over epochs, with their axes
    """

    name: str
    scale: str
    question: str
    labels: Mapping[str, tuple[str, ...]]
    conditions: tuple[Mapping[str, str], ...]
    replicates: int
    runs: tuple[TrackedRun, ...]
    metrics: tuple[str, ...]
    means: Mapping[tuple[str, ...], list[Row]]
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]

    @property
    def grouped(self) -> list[tuple[Mapping[str, str], list[TrackedRun]]]:
        """The conditions that have a stored run, in declared order, with their runs."""
        groups: dict[tuple[str, ...], list[TrackedRun]] = {}
        for run in self.runs:
            groups.setdefault(tuple(run.condition.values()), []).append(run)
        places = [(one, groups.get(tuple(one.values()), [])) for one in self.conditions]
        return [(condition, runs) for condition, runs in places if runs]


def read_study(catalogue: Catalogue, name: str, scale: str) -> TrackedStudy:
    """What a lab holds of a study, for a tracker.

    Text is made `legible`, but for labels, which tell conditions apart. Keys of a recipe are
    dotted paths ("optimizer.learning_rate"). Raises as `load_results` does.
    """
    results = load_results(catalogue, name, scale)
    keys = results.runs["key"].tolist()
    stored = {run.key: run for run in catalogue.summaries(keys)}
    document = results.document
    metrics = sorted(metric_names(results), key=lambda one: one != document.get("primary"))
    return TrackedStudy(
        name=legible(document["name"]),
        scale=legible(document["scale"]),
        question=legible(document.get("question") or ""),
        labels={one["name"]: tuple(one["labels"]) for one in document["factors"]},
        conditions=results.conditions,
        replicates=document["replicates"],
        runs=tuple(_runs(results, stored)),
        metrics=tuple(legible(one) for one in metrics),
        means=_means(results, metrics),
        findings=tuple(findings(results)),
        left_out=_left_out(results),
    )


def _means(results: StudyResults, metrics: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in table(results, metrics):
        found.setdefault(tuple(row["condition"].values()), []).append(row)
    return found


def flat(content: Any, path: str = "") -> dict[str, str]:
    """Nested JSON as text by dotted path; lists and empty objects stay one value, as JSON.

    >>> flat({"model": {"kind": "mlp", "hidden": [128, 64]}, "epochs": 3, "augmentation": None})
    {'model.kind': 'mlp', 'model.hidden': '[128, 64]', 'epochs': '3', 'augmentation': 'null'}
    """
    if isinstance(content, Mapping) and content:
        found: dict[str, str] = {}
        for name, inner in content.items():
            found |= flat(inner, f"{path}.{legible(name)}" if path else legible(name))
        return found
    plain = legible(content)
    return {path: plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)}


def _runs(results: StudyResults, stored: Mapping[str, StoredRun]) -> Iterator[TrackedRun]:
    for row in results.runs.to_dict("records"):
        key = row["key"]
        provenance = results.provenance[key]
        yield TrackedRun(
            key=key,
            condition={name: str(row[name]) for name in results.factors},
            replicate=int(row["replicate"]),
            status=row["status"],
            recipe=flat(stored[key].recipe),
            beside=_beside(stored[key], int(row["replicate"])),
            facts=flat(
                {name: provenance[name] for name in _FACTS if name in provenance}
                | _parameters(provenance, int(row["parameters"]))
                | _divergence(row["diverged_epoch"])
            ),
            started=_seconds(provenance.get("started")),
            finished=_seconds(provenance.get("finished")),
            series=tuple(_series(results.measurements[key])),
        )


def _beside(run: StoredRun, replicate: int) -> dict[str, Any]:
    made_by = {name: run.provenance[name] for name in _MADE_BY if name in run.provenance}
    return {"data": run.fingerprint, "salt": run.replicate - replicate} | made_by


_MADE_BY = ("numerics", "made_by")
"""Facts that are in a run's key: one for runs of our engine, one for those of a trainer."""


def _parameters(provenance: Mapping[str, Any], count: int) -> dict[str, int]:
    """How many there are, which of a trainer's model nobody but the trainer knows."""
    return {} if "made_by" in provenance else {"parameters": count}


def _divergence(epoch: Any) -> dict[str, int]:
    return {} if pd.isna(epoch) else {"diverged_epoch": int(epoch)}


_TRAINERS = ("torch", "keras", "tensorflow", "scikit-learn", "xgboost", "lightgbm")
"""As in `training/provenance.py`, which loads JAX."""
_FACTS = (
    *("paribus", *_MADE_BY, "python", "jax", *_TRAINERS),
    *("device", "platform", "examples", "data"),
)


def _seconds(moment: Any) -> float:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _series(measurements: tuple[Measurement, ...]) -> Iterator[Series]:
    for one in measurements:
        name = legible(one.name)
        values = np.asarray(one.values, np.float64) if one.dims in _SERIES else np.empty(0)
        if one.dims == ("epoch",):
            yield Series(name, positions(one, "epoch").astype(np.int64), values)
        elif one.dims == ("epoch", "layer"):
            epochs = positions(one, "epoch").astype(np.int64)
            for place, layer in enumerate(positions(one, "layer").tolist()):
                yield Series(f"{name}/{legible(str(layer))}", epochs, values[:, place])


_SERIES = (("epoch",), ("epoch", "layer"))


def _left_out(results: StudyResults) -> tuple[str, ...]:
    found = {
        f"{legible(one.name)} ({', '.join(one.dims)})": None
        for measured in results.measurements.values()
        for one in measured
        if one.dims not in _SERIES
    }
    return tuple(found)
