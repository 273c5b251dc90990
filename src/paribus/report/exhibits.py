"""What a report can show besides figures: tables, and words in place of what is absent."""

from dataclasses import dataclass

from paribus.report.figures import Figure


class NotMeasuredError(Exception):
    """What a figure is drawn from is not stored; the report says so in its place."""


@dataclass(frozen=True)
class Cell:
    """What a cell of a table says; `below` is set small under it, such as an interval."""

    text: str
    below: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table: the first `labels` columns name the rows, those after them hold numbers."""

    name: str
    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    labels: int = 1
    folded: bool = False


@dataclass(frozen=True)
class Absent:
    """A figure that cannot be drawn: its title, and what is missing."""

    title: str
    missing: str


Exhibit = Figure | Sheet | Absent
