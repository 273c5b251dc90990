"""Two copies of one run, kept by two labs: whether they are the same bits, or how far apart.

What is compared is what training gave: status, final weights, which test examples they get right,
and every measurement that both copies have. Times and provenance are not.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import LabError
from paribus.results.load import CORRECT, WEIGHTS
from paribus.store.arrays import decode_weights
from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, Status, StoredRun

COURSE = "weights/all"
"""A measurement so large that it is read run by run: all weights at each epoch measured."""
_CHUNK = 50

Measured = dict[tuple[str, str], Measurement]


@dataclass(frozen=True)
class Copies:
    """A run in labs a and b.

    `differs` names what is not the same bits: "status", "weights", "correct" (the test examples
    that it gets right) and measurements; nothing of what only one copy has, `only_a` and `only_b`.
    `weights` is the largest difference of two final weights, as a share of the run's largest
    weight in size; None where they are the same bits, or not both kept. `finals` are absolute
    differences of each metric that every run measures, each at its copy's last epoch. Both are
    infinite where a number is not finite in one copy alone, `weights` also where the arrays have
    other names or shapes.
    """

    key: str
    status_a: Status
    status_b: Status
    differs: tuple[str, ...]
    weights: float | None
    finals: Mapping[str, float]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare_copies(a: Catalogue, b: Catalogue, keys: Sequence[str]) -> Iterator[Copies]:
    """The copies of each of these runs, which both labs hold, in the order of the keys.

    Measurements are read for fifty runs at a time, weights for one. Raises `LabError` where what
    is read is damaged.
    """
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        runs = [{run.key: run for run in lab.summaries(chunk)} for lab in (a, b)]
        measured = [_measured(lab, chunk) for lab in (a, b)]
        for key in chunk:
            kept = [_kept(lab, key) for lab in (a, b)]
            courses = [_measured(lab, [key], [COURSE])[key] for lab in (a, b)]
            found = [one[key] | more for one, more in zip(measured, courses, strict=True)]
            yield _copies([one[key] for one in runs], kept, found)


def _measured(
    lab: Catalogue, keys: Sequence[str], names: Collection[str] | None = None
) -> dict[str, Measured]:
    found: dict[str, Measured] = {key: {} for key in keys}
    with _naming(lab):
        for key, one in lab.measurements(keys, names):
            found[key][one.name, one.probe] = one
    return found


def _kept(lab: Catalogue, key: str) -> dict[str, bytes]:
    with _naming(lab):
        found = {name: lab.artifacts([key], name) for name in (WEIGHTS, CORRECT)}
    return {name: content[key] for name, content in found.items() if key in content}


@contextmanager
def _naming(lab: Catalogue) -> Iterator[None]:
    """Of two labs, an error must say which."""
    try:
        yield
    except LabError as error:
        raise LabError(f"{lab.lab}: {error}") from error


def _copies(
    runs: Sequence[StoredRun], kept: Sequence[Mapping[str, bytes]], measured: Sequence[Measured]
) -> Copies:
    (a, b), (kept_a, kept_b), (measured_a, measured_b) = runs, kept, measured
    shared = [where for where in measured_a if where in measured_b]
    both = kept_a.keys() & kept_b.keys()
    apart = weights_apart(kept_a[WEIGHTS], kept_b[WEIGHTS]) if WEIGHTS in both else None
    differs = {
        "status": (a.status, a.diverged_epoch) != (b.status, b.diverged_epoch),
        "weights": apart is not None,
        "correct": CORRECT in both and kept_a[CORRECT] != kept_b[CORRECT],
    } | {
        where[0]: True
        for where in shared
        if not _same_measurement(measured_a[where], measured_b[where])
    }
    return Copies(
        key=a.key,
        status_a=a.status,
        status_b=b.status,
        differs=tuple(name for name, holds in differs.items() if holds),
        weights=apart,
        finals=_finals([(measured_a[where], measured_b[where]) for where in shared]),
        only_a=_names(measured_a, measured_b),
        only_b=_names(measured_b, measured_a),
    )


def weights_apart(a: bytes, b: bytes) -> float | None:
    """The largest difference of two weights, as a share of the largest in size; None for none.

    `a` and `b` are safetensors files. None says that all arrays are the same bits; 0 that only
    bits without weight differ, such as the sign of a zero.
    """
    if a == b:
        return None
    one, other = map(decode_weights, (a, b))
    if _form(one) != _form(other):
        return math.inf
    if all(_same_bits(values, other[name]) for name, values in one.items()):
        return None
    gap = max(_gap(values, other[name]) for name, values in one.items())
    largest = max(_largest(values) for arrays in (one, other) for values in arrays.values())
    return gap / largest if largest else gap


def _finals(pairs: Sequence[tuple[Measurement, Measurement]]) -> dict[str, float]:
    return {
        a.name: _gap(a.values[-1:], b.values[-1:])
        for a, b in pairs
        if not a.probe and a.dims == b.dims == ("epoch",) and a.values.size and b.values.size
    }


def _same_measurement(a: Measurement, b: Measurement) -> bool:
    return (
        a.dims == b.dims
        and a.coords.keys() == b.coords.keys()
        and all(np.array_equal(a.coords[name], b.coords[name]) for name in a.coords)
        and _same_bits(a.values, b.values)
    )


def _same_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()


def _form(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[int, ...]]:
    return {name: values.shape for name, values in sorted(arrays.items())}


def _gap(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The largest absolute difference; two that are the same, or both no number, are 0 apart."""
    one, other = a.astype(np.float64), b.astype(np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    finite = np.isfinite(one) & np.isfinite(other)
    if not (same | finite).all():
        return math.inf
    return float(np.abs(one[finite] - other[finite]).max(initial=0.0))


def _largest(values: NDArray[Any]) -> float:
    sizes = np.abs(values.astype(np.float64))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def _names(measured: Measured, without: Measured) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, probe in measured if (name, probe) not in without))
