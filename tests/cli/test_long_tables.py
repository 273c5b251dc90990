"""Tables of many rows are laid out by our own code: as Rich does it."""

import pytest
from rich.console import Console

from paribus.cli.display import MOST_ROWS, TextTable

CELLS = [("a[b]", "1,234", "x"), ("漢字", "5", ""), ("", "0.9466 [0.93, 0.95]", "long enough")]


def printed(rows, width):
    out = Console(width=width, highlight=False, markup=False, record=True, quiet=True)
    table = TextTable("label", "number", "last", numbers=("number",))
    for place in range(rows):
        table.add_row(*CELLS[place % len(CELLS)])
    with out.capture() as captured:
        out.quiet = False
        out.print(table)
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [1000, 80, 30])
def test_a_long_table_looks_as_a_short_one(width):
    short, long = printed(MOST_ROWS - MOST_ROWS % 3, width), printed(MOST_ROWS + 3, width)
    height = len(short) - 1
    if width > 30:
        assert height == MOST_ROWS - MOST_ROWS % 3
    assert [line.rstrip() for line in long[: height + 1]] == [line.rstrip() for line in short]
