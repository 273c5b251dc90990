"""The marks of a plot of curves: bands, lines, diverged runs, and what a pointer can touch."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from paribus.report.figures import HIGHLIGHT, Panel
from paribus.report.theme import Series


@dataclass(frozen=True)
class Frame:
    """What all panels of a figure share: the vertical axis and the series."""

    title: str
    domain: tuple[float, float]
    log: bool
    series: tuple[Series, ...]
    context: bool = False

    @property
    def scale(self) -> alt.Scale:
        """The vertical scale."""
        kind = "log" if self.log else "linear"
        return alt.Scale(domain=list(self.domain), type=kind, zero=False, nice=False)

    def clipped(self, value: float) -> float:
        """A value moved to the edge of the plot where it lies outside."""
        return min(max(value, self.domain[0]), self.domain[1])


def curve_panels(
    frame: Frame, titles: Sequence[str], means: str, ends: str
) -> tuple[Panel, ...]:
    """A panel per title, drawn from the data sets named `means` and `ends`.

    Rows of `means` have series, panel, label, epoch, mean, low, high, shown; rows of `ends`
    (diverged runs) series, panel, label, replicate, epoch, value, last, shown.
    """
    height = 150 if len(titles) > 3 else 200 if len(titles) > 1 else 280
    return tuple(Panel(_plot(frame, title, means, ends), height, title) for title in titles)


def colour(series: Sequence[Series], legend: bool = True) -> alt.Color:
    """Colours of the field `series`."""
    scale = alt.Scale(domain=[s.label for s in series], range=[s.colour for s in series])
    return alt.Color(
        "series:N", scale=scale, legend=alt.Undefined if legend else None, title=None
    )


def dash(series: Sequence[Series], legend: bool = True) -> alt.StrokeDash:
    """Dashes of the field `series`."""
    scale = alt.Scale(domain=[s.label for s in series], range=[list(s.dash) for s in series])
    return alt.StrokeDash(
        "series:N", scale=scale, legend=alt.Undefined if legend else None, title=None
    )


def fade(shown: float, hidden: float) -> alt.Opacity:
    """One opacity for the series that the reader chose, another for the rest."""
    return alt.Opacity(
        condition={"test": HIGHLIGHT, "value": shown}, value=hidden  # pyright: ignore
    )


def _plot(frame: Frame, panel: str, means: str, ends: str) -> alt.LayerChart:
    own = alt.FieldEqualPredicate(field="panel", equal=panel)
    axis = alt.Axis(tickMinStep=1, tickCount=6, format="d")
    epoch = alt.X("epoch:Q", title="Epoch", axis=axis, scale=alt.Scale(nice=False))
    shared = alt.Chart(alt.NamedData(means)).encode(x=epoch)
    diverged = alt.Chart(alt.NamedData(ends)).encode(x=epoch).transform_filter(own)
    context = [_context(frame, shared)] if frame.context else []
    return alt.layer(
        *context, *_means(frame, shared.transform_filter(own)), *_diverged(frame, diverged)
    )


def _context(frame: Frame, base: alt.Chart) -> alt.Chart:
    y = alt.Y("mean:Q", scale=frame.scale, title=frame.title)
    return base.mark_line(style="context", clip=True).encode(y=y, detail="series:N")


def _means(frame: Frame, base: alt.Chart) -> list[alt.Chart]:
    ticks = alt.Axis(tickCount=5, format="~g") if frame.log else alt.Axis(tickCount=5)
    hue, legend = colour(frame.series, not frame.context), not frame.context
    mean = alt.Y("mean:Q", scale=frame.scale, title=frame.title, axis=ticks)
    low = alt.Y("low:Q", scale=frame.scale, title=frame.title, axis=ticks)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("epoch:Q", title="epoch"),
        alt.Tooltip("shown:N", title=frame.title),
    ]
    return [
        base.mark_area().encode(y=low, y2="high:Q", color=hue, opacity=fade(0.16, 0.02)),
        base.mark_line(strokeWidth=2, clip=True).encode(
            y=mean, color=hue, strokeDash=dash(frame.series, legend), opacity=fade(1, 0.12)
        ),
        base.mark_point(size=120, opacity=0, clip=True).encode(y=mean, tooltip=tooltip),
    ]


def _diverged(frame: Frame, base: alt.Chart) -> list[alt.Chart]:
    hue = colour(frame.series, not frame.context)
    y = alt.Y("value:Q", scale=frame.scale, title=frame.title)
    tooltip = [
        alt.Tooltip("label:N", title="condition"),
        alt.Tooltip("epoch:Q", title="epoch"),
        alt.Tooltip("shown:N", title="run"),
    ]
    drawn = base.encode(y=y, color=hue, opacity=fade(0.8, 0.1))
    return [
        drawn.mark_line(strokeWidth=1.2, strokeDash=[2, 2], clip=True).encode(
            detail="replicate:N"
        ),
        drawn.mark_point(shape="cross", angle=45, size=80, filled=True)
        .transform_filter("datum.last")
        .encode(tooltip=tooltip),
    ]
