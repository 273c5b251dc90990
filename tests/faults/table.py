"""The campaign's table, and `docs/faults.md` around it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_NEVER = ("hung", "traceback", "check --repair: traceback", "not to be")
"""How no command may end."""


@dataclass
class Row:
    """What came of one fault, over all times it was tried."""

    name: str
    told: str
    tried: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    again: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    skipped: str = ""

    @property
    def bad(self) -> list[str]:
        """What should not have been."""
        counts = {"lost": self.lost, "trained twice": self.twice, "wrong": self.wrong}
        found = [f"{count} {what}" for what, count in counts.items() if count]
        return found + [said for said in self.ended if said.startswith(_NEVER)]

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.name}: not tried, {self.skipped}"
        return (
            f"{self.name}: tried {self.tried}, lost {self.lost}, trained twice {self.twice}, "
            f"wrong {self.wrong}; {_ends(self)}"
        )


def page(rows: Sequence[Row]) -> str:
    """The page as Markdown."""
    return TEMPLATE.format(rows="\n".join(map(_line, rows)))


def _line(row: Row) -> str:
    if row.skipped:
        return f"| {row.name}: {row.told} | 0 | | | | not tried: {row.skipped} |"
    counts = f"{row.tried} | {row.lost} | {row.twice} | {row.wrong}"
    return f"| {row.name}: {row.told} | {counts} | {_ends(row)} |"


def _ends(row: Row) -> str:
    ends = [f"{count} x {said}" for said, count in row.ended.most_common()]
    if row.again:
        ends.append(f"{row.again} damaged runs trained again")
    return "; ".join(ends).replace("|", "\\|")


TEMPLATE = """\
<!-- Written by tests/faults/campaign.py from what happened. -->
# Faults

What becomes of a study that is disturbed. Each time a small study on real digits (twelve runs,
two cohorts, checkpoints every 0.05 s) is run by `paribus run`, a fault strikes, and the same
command is run again until the study is finished. Then every run is compared, key by key and bit
by bit, with a study that nobody disturbed: measurements, weights, and which test examples were
right.

- *lost*: runs that were stored before the fault and are not there after it.
- *twice*: runs that were trained although they were stored.
- *wrong*: numbers, weights or states of a run that differ in any bit.

| fault | tried | lost | twice | wrong | how the command ended |
|---|---|---|---|---|---|
{rows}

Instants are random: half of them anywhere in the command, half between the first run that it
stores and the last. One to three faults strike a lab before it is finished. Where what is stored
is damaged, nothing can bring it back but a copy or training again: there *lost* are runs that are
missing at the very end, and the last column says how many were trained again.

## Run it

`make faults` repeats all of it and writes this page. `make test` tries half of the
faults, once each.
"""
