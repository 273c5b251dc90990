"""Where the names of points go, so that they neither cover each other nor the points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from paribus.report.axes import Span

LETTER, HEIGHT = 6.6, 13.0
WIDE = 500.0
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


def labelled(
    rows: Sequence[dict[str, Any]],
    x: Span,
    y: Span,
    height: float,
    others: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Adds `dx`, `dy` and `align` to rows with `x`, `y` and `name`, one after the other.

    Each name takes the first place near its point where it covers no other name and no point,
    of these rows or of `others`, in a plot of usual width. A plot much narrower than that can
    still have them overlap.
    """

    def pixel(row: Mapping[str, Any]) -> tuple[float, float]:
        return x.part(row["x"]) * WIDE, (1 - y.part(row["y"])) * height

    points = [pixel(row) for row in rows]
    around = [*points, *map(pixel, others)]
    taken = [_Box(px - 4, py - 4, px + 4, py + 4) for px, py in around]
    for row, point in zip(rows, points, strict=True):
        free = [(offset, _box(point, offset, row["name"])) for offset in OFFSETS]
        inside = [one for one in free if one[1].left >= 0 and one[1].right <= WIDE] or free
        clear = [one for one in inside if not any(map(one[1].covers, taken))]
        (dx, dy), box = (clear or inside)[0]
        taken.append(box)
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


def _box(point: tuple[float, float], offset: tuple[float, float], name: str) -> _Box:
    across, down = point[0] + offset[0], point[1] + offset[1]
    width = LETTER * len(name)
    left = across if offset[0] > 0 else across - width
    return _Box(left, down - HEIGHT / 2, left + width, down + HEIGHT / 2)
