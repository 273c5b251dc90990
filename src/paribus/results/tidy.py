"""The results of a study as tidy tables: one row per run, one row per measured number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paribus.store.records import Measurement, Member, StoredRun, StudyEntry

CONFUSION = "test/confusion"
SECONDS = ("compile", "train", "evaluate", "probe")


@dataclass(frozen=True)
class StudyResults:
    """What a lab holds of one study, ready to be tabulated, plotted and exported.

    - `document`: the study, JSON-ready, as it was declared
    - `conditions`: every planned condition (factor -> label), in declared order
    - `missing`: members of the study that are not stored
    - `runs`: one row per stored run: the factors, replicate, key, status ("finished" or
      "diverged"), diverged_epoch, parameters, model_steps, compile_seconds, train_seconds,
      evaluate_seconds, probe_seconds
    - `metrics`: the factors, replicate, epoch, metric, value; of measurements over epochs
    - `layers`: the factors, replicate, epoch, layer, metric, value; of measurements over epochs
      and layers
    - `provenance` and `measurements`: by key of the run
    - `analyses`: what was computed of several runs together, by name `analysis/quantity`
    - `correct`: by key of the run, which test examples its final model gets right
    - `weights`: by key of the run, the checksum of its final weights

    Factor columns are ordered categories, so that sorting keeps the declared order of labels.
    """

    document: Mapping[str, Any]
    conditions: tuple[Mapping[str, str], ...]
    missing: tuple[Member, ...]
    runs: pd.DataFrame
    metrics: pd.DataFrame
    layers: pd.DataFrame
    provenance: Mapping[str, Mapping[str, Any]]
    measurements: Mapping[str, tuple[Measurement, ...]]
    analyses: Mapping[str, Measurement] = field(default_factory=dict)
    correct: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors, in declared order."""
        return tuple(factor["name"] for factor in self.document["factors"])

    def keys_of(self, condition: Mapping[str, str]) -> list[str]:
        """Keys of the stored runs of one condition, by replicate."""
        return self.select(self.runs, condition).sort_values("replicate")["key"].tolist()

    def select(self, frame: pd.DataFrame, condition: Mapping[str, str]) -> pd.DataFrame:
        """The rows of one of the tables that belong to a condition."""
        chosen = np.ones(len(frame), dtype=bool)
        for factor, label in condition.items():
            chosen &= (frame[factor] == label).to_numpy()
        return frame.loc[chosen]

    def confusion(self, key: str) -> Measurement | None:
        """The confusion matrix of a run's final model: counts, dims (true, predicted)."""
        found = next((one for one in self.measurements[key] if one.name == CONFUSION), None)
        if found is None or "epoch" not in found.dims:
            return found
        coords = {dim: labels for dim, labels in found.coords.items() if dim != "epoch"}
        return Measurement(CONFUSION, found.values[-1], found.dims[1:], coords)

    def _repr_html_(self) -> str:
        from paribus.report.notebook import results_html  # noqa: PLC0415 - a notebook alone asks

        return results_html(self)


def condition_label(condition: Mapping[str, str]) -> str:
    """A condition in a few words: its labels; "one condition" where nothing varies.

    >>> condition_label({"activation": "relu", "hidden": "128"})
    'relu · 128'
    """
    return " · ".join(condition.values()) or "one condition"


