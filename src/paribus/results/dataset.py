"""The results of a study as one xarray dataset."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray

from paribus.results.tidy import StudyResults, positions
from paribus.store.records import Measurement

Axes = Mapping[str, Sequence[Any]]


def to_dataset(results: StudyResults) -> xarray.Dataset:
    """Every measurement as a variable over factors x replicate x its own dims.

    Labels stand in their declared order. What was not measured (a run not stored, the epochs
    after a divergence, a layer that a condition does not have) is NaN. `parameters`,
    `diverged_epoch` (NaN where a run finished) and `stored` (bool) have dims factors x replicate.
    `attrs` hold `name`, `scale`, `question` and the whole study as JSON text in `document`.
    """
    axes = _run_axes(results) | _measured_axes(results)
    where: dict[str, list[tuple[int, ...]]] = {}
    for row in results.runs.to_dict("records"):  # one run may stand for two labels
        where.setdefault(str(row["key"]), []).append(_index(row, results, axes))
    outer = (*results.factors, "replicate")
    arrays = _measured(results, axes, where) | _facts(results, axes)
    document = results.document
    return xarray.Dataset(
        {name: ((*outer, *dims), values) for name, (dims, values) in arrays.items()},
        coords={name: np.asarray(places) for name, places in axes.items()},
        attrs={name: document.get(name, "") for name in ("name", "scale", "question")}
        | {"document": json.dumps(document, sort_keys=True)},
    )


def _run_axes(results: StudyResults) -> dict[str, list[Any]]:
    axes = {factor["name"]: list(factor["labels"]) for factor in results.document["factors"]}
    planned = {member.replicate for member in results.missing}
    return axes | {"replicate": sorted(planned | set(results.runs["replicate"]))}


def _measured_axes(results: StudyResults) -> dict[str, list[Any]]:
    """The union of positions along every dim; numbers sorted, names in order of appearance."""
    axes: dict[str, dict[Any, None]] = {}
    for measurements in results.measurements.values():
        for one in measurements:
            for dim in one.dims:
                axes.setdefault(dim, {}).update(dict.fromkeys(positions(one, dim).tolist()))
    return {dim: _ordered(list(places)) for dim, places in axes.items()}


def _ordered(places: list[Any]) -> list[Any]:
    if all(isinstance(place, int | float) for place in places):
        return sorted(places)
    return list(dict.fromkeys(map(str, places)))


def _index(row: Any, results: StudyResults, axes: Axes) -> tuple[int, ...]:
    return tuple(axes[name].index(row[name]) for name in (*results.factors, "replicate"))


def _measured(
    results: StudyResults, axes: Axes, where: Mapping[str, Sequence[tuple[int, ...]]]
) -> dict[str, tuple[tuple[str, ...], NDArray[Any]]]:
    outer = tuple(len(axes[name]) for name in (*results.factors, "replicate"))
    arrays: dict[str, tuple[tuple[str, ...], NDArray[Any]]] = {}
    for key, measurements in results.measurements.items():
        for one in measurements:
            shape = (*outer, *(len(axes[dim]) for dim in one.dims))
            _, array = arrays.setdefault(one.name, (one.dims, np.full(shape, np.nan)))
            for place in where[key]:
                array[place][np.ix_(*_places(one, axes))] = one.values
    return arrays


def _places(measurement: Measurement, axes: Axes) -> list[list[int]]:
    """Where the measurement's positions stand on the axes of the dataset."""
    places = []
    for dim in measurement.dims:
        rank = {str(place): number for number, place in enumerate(axes[dim])}
        places.append([rank[str(place)] for place in positions(measurement, dim).tolist()])
    return places


def _facts(results: StudyResults, axes: Axes) -> dict[str, tuple[tuple[str, ...], NDArray[Any]]]:
    shape = tuple(len(axes[name]) for name in (*results.factors, "replicate"))
    parameters, diverged = np.full(shape, np.nan), np.full(shape, np.nan)
    stored = np.zeros(shape, dtype=bool)
    for row in results.runs.to_dict("records"):
        place = _index(row, results, axes)
        stored[place] = True
        parameters[place] = row["parameters"]
        if row["status"] == "diverged":
            diverged[place] = row["diverged_epoch"]
    return {
        "parameters": ((), parameters),
        "diverged_epoch": ((), diverged),
        "stored": ((), stored),
    }
