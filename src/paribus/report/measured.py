"""What was measured, as figures need it: at the last epoch, of finished runs, of analyses."""

from collections.abc import Iterator, Sequence

import numpy as np

from paribus.report.exhibits import NotMeasuredError
from paribus.results.table import metric_names
from paribus.results.tidy import StudyResults, positions
from paribus.store.records import Measurement


def require(results: StudyResults, metrics: Sequence[str]) -> None:
    """Raises `NotMeasuredError` unless a finished run has each of these, by epoch."""
    known = metric_names(results)
    absent = [name for name in metrics if name not in known]
    if absent:
        raise NotMeasuredError(f"not measured: {', '.join(absent)}")
    if not (results.runs["status"] == "finished").any():
        raise NotMeasuredError("no run has finished")


def last(measurement: Measurement) -> Measurement:
    """A measurement at its last epoch; as it is, where it has none."""
    if "epoch" not in measurement.dims:
        return measurement
    axis = measurement.dims.index("epoch")
    coords = {name: held for name, held in measurement.coords.items() if name != "epoch"}
    dims = tuple(name for name in measurement.dims if name != "epoch")
    values = np.take(measurement.values, -1, axis=axis)
    return Measurement(measurement.name, values, dims, coords, measurement.probe)


def measured(results: StudyResults, key: str, name: str) -> Measurement | None:
    """What was measured of a run under this name, at its last epoch."""
    found = (one for one in results.measurements[key] if one.name == name)
    return next(map(last, found), None)


def finished(results: StudyResults, condition: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Replicate and key of the finished runs of a condition, by replicate."""
    runs = results.select(results.runs, condition)
    runs = runs.loc[runs["status"] == "finished"].sort_values("replicate")
    yield from zip(runs["replicate"].astype(int).tolist(), runs["key"].tolist(), strict=True)


def analysed(results: StudyResults, *names: str) -> tuple[Measurement, ...]:
    """Quantities of an analysis by name; raises `NotMeasuredError` where one is not stored."""
    absent = [name for name in names if name not in results.analyses]
    if absent:
        raise NotMeasuredError(f"not computed: {', '.join(absent)}")
    return tuple(results.analyses[name] for name in names)


def places(measurement: Measurement, dim: str) -> list[str]:
    """The names along one axis, as text."""
    return [str(one) for one in positions(measurement, dim).tolist()]
