"""The marks of a plot of curves: bands, lines, diverged runs, and what a pointer can touch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt

from paribus.report.axes import Span
from paribus.report.figures import HIGHLIGHT, PANEL, Panel
from paribus.report.theme import Series


@dataclass(frozen=True)
class Frame:
    """What all panels of a figure share: the vertical axis, the epochs and the series.

    With `context` each panel has the one series that is called like it, and all look alike.
    """

    span: Span
    epochs: tuple[int, int]
    series: tuple[Series, ...]
    context: bool = False

    @property
    def drawn(self) -> tuple[Series, ...]:
        """The series of each panel: with `context` it lists its own alone, not all N of them."""
        if not self.context:
            return self.series
        assert len({(one.colour, one.dash) for one in self.series}) == 1
        return (replace(self.series[0], label=PANEL),)


def curve_panels(frame: Frame, titles: Sequence[str], means: str, ends: str) -> tuple[Panel, ...]:
    """A panel per title, drawn from the data sets named `means` and `ends`.

    Rows of `means` have series, panel, label, epoch, mean, low, high, shown; rows of `ends`
    (diverged runs) series, panel, label, replicate, epoch, value, last, shown.
    """
    height = 150 if len(titles) > 3 else 200 if len(titles) > 1 else 280
    named = {bool(title) for title in titles}
    charts = {one: _plot(frame, one, means, ends) for one in named}
    return tuple(Panel(charts[bool(title)], height, title) for title in titles)


def scale_of(series: Sequence[Series]) -> alt.Scale:
    """Colours of the field `series`."""
    return alt.Scale(domain=[s.label for s in series], range=[s.colour for s in series])


def chosen(shown: float, hidden: float) -> dict[str, Any]:
    """One opacity for the series that the reader chose, another for the rest."""
    return {"condition": {"test": HIGHLIGHT, "value": shown}, "value": hidden}


def filled(series: Sequence[Series], shown: float, hidden: float) -> list[Any]:
    """Fill by series; never in the legend, which shows lines."""
    fill = alt.Fill("series:N", scale=scale_of(series), legend=None)
    return [fill, alt.FillOpacity(**chosen(shown, hidden))]


def stroked(series: Sequence[Series], shown: float, hidden: float, legend: bool) -> list[Any]:
    """Stroke and dash by series."""
    dashes = alt.Scale(domain=[s.label for s in series], range=[list(s.dash) for s in series])
    return [
        alt.Stroke("series:N", scale=scale_of(series), legend=legend_of(legend), title=None),
        alt.StrokeDash("series:N", scale=dashes, legend=legend_of(legend), title=None),
        alt.StrokeOpacity(**chosen(shown, hidden)),
    ]


def legend_of(shown: bool, points: bool = False) -> alt.Legend | None:
    """A legend that is asked for outright: Vega-Lite drops one that is left to its default.

    Of lines, or of points.
    """
    if not shown:
        return None
    if points:
        return alt.Legend(title=None, symbolType="circle", symbolSize=80, symbolStrokeWidth=0)
    return alt.Legend(title=None, symbolType="stroke", symbolFillColor="transparent")


def epoch_ticks(first: int, last: int) -> list[int]:
    """At most seven whole epochs, evenly spaced at 1, 2 or 5 times a power of ten.

    >>> epoch_ticks(0, 2), epoch_ticks(1, 20), epoch_ticks(0, 50)
    ([0, 1, 2], [5, 10, 15, 20], [0, 10, 20, 30, 40, 50])
    """
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if (last - first) / step <= 6)
    return list(range(-(-first // step) * step, last + 1, step))


def _plot(frame: Frame, named: bool, means: str, ends: str) -> alt.LayerChart:
    own = alt.FieldEqualPredicate(field="panel", equal=PANEL)
    axis = alt.Axis(values=epoch_ticks(*frame.epochs), format=",d")
    span = alt.Scale(domain=list(frame.epochs), nice=False)
    epoch = alt.X("epoch:Q", title="Epoch", axis=axis, scale=span)
    # The title of a figure with several panels names the quantity once for all of them.
    ticks = frame.span.axis(None if named else frame.span.title)
    shared = alt.Chart(alt.NamedData(means)).encode(x=epoch)
    diverged = alt.Chart(alt.NamedData(ends)).encode(x=epoch).transform_filter(own)
    context = [_context(frame, shared, ticks)] if frame.context else []
    means_of_panel = _means(frame, shared.transform_filter(own), ticks)
    return alt.LayerChart(layer=[*context, *_diverged(frame, diverged, ticks), *means_of_panel])


def _context(frame: Frame, base: alt.Chart, ticks: alt.Axis) -> alt.Chart:
    y = alt.Y("mean:Q", scale=frame.span.scale, axis=ticks)
    return base.mark_line(style="context").encode(y=y, detail="series:N")


def _means(frame: Frame, base: alt.Chart, ticks: alt.Axis) -> list[alt.Chart]:
    mean = alt.Y("mean:Q", scale=frame.span.scale, axis=ticks)
    low = alt.Y("low:Q", scale=frame.span.scale, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("epoch:Q", title="epoch"),
        alt.Tooltip("shown:N", title=frame.span.title),
    ]
    lines = stroked(frame.drawn, 1, 0.12, not frame.context)
    return [
        base.mark_area(opacity=1).encode(low, *filled(frame.drawn, 0.16, 0.02), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(mean, *lines),
        # Large and invisible, so that a finger can touch them.
        base.mark_circle(size=160, fill="transparent", fillOpacity=0).encode(
            mean, tooltip=tooltip
        ),
    ]


def _diverged(frame: Frame, base: alt.Chart, ticks: alt.Axis) -> list[alt.Chart]:
    y = alt.Y("value:Q", scale=frame.span.scale, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("epoch:Q", title="epoch"),
        alt.Tooltip("shown:N", title="run"),
    ]
    # One scale has one legend: saying none here would take it from the means as well.
    hue = alt.Stroke(
        "series:N", scale=scale_of(frame.drawn), legend=legend_of(not frame.context), title=None
    )
    opacity = alt.StrokeOpacity(**chosen(0.8, 0.1))
    lines = base.mark_line(strokeWidth=1.2, strokeDash=[2, 2])
    crosses = base.mark_point(shape="cross", angle=45, size=80, filled=True, opacity=1)
    return [
        lines.encode(y, hue, opacity, detail="replicate:N"),
        crosses.transform_filter("datum.last").encode(
            y, *filled(frame.drawn, 0.9, 0.1), tooltip=tooltip
        ),
    ]
