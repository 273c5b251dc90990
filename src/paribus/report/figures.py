"""What a figure is, apart from where it is shown: panels, data, legend, and its two renderings.

One figure gives specifications for the page (as wide as their container, no legend or title of
their own: the page has those in HTML) and one for a file (fixed size, all in one picture).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import altair as alt
import vl_convert

from paribus.outgoing import file_name, legible
from paribus.report import theme
from paribus.report.keys import Swatch, strip
from paribus.report.theme import Series

Rows = Sequence[Mapping[str, Any]]
ChartFormat = Literal["svg", "png"]
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])

NARROW = 190
HIGHLIGHT = "!length(highlight) || indexof(highlight, datum.series) >= 0"
"""True of a datum whose series the reader has chosen, and of all where none is chosen."""
PANEL = "\0panel"
"""Stands in a chart for the title of the panel that it is drawn in; no label reads like this."""


@dataclass(frozen=True)
class Panel:
    """One plot of a figure; its data are named data sets of the figure.

    Panels may share a chart, made once for all of them: a text `PANEL` in it is each one's title.
    """

    chart: alt.LayerChart
    height: int
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with everything that a page or a file needs to show it.

    `name` is a file name without suffix, `note` says what is drawn over how many replicates,
    `description` says it for those who cannot see it, `group` names what the series are
    (conditions or layers), so that a choice in one legend holds for all figures of its group;
    `legend` names the factor where labels of series are bare numbers.
    `key` says what marks mean that no series has; `epochs` are those that a slider on the page
    chooses among (rows have a field `epoch`), of which a file shows the last. `folded` figures are
    opened by the reader.
    """

    name: str
    title: str
    note: str
    description: str
    panels: tuple[Panel, ...]
    data: Mapping[str, Rows]
    series: tuple[Series, ...] = ()
    group: str = "condition"
    legend: str = ""
    key: tuple[Swatch, ...] = ()
    epochs: tuple[int, ...] = ()
    folded: bool = False

    def __post_init__(self) -> None:
        # Made of names of factors and metrics, which may try to leave the folder.
        object.__setattr__(self, "name", file_name(self.name))


def page_specs(figure: Figure) -> list[dict[str, Any]]:
    """One Vega-Lite specification per panel, without the data, which the page holds once."""
    return [
        _without_legends(spec)
        | {
            "config": theme.config("page"),
            "autosize": {"type": "fit-x", "contains": "padding"},
            "params": _params(figure),
            "description": f"{figure.description} {panel.title}".strip(),
        }
        for panel, spec in zip(figure.panels, _panels(figure, "container"), strict=True)
    ]


def file_spec(figure: Figure) -> dict[str, Any]:
    """One Vega-Lite specification of the whole figure, data, title and legend included."""
    named = f" Colours: {figure.legend}." if figure.legend and figure.series else ""
    subtitle = _folded(figure.note + named)
    title: dict[str, Any] = {"text": figure.title, "subtitle": subtitle}
    if len(figure.panels) == 1:
        (body,) = _panels(figure, 560)
    else:
        wide = 280 if len(figure.panels) <= 3 else NARROW
        columns = min(len(figure.panels), 4 if wide < 280 else 3)
        body = {"concat": _panels(figure, wide), "columns": columns}
    if figure.key:
        body = {"vconcat": [body, strip(figure.key, 560)], "spacing": 18}
    return legible(
        body
        | {
            "$schema": alt.SCHEMA_URL,
            "title": title,
            "datasets": {name: [dict(row) for row in rows] for name, rows in figure.data.items()},
            "config": theme.config("file"),
            "params": _params(figure),
        }
    )


def save_charts(
    figures: Sequence[Figure], folder: Path, formats: Sequence[ChartFormat] = ("svg", "png")
) -> list[Path]:
    """Write every figure to `folder` in each format, on white; the files written.

    PNG files have two pixels to a unit, so that print stays sharp.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in figures:
        svg = vl_convert.vegalite_to_svg(file_spec(figure), vl_version=VEGA_LITE)
        for format in formats:
            path = folder / f"{figure.name}.{format}"
            path.write_bytes(svg.encode() if format == "svg" else vl_convert.svg_to_png(svg, 2))
            written.append(path)
    return written


def _params(figure: Figure) -> list[dict[str, Any]]:
    """What can be chosen: the series that stand out, and the epoch where there is a slider."""
    highlight = {"name": "highlight", "value": []}
    return (
        [highlight, {"name": "epoch", "value": figure.epochs[-1]}]
        if figure.epochs
        else [highlight]
    )


def _panels(figure: Figure, width: int | str) -> list[dict[str, Any]]:
    """The panels in order; a chart that several of them share is converted once."""
    charts = {id(panel.chart): panel.chart for panel in figure.panels}
    # Not validated here, which takes half of a report's time; the tests do that.
    specs = {key: chart.to_dict(validate=False) for key, chart in charts.items()}
    return [_panel(panel, specs[id(panel.chart)], width) for panel in figure.panels]


def _panel(panel: Panel, shared: Mapping[str, Any], width: int | str) -> dict[str, Any]:
    # Altair writes its own theme and schema into each chart; ours are set on the whole.
    kept = {name: part for name, part in shared.items() if name not in ("config", "$schema")}
    spec = _titled(kept, panel.title) | {"width": width, "height": panel.height}
    if panel.title:
        letters = 28 if width == NARROW else 38
        spec["title"] = {"text": _folded(panel.title, letters), "fontSize": 12}
    return spec


def _titled(part: Any, title: str) -> Any:
    """A copy of a part of a specification, with the title for each `PANEL`."""
    if isinstance(part, dict):
        return {name: _titled(one, title) for name, one in part.items()}
    if isinstance(part, list):
        return [_titled(one, title) for one in part]
    return title if part == PANEL else part


def _without_legends(spec: dict[str, Any]) -> dict[str, Any]:
    for layer in spec["layer"]:
        if "layer" in layer:
            _without_legends(layer)
        for channel in layer.get("encoding", {}).values():
            if isinstance(channel, dict) and "legend" in channel:
                channel["legend"] = None
    return spec


def _folded(text: str, width: int = 92) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
