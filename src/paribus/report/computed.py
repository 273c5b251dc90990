"""Tables of what analyses gave, where no figure of its own draws it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.report.exhibits import Cell, NotMeasuredError, Sheet
from paribus.report.measured import analysed, places
from paribus.report.quantities import number
from paribus.results.tidy import StudyResults
from paribus.store.records import Measurement


def computed_table(results: StudyResults, quantities: Sequence[str]) -> Sheet:
    """A row per place along the first axis that all quantities have, a column per quantity.

    Where a quantity has further axes, its largest value along them, and the smallest below.
    Raises `NotMeasuredError` where one is not stored, or not along the same axis.
    """
    found = analysed(results, *quantities)
    axis, names = found[0].dims[0], places(found[0], found[0].dims[0])
    if any(one.dims[0] != axis or places(one, axis) != names for one in found):
        raise NotMeasuredError(f"{', '.join(quantities)} along one axis")
    columns = [_cells(one) for one in found]
    return Sheet(
        name="computed-" + "-".join(name.replace("/", "-") for name in quantities),
        title=", ".join(map(_said, quantities)),
        note=_note(found),
        heads=(axis, *map(_said, quantities)),
        rows=tuple(zip(map(Cell, names), *columns, strict=True)),
        folded=len(names) > 12,
    )


def _cells(measurement: Measurement) -> list[Cell]:
    values = measurement.values.astype(np.float64).reshape(len(measurement.values), -1)
    return [_cell(row) for row in values]


def _cell(values: NDArray[np.float64]) -> Cell:
    known = values[np.isfinite(values)]
    if not known.size:
        return Cell(number(None, 0))
    largest, smallest = float(known.max()), float(known.min())
    below = f"smallest {_shown(smallest)}" if known.size > 1 and smallest < largest else ""
    return Cell(_shown(largest), below)


def _shown(value: float) -> str:
    """Whole numbers as such, others in two significant digits."""
    if value == round(value):
        return number(value, 0)
    return f"{value:.2g}".replace("-", "\u2212")


def _said(name: str) -> str:
    return name.partition("/")[2].replace("_", " ").capitalize()


def _note(found: Sequence[Measurement]) -> str:
    parts = []
    for one in found:
        rest = ", ".join(f"{len(places(one, dim))} {dim}s" for dim in one.dims[1:])
        if rest:
            parts.append(f"{_said(one.name)}: the largest over {rest}, the smallest below.")
    return " ".join(parts) or "One value each."
