"""Tables as CSV and JSON, figures as SVG and PNG, as they are asked for."""

import csv
import io
import json
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd
import vl_convert

from paribus.errors import UnknownNameError
from paribus.outgoing import no_formula, shareable
from paribus.report.exhibits import Sheet
from paribus.report.figures import VEGA_LITE, Figure, file_spec
from paribus.report.formats import Grid
from paribus.report.grids import findings_to_compute, means_to_compute
from paribus.results.table import metric_names, table
from paribus.ui.shelf import Held

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_BATCH = 500

# What draws files is a program of its own inside this one, and draws one picture at a time.
_DRAWING = threading.Lock()

_TITLES = {
    "means": "Means per condition and metric",
    "findings": "Findings, a row per comparison",
    "runs": "Runs",
    "metrics": "Measurements by epoch",
    "layers": "Measurements by epoch and layer",
}


@dataclass(frozen=True)
class Table:
    """A table as it is stored: heads, and rows of texts and numbers."""

    heads: Sequence[str]
    rows: Iterable[Sequence[Any]]


def tables_of(held: Held) -> list[dict[str, str]]:
    """Name and title of each table of a study that there is to download."""
    if held.results is None:
        return []
    found = dict(_TITLES)
    if held.results.layers.empty:
        del found["layers"]
    if not held.found:
        del found["findings"]
    found |= {one.name: one.title for one in _sheets(held)}
    return [{"name": name, "title": title} for name, title in found.items()]


def table_named(held: Held, name: str) -> Table:
    """A table of a study; raises `UnknownNameError` for one that it does not have."""
    known = [one["name"] for one in tables_of(held)]
    if name not in known or held.results is None:
        raise UnknownNameError("table", name, known)
    match name:
        case "runs" | "metrics" | "layers":
            return _of_frame(getattr(held.results, name))
        case "means":
            return _of_grid(means_to_compute(table(held.results, metric_names(held.results))))
        case "findings":
            return _of_grid(findings_to_compute(held.entry.document, held.found))
    sheet = next(one for one in _sheets(held) if one.name == name)
    return Table(sheet.heads, [[_cell(one) for one in row] for row in sheet.rows])


def csv_parts(shown: Table) -> Iterator[str]:
    """A table as CSV, some rows at a time; a text that a spreadsheet would compute is told as is.

    Home folders are written `~`.
    """
    yield _csv([shown.heads])
    rows = iter(shown.rows)
    while some := list(islice(rows, _BATCH)):
        yield _csv(some)


def json_parts(shown: Table) -> Iterator[str]:
    """A table as a JSON array of objects, some rows at a time; what is no number is null."""
    between = "[\n"
    rows = iter(shown.rows)
    while some := list(islice(rows, _BATCH)):
        said = (dict(zip(shown.heads, map(_plain, row), strict=True)) for row in some)
        yield between + ",\n".join(json.dumps(shareable(one), allow_nan=False) for one in said)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def picture(figure: Figure, kind: str) -> bytes:
    """A figure as an SVG or PNG file, as in the folder of a report."""
    with _DRAWING:
        svg = vl_convert.vegalite_to_svg(file_spec(figure), vl_version=VEGA_LITE)
        return svg.encode() if kind == "svg" else vl_convert.svg_to_png(svg, 2)


def _sheets(held: Held) -> list[Sheet]:
    shown = (*held.contents.comparisons, *held.contents.exhibits)
    return [one for one in shown if isinstance(one, Sheet)]


def _of_frame(frame: pd.DataFrame) -> Table:
    return Table([str(name) for name in frame.columns], frame.itertuples(index=False, name=None))


def _of_grid(grid: Grid) -> Table:
    return Table([one.head for one in grid.columns], grid.rows)


def _cell(cell: Any) -> str:
    return f"{cell.text} ({cell.below})" if cell.below else cell.text


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_told(one) for one in row] for row in rows)
    return text.getvalue()


def _told(value: Any) -> Any:
    value = _plain(value)
    return no_formula(shareable(value)) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """A number of NumPy or pandas, or a missing one, as JSON and CSV have it."""
    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
