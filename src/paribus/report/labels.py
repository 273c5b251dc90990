"""Where the names of points go, so that they neither cover each other nor the points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from paribus.report.axes import Span

LETTER, HEIGHT = 6.6, 13.0
WIDTHS = (290.0, 500.0, 840.0)
"""Of a plot on a telephone, in a file and on a wide page, in pixels."""

# Beside the point first, then above and below; to its right, then to its left.
OFFSETS = tuple(
    (dx, dy) for dy in (0.0, -12.0, 13.0, -25.0, 26.0) for dx in (9.0, -9.0, 24.0, -24.0)
)


@dataclass(frozen=True)
class _Box:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: "_Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True)
class _Plot:
    """A plot of one width, and what is in it already."""

    x: Span
    y: Span
    width: float
    height: float
    taken: list[_Box] = field(default_factory=list)

    def around(self, row: Mapping[str, Any]) -> _Box:
        """The point of a row."""
        across, down = self._place(row)
        return _Box(across - 4, down - 4, across + 4, down + 4)

    def box(self, row: Mapping[str, Any], offset: tuple[float, float]) -> _Box:
        """The name of a row, moved from its point."""
        across, down = self._place(row)
        wide = LETTER * len(row["name"])
        left = across + offset[0] - (0 if offset[0] > 0 else wide)
        middle = down + offset[1]
        return _Box(left, middle - HEIGHT / 2, left + wide, middle + HEIGHT / 2)

    def covered(self, row: Mapping[str, Any], offset: tuple[float, float]) -> int:
        """How much the name would cover there; the labels of the axis are as good as a name."""
        box = self.box(row, offset)
        outside = (box.left < 0) + (box.right > self.width)
        return outside + sum(map(box.covers, self.taken))

    def _place(self, row: Mapping[str, Any]) -> tuple[float, float]:
        across, up = self.x.part(row["x"]), self.y.part(row["y"])
        return across * self.width, (1 - up) * self.height


def labelled(
    rows: Sequence[dict[str, Any]],
    x: Span,
    y: Span,
    height: float,
    others: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Adds `dx`, `dy` and `align` to rows with `x`, `y` and `name`, one after the other.

    Each name takes the first of the places near its point where it covers least: other names,
    points of these rows or of `others`, and what is beyond the plot. That is counted in plots of
    three widths, as a page can have any; in others names can still overlap.
    """
    plots = [_Plot(x, y, width, height) for width in WIDTHS]
    for plot in plots:
        plot.taken.extend(plot.around(row) for row in (*rows, *others))
    for row in rows:
        offset = min(OFFSETS, key=lambda one: sum(plot.covered(row, one) for plot in plots))
        for plot in plots:
            plot.taken.append(plot.box(row, offset))
        dx, dy = offset
        row.update(dx=dx, dy=dy, align="left" if dx > 0 else "right")


def label_marks(base: alt.Chart, x: alt.X, y: alt.Y, *channels: Any) -> alt.Chart:
    """The names of `labelled` rows as text."""
    # Vega takes expressions wherever a mark takes a number; altair's types know only some.
    moved: Mapping[str, Any] = {
        "dx": alt.ExprRef("datum.dx"),
        "dy": alt.ExprRef("datum.dy"),
        "align": alt.ExprRef("datum.align"),
    }
    text = base.mark_text(style="note", baseline="middle", **moved)
    return text.encode(x, y, *channels, text="name:N")
