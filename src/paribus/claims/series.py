"""A metric of one run along its training, as claims name metrics."""

from collections.abc import Sequence

import numpy as np

from paribus.claims.evidence import Course
from paribus.claims.metric import Quantity
from paribus.errors import near_match
from paribus.results.derived import GAP, TRAINED
from paribus.results.tidy import positions
from paribus.store.records import Measurement

Measured = Sequence[Measurement]


def course_of(measured: Measured, parts: Quantity, layer: str | None) -> Course | str:
    """The course of a metric among what was measured of a run; or why it has none."""
    courses: list[Course] = []
    for name in parts.names:
        found = _named(measured, name, layer)
        if isinstance(found, str):
            return found
        courses.append(found)
    course = _difference(*courses) if len(courses) == 2 else courses[0]
    if not course.values:
        return f"{' and '.join(parts.names)}: measured at no epoch in common"
    if not parts.change:
        return course
    first, sign = course.values[0], 1 if parts.change == "rise" else -1
    return Course(course.epochs, [sign * (value - first) for value in course.values])


def best_epoch(measured: Measured) -> int | None:
    """The earliest epoch that is best on the validation split; None without such a split."""
    for name, best in (("validation/accuracy", np.argmax), ("validation/loss", np.argmin)):
        course = _named(measured, name, None)
        if not isinstance(course, str) and course.values:
            return course.epochs[int(best(course.values))]
    return None


def _named(measured: Measured, name: str, layer: str | None) -> Course | str:
    if name == GAP:
        sides = [_named(measured, f"{split}/accuracy", None) for split in ("train", "test")]
        absent = next((one for one in sides if isinstance(one, str)), None)
        return absent or _difference(*(one for one in sides if not isinstance(one, str)))
    if name == TRAINED:
        return _trained(measured)
    found = next((one for one in measured if one.name == name), None)
    if found is None:
        return f"{name} was not measured{near_match(name, [one.name for one in measured])}"
    if layer is None and "layer" in found.dims:
        return f"{name} has a value for each layer: name one in the claim, as layer='first'"
    if set(found.dims) - {"epoch", "layer"}:
        return f"{name} has the axes {', '.join(found.dims)}: a claim is of one number"
    return _course(found, layer)


def _course(found: Measurement, layer: str | None) -> Course | str:
    values = found.values.astype(np.float64)
    if "layer" in found.dims:
        names = [str(one) for one in positions(found, "layer").tolist()]
        place = place_of(layer, names)
        if place is None:
            return f"{found.name} has no layer {layer!r}; it has {', '.join(names)}"
        values = np.take(values, place, axis=found.dims.index("layer"))
    elif layer is not None:
        return f"{found.name} is of a whole network: it has no layers"
    if "epoch" not in found.dims:
        return Course([0], [float(values)])
    return Course(positions(found, "epoch").astype(int).tolist(), values.tolist())


def place_of(layer: str | None, names: Sequence[str]) -> int | None:
    """The number of a layer that a claim names, among those measured; None for none of them."""
    ends = {"first": 0, "last": len(names) - 1}
    if layer in ends:
        return ends[layer]
    return names.index(layer) if layer in names else None


def _trained(measured: Measured) -> Course | str:
    epochs = [int(positions(one, "epoch").max()) for one in measured if "epoch" in one.dims]
    return (
        Course([max(epochs)], [float(max(epochs))]) if epochs else f"{TRAINED}: nothing measured"
    )


def _difference(first: Course, second: Course) -> Course:
    """At the epochs that both have."""
    other = dict(zip(second.epochs, second.values, strict=True))
    both = [
        (epoch, value - other[epoch])
        for epoch, value in zip(first.epochs, first.values, strict=True)
        if epoch in other
    ]
    return Course([epoch for epoch, _ in both], [value for _, value in both])
