"""What analyses gave of several runs, as values of the conditions that claims speak of."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.claims.evidence import Ends, Values
from paribus.claims.places import Place
from paribus.claims.selection import Condition
from paribus.claims.series import place_of
from paribus.results.tidy import condition_label, positions
from paribus.store.records import Measurement

Units = dict[int, float]


class Analysed:
    """The measurements of analyses, by name `analysis/quantity`."""

    def __init__(
        self, analyses: Mapping[str, Measurement], declared: Sequence[Mapping[str, Any]]
    ) -> None:
        self._found = analyses
        self._declared = {one["name"]: one for one in declared}

    def has(self, metric: str) -> bool:
        """Whether an analysis gave it."""
        return metric in self._found

    def layers(self, condition: Condition, metric: str, place: Place) -> tuple[str, ...]:
        """The layers that it is of in a condition, whose networks may lack some; () for none."""
        found = self._found[metric]
        if found.dims != ("run", "layer"):
            return ()
        rows = _rows(found, condition_label(condition), place).values()
        return tuple(
            name
            for number, name in enumerate(_names(found, "layer"))
            if any(math.isfinite(row[number]) for row in rows)
        )

    def values(self, condition: Condition, metric: str, layer: str | None, place: Place) -> Values:
        """By replicate, or by repeat of a timing, what an analysis gave of a condition."""
        found = self._found[metric]
        label = condition_label(condition)
        if found.dims in (("run",), ("run", "layer")):
            layers = self.layers(condition, metric, place)
            return _of_runs(found, label, place, layers, layer)
        if found.dims == ("condition", "repeat"):
            return _of_repeats(found, label)
        if found.dims == ("pair", "replicate"):
            pairs = [one for one in _names(found, "pair") if label in one.split(" to ")]
            if len(pairs) != 1:
                said = f"{metric} is of pairs, and {label} is in {len(pairs)} of them"
                return Values(absent=said)
            return Values(_row(found, pairs[0]), place.diverged, place.missing)
        return Values(absent=f"{metric} has the axes {', '.join(found.dims)}")

    def barriers(
        self, first: Condition, second: Condition, metric: str, places: Sequence[Place]
    ) -> Values:
        """By replicate the barrier on the line between two conditions' networks."""
        split, _, what = metric.partition("/")
        wanted = f"/{split}_barrier"
        one, other = condition_label(first), condition_label(second)
        diverged = tuple(unit for place in places for unit in place.diverged)
        missing = tuple(unit for place in places for unit in place.missing)
        for name, found in self._found.items():
            if what != "loss" or not name.endswith(wanted) or "pair" not in found.dims:
                continue
            for pair in (f"{one} to {other}", f"{other} to {one}"):
                if pair in _names(found, "pair"):
                    return Values(_row(found, pair), diverged, missing)
        said = f"no line between {one} and {other} was evaluated: analyses.Line"
        return Values({}, diverged, missing, absent=said)

    def ends(self, condition: Condition, replicates: Sequence[int], epochs: int) -> Ends | str:
        """Distances between the ends of a condition's runs, and how far each moved of late."""
        for name, declared in self._declared.items():
            whole = declared.get("weights") == "all" and declared.get("last_epochs") == epochs
            apart = self._found.get(f"{name}/end_distance")
            moved = self._found.get(f"{name}/last_moved")
            if whole and apart is not None and moved is not None:
                return _ends(apart, moved, condition_label(condition), replicates)
        return f"no paths of all weights were computed: analyses.Path(last_epochs={epochs})"


def _ends(
    apart: Measurement, moved: Measurement, label: str, replicates: Sequence[int]
) -> Ends | str:
    by_run = dict(zip(_names(moved, "run"), moved.values.tolist(), strict=True))
    named = {f"{label} · replicate {unit}": f"replicate {unit}" for unit in replicates}
    runs = [name if name in by_run else alone for name, alone in named.items()]
    by_pair = dict(zip(_names(apart, "pair"), apart.values.tolist(), strict=True))
    pairs = [f"{one} and {other}" for one, other in combinations(runs, 2)]
    if not pairs:
        return f"{len(runs)} finished run{'' if len(runs) == 1 else 's'}: no two ends to compare"
    if not set(pairs) <= set(by_pair) or not set(runs) <= set(by_run):
        return "the paths of its runs were not computed"
    return Ends([by_pair[pair] for pair in pairs], [by_run[run] for run in runs])


def _of_runs(
    found: Measurement, label: str, place: Place, layers: Sequence[str], layer: str | None
) -> Values:
    rows = _rows(found, label, place)
    if place.finished and not rows:
        return Values(absent=f"{found.name} was not computed of {label}")
    layered = "layer" in found.dims
    if layered != (layer is not None):
        said = "has a value for each layer: name one in the claim, as layer='first'"
        return Values(absent=f"{found.name} {said if layered else 'has no layers'}")
    if layered and layers:
        number = place_of(layer, layers)
        if number is None:
            said = f"{found.name} has no layer {layer!r}; it has {', '.join(layers)}"
            return Values(absent=said)
        column = _names(found, "layer").index(layers[number])
        rows = {unit: row[column] for unit, row in rows.items()}
    units = {unit: float(row) if np.ndim(row) == 0 else math.nan for unit, row in rows.items()}
    return Values(units, place.diverged, place.missing)


def _rows(found: Measurement, label: str, place: Place) -> dict[int, NDArray[np.float64]]:
    """By replicate, what was computed of the finished runs of a condition."""
    by_run = dict(zip(_names(found, "run"), found.values, strict=True))
    rows: dict[int, NDArray[np.float64]] = {}
    for unit in place.finished:
        for name in (f"{label} · replicate {unit}", f"replicate {unit}"):
            if name in by_run:
                rows[unit] = by_run[name]
                break
    return rows


def _of_repeats(found: Measurement, label: str) -> Values:
    names = _names(found, "condition")
    if label not in names:
        return Values(unit="repeat")
    row: NDArray[np.float64] = found.values[names.index(label)]
    return Values(dict(enumerate(row.tolist())), unit="repeat")


def _row(found: Measurement, pair: str) -> Units:
    row = found.values[_names(found, "pair").index(pair)]
    replicates = positions(found, "replicate").tolist()
    units = zip(replicates, row.tolist(), strict=True)
    return {int(unit): float(value) for unit, value in units if not math.isnan(value)}


def _names(found: Measurement, dim: str) -> tuple[str, ...]:
    return tuple(str(one) for one in positions(found, dim).tolist())
