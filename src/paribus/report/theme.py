"""One visual language for every chart: colours, dashes, type, in the page and in files.

On the page, text and lines of the frame take `currentColor`, so that a chart follows the light
or dark scheme of the page without being drawn again; in files they are dark on white. The colours
of series serve both: each has a contrast of at least 3 : 1 on white and on the dark page, and they
were chosen to stay apart (CIELAB distance of 24 or more) for people with protanopia and
deuteranopia; from the fifth on a line is dashed as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Medium = Literal["page", "file"]

CATEGORICAL = (
    "#0060f0", "#cc8400", "#9c3ca8", "#18a860", "#a84818", "#6c90f0", "#c078b4", "#0c7860",
)  # fmt: skip
ORDERED = ("#2b6fd6", "#7d5fd0", "#b04fa8", "#cc4f72", "#cf6235", "#b37d12")
ACCENT = CATEGORICAL[0]
LIGHT, DARK = "#ffffff", "#14171b"
MAX_SERIES = len(CATEGORICAL)
MAX_ORDERED = 12
NEGATIVE, POSITIVE = CATEGORICAL[0], "#d06000"
INK = "#1c2024"

SOLID: tuple[int, ...] = (1, 0)
DASHED: tuple[int, ...] = (6, 3)
FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif'
FILE_FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"


@dataclass(frozen=True)
class Series:
    """How one line of a chart is told from the others."""

    label: str
    colour: str
    dash: tuple[int, ...] = SOLID


def can_be_coloured(labels: Sequence[str]) -> bool:
    """Whether colours can tell these labels apart: eight words, or twelve numbers in order."""
    numbers = len(labels) >= 3 and all(is_number(label) for label in labels)
    return len(labels) <= (MAX_ORDERED if numbers else MAX_SERIES)


def series_of(labels: Sequence[str]) -> tuple[Series, ...]:
    """A colour and dash per label; a ramp where there are three labels or more, all numbers.

    As many labels as `can_be_coloured` allows; raises `ValueError` for more.
    """
    if not can_be_coloured(labels):
        raise ValueError(f"{len(labels)} series; colours tell at most {MAX_SERIES} apart")
    if len(labels) >= 3 and all(is_number(label) for label in labels):
        return tuple(map(Series, labels, ramp(len(labels))))
    dashes = [SOLID] * 4 + [DASHED] * 4
    return tuple(map(Series, labels, CATEGORICAL, dashes))


def ramp(count: int) -> list[str]:
    """Colours for ordered labels: from blue over purple to ochre, of nearly equal lightness."""
    anchors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in ORDERED])
    places = np.linspace(0, len(ORDERED) - 1, count)
    mixed = [np.interp(places, range(len(ORDERED)), anchors[:, i]) for i in range(3)]
    return ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in np.round(mixed).astype(int).T]


def config(medium: Medium) -> dict[str, Any]:
    """The Vega-Lite configuration of every chart."""
    page = medium == "page"
    ink = "currentColor" if page else INK
    axis = {
        "labelColor": ink,
        "labelFontSize": 12,
        "labelOpacity": 0.8,
        "titleColor": ink,
        "titleFontSize": 12,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "gridColor": ink,
        "gridOpacity": 0.12,
        "domainColor": ink,
        "domainOpacity": 0.35,
        "tickColor": ink,
        "tickOpacity": 0.35,
        "tickSize": 4,
        "labelPadding": 4,
    }
    return {
        "background": None if page else LIGHT,
        "font": FONT if page else FILE_FONT,
        "padding": {"left": 2, "right": 10, "top": 6, "bottom": 4} if page else 16,
        "view": {"stroke": None},
        "text": {"color": ink},
        "axis": axis,
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "title": _title(ink, 12 if page else 15),
        "legend": {} if page else _file_legend(ink),
        "style": _styles(ink),
    }


def _title(ink: str, size: int) -> dict[str, Any]:
    return {
        "color": ink,
        "subtitleColor": ink,
        "anchor": "start",
        "fontSize": size,
        "subtitleFontSize": 11,
        "fontWeight": 600,
        "offset": 10,
        "limit": 1400,  # in pixels: a picture is as wide as its longest line
    }


def _styles(ink: str) -> dict[str, Any]:
    """Marks that take the colour of text: what is no series."""
    return {
        "context": {"color": ink, "strokeOpacity": 0.16, "strokeWidth": 1},
        "note": {"fontSize": 12},
        "truth": {"color": ink, "strokeOpacity": 0.9, "strokeWidth": 1.1},
        "zero": {"color": ink, "strokeOpacity": 0.45, "strokeWidth": 1},
        "limit": {"color": ink, "strokeOpacity": 0.35, "strokeDash": [2, 3]},
        "cell": {"stroke": ink, "strokeOpacity": 0.14, "strokeWidth": 1},
    }


def _file_legend(ink: str) -> dict[str, Any]:
    return {
        "labelColor": ink,
        "orient": "bottom",
        "title": None,
        "direction": "horizontal",
        "columns": 4,
        "symbolSize": 220,
        "symbolStrokeWidth": 2.5,
        "labelLimit": 220,
    }


def is_number(label: str) -> bool:
    """Whether a label reads as a number."""
    try:
        float(label)
    except ValueError:
        return False
    return True
