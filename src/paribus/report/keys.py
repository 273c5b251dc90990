"""The key of a figure: samples of its marks with words, where a legend of series will not do.

The page shows it as HTML; a file has no HTML, so there it is a strip drawn below the panels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from paribus.report.theme import INK

Shape = Literal["square", "circle", "ring", "cross", "stroke"]
CROSS = "M-1,-1L1,1M-1,1L1,-1"
LETTER, GAP, LINE = 6.4, 34, 20


@dataclass(frozen=True)
class Swatch:
    """A sample of a mark and what it means; without a colour of its own it has that of text."""

    label: str
    colour: str = ""
    opacity: float = 1.0
    shape: Shape = "square"


def strip(swatches: Sequence[Swatch], width: int) -> dict[str, Any]:
    """The key as a Vega-Lite view of about this width, in as many lines as it takes."""
    rows: list[dict[str, Any]] = []
    x, y = 6.0, 10
    for one in swatches:
        needed = GAP + LETTER * len(one.label)
        if rows and x + needed > width:
            x, y = 6.0, y + LINE
        rows.append(
            {
                "x": x,
                "y": y,
                "label": one.label,
                "colour": one.colour or INK,
                "shape": {"ring": "circle", "cross": CROSS}.get(one.shape, one.shape),
                "fill": one.opacity if one.shape in ("square", "circle") else 0.0,
                "line": 0.0 if one.shape in ("square", "circle") else 1.0,
                "edge": 0.3 if one.shape == "square" else 0.0,
            }
        )
        x += needed
    chart = _drawn().properties(width=width, height=y + 8, view=alt.ViewBackground(stroke=None))
    spec = chart.to_dict(validate=False)
    kept = {name: part for name, part in spec.items() if name not in ("config", "$schema", "data")}
    return kept | {"data": {"name": "key", "values": rows}}


def _drawn() -> alt.LayerChart:
    base = alt.Chart(alt.NamedData("key")).encode(
        x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None)
    )
    shape = alt.Shape("shape:N", scale=None)
    edges = base.mark_point(size=130, strokeWidth=1, fill=None, stroke=INK, opacity=1).encode(
        shape=shape, strokeOpacity=alt.StrokeOpacity("edge:Q", scale=None)
    )
    marks = base.mark_point(size=110, strokeWidth=2, opacity=1).encode(
        shape=shape,
        fill=alt.Fill("colour:N", scale=None),
        stroke=alt.Stroke("colour:N", scale=None),
        fillOpacity=alt.FillOpacity("fill:Q", scale=None),
        strokeOpacity=alt.StrokeOpacity("line:Q", scale=None),
    )
    words = base.mark_text(align="left", dx=11, style="note").encode(text="label:N")
    return alt.LayerChart(layer=[edges, marks, words])
