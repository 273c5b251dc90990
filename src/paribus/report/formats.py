"""Tables as text for other programs: Markdown, LaTeX and CSV.

Whatever a label or a question holds is text in all of them: it closes no cell, starts no command,
opens no link and is no formula of a spreadsheet.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from paribus.outgoing import no_formula, shareable, without_steering

Value = str | float | int | None

_MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|~&$"})
_LATEX = str.maketrans(
    {mark: f"\\{mark}" for mark in "&%$#_{}"}
    | {
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "`": r"\textasciigrave{}",
        # After the end of a row these would be an argument of it.
        "[": "{[}",
        "]": "{]}",
        "*": "{*}",
        "\u00a0": "~",
        "\u2212": "$-$",
        "\u221e": r"$\infty$",
        "\u2014": "---",
        "\u2013": "--",
        "\u00b7": r"$\cdot$",
        "\u2019": "'",
    }
)
_PACKAGES = "Needs \\usepackage{booktabs}, and with pdfLaTeX letters of European languages only."


@dataclass(frozen=True)
class Column:
    """The head of a column; `number` sets it to the right.

    Text of a column with a `width`, a share of the line, is broken to fit where a format can.
    """

    head: str
    number: bool = False
    width: float | None = None


@dataclass(frozen=True)
class Grid:
    """A table whose `caption` says what its numbers are; each row has a value per column."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


def markdown(grids: Sequence[Grid]) -> str:
    """Tables as GitHub's Markdown has them, each below its caption."""
    return "\n".join(_markdown_table(grid) for grid in grids)


def latex(grids: Sequence[Grid]) -> str:
    """A `table` with a `tabular` and booktabs rules for each grid.

    A comment names the package that it needs, and the caption stands in a comment too, for those
    who take the `tabular` alone.
    """
    return "\n".join([f"% {_PACKAGES}\n", *(_latex_table(grid) for grid in grids)])


def comma_separated(grids: Sequence[Grid]) -> str:
    """CSV (RFC 4180, but for line ends of one character) of grids that have the same columns.

    Numbers have full precision, and what is None is empty. Text that a spreadsheet would take for
    a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line end, and is no number) has an
    apostrophe before it.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    for place, grid in enumerate(grids):
        if place == 0:
            writer.writerow([_cell(column.head) for column in grid.columns])
        for row in grid.rows:
            writer.writerow([_cell(value) for value in row])
    return target.getvalue()


WRITERS: dict[str, Callable[[Sequence[Grid]], str]] = {
    "markdown": markdown,
    "latex": latex,
    "csv": comma_separated,
}


def _markdown_table(grid: Grid) -> str:
    rules = " | ".join("---:" if column.number else "---" for column in grid.columns)
    lines = [
        _one_line(grid.caption).translate(_MARKDOWN),
        "",
        _piped(column.head for column in grid.columns),
        f"| {rules} |",
        *map(_piped, grid.rows),
    ]
    return "\n".join(lines) + "\n"


def _piped(values: Iterable[Value]) -> str:
    return f"| {' | '.join(_one_line(value).translate(_MARKDOWN) for value in values)} |"


def _latex_table(grid: Grid) -> str:
    caption = _one_line(grid.caption)
    kinds = "".join(map(_latex_kind, grid.columns))
    lines = [
        f"% {caption}",
        r"\begin{table}",
        r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
        f"  \\caption{{{caption.translate(_LATEX)}}}",
        f"  \\begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        f"    {_ampersands(column.head for column in grid.columns)}",
        r"    \midrule",
        *(f"    {_ampersands(row)}" for row in grid.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_kind(column: Column) -> str:
    if column.width is not None:
        return f"p{{{column.width:g}\\linewidth}}"
    return "r" if column.number else "l"


def _ampersands(values: Iterable[Value]) -> str:
    return f"{' & '.join(_one_line(value).translate(_LATEX) for value in values)} \\\\"


def _one_line(value: Value) -> str:
    """A line end would end a row or a comment; what steers a terminal is dropped."""
    return without_steering(" ".join(_text(value).split()))


def _text(value: Value) -> str:
    if isinstance(value, str):
        return shareable(value)
    return "" if value is None else repr(value)


def _cell(value: Value) -> Value:
    return no_formula(shareable(value)) if isinstance(value, str) else value