def tidy(
    entry: StudyEntry, runs: Iterable[StoredRun], analyses: Iterable[Measurement] = ()
) -> StudyResults:
    """The results of a study from its entry, its stored runs with their measurements, analyses.

    Runs that are no members of the study are left out.
    """
    factors = entry.document["factors"]
    levels = {factor["name"]: list(factor["labels"]) for factor in factors}
    stored = {run.key: run for run in runs}
    members = sorted(entry.members, key=lambda member: _place(member, levels))
    pairs = [(member, stored[member.key]) for member in members if member.key in stored]
    conditions = dict.fromkeys(
        tuple(member.condition[name] for name in levels) for member in members
    )
    return StudyResults(
        document=entry.document,
        conditions=tuple(dict(zip(levels, labels, strict=True)) for labels in conditions),
        missing=tuple(member for member in members if member.key not in stored),
        runs=_runs(pairs, levels),
        metrics=_long(pairs, levels, ("epoch",)),
        layers=_long(pairs, levels, ("epoch", "layer")),
        provenance={run.key: run.provenance for _, run in pairs},
        measurements={run.key: run.measurements for _, run in pairs},
        analyses={one.name: one for one in analyses},
    )


def positions(measurement: Measurement, dim: str) -> NDArray[Any]:
    """The positions along one axis of a measurement: its coords, or 0, 1, 2, ..."""
    if dim in measurement.coords:
        return np.asarray(measurement.coords[dim])
    return np.arange(measurement.values.shape[measurement.dims.index(dim)])


def _place(member: Member, levels: Mapping[str, Sequence[str]]) -> tuple[int, ...]:
    return *(levels[name].index(member.condition[name]) for name in levels), member.replicate


def _runs(
    pairs: Sequence[tuple[Member, StoredRun]], levels: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    frame = pd.DataFrame(
        _factor_columns([member for member, _ in pairs], levels)
        | {
            "replicate": pd.array([member.replicate for member, _ in pairs], dtype="int64"),
            "key": pd.array([run.key for _, run in pairs], dtype="str"),
            "status": pd.array([run.status for _, run in pairs], dtype="str"),
            "diverged_epoch": pd.array([run.diverged_epoch for _, run in pairs], dtype="Int64"),
            "parameters": pd.array([run.parameters for _, run in pairs], dtype="int64"),
            "model_steps": pd.array(
                [run.provenance.get("model_steps") for _, run in pairs], dtype="Int64"
            ),
        }
    )
    for name in SECONDS:
        spent = [run.provenance.get("seconds", {}).get(name) for _, run in pairs]
        frame[f"{name}_seconds"] = pd.array(spent, dtype="float64")
    return frame


def _factor_columns(
    members: Sequence[Member], levels: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    return {
        name: pd.Categorical(
            [member.condition[name] for member in members], categories=list(labels), ordered=True
        )
        for name, labels in levels.items()
    }


def _long(
    pairs: Sequence[tuple[Member, StoredRun]],
    levels: Mapping[str, Sequence[str]],
    dims: tuple[str, ...],
) -> pd.DataFrame:
    """One row per number of every measurement with these dims."""
    found = [
        (member, measurement)
        for member, run in pairs
        for measurement in run.measurements
        if measurement.dims == dims
    ]
    counts = [measurement.values.size for _, measurement in found]
    rows = np.repeat(np.arange(len(found)), counts)
    short = pd.DataFrame(
        _factor_columns([member for member, _ in found], levels)
        | {
            "replicate": pd.array([member.replicate for member, _ in found], dtype="int64"),
            "metric": pd.Categorical([measurement.name for _, measurement in found]),
        }
    )
    frame = short.iloc[rows].reset_index(drop=True)
    metric = frame.pop("metric")
    for dim, column in zip(dims, _coordinates(found, dims), strict=True):
        frame[dim] = column
    frame["metric"] = metric
    frame["value"] = _joined(m.values.ravel().astype(np.float64) for _, m in found)
    return frame


def _coordinates(
    found: Sequence[tuple[Member, Measurement]], dims: tuple[str, ...]
) -> Iterator[Any]:
    for axis, dim in enumerate(dims):
        grids = [
            np.meshgrid(*(positions(one, name) for name in dims), indexing="ij")[axis].ravel()
            for _, one in found
        ]
        if dim == "epoch":
            yield _joined(grids).astype(np.int64)
        else:
            yield pd.array([str(value) for grid in grids for value in grid], dtype="str")


def _joined(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.empty(0), *parts])
