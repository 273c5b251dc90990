"""What the drivers of a lab do now, in lines for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from paribus.outgoing import printable


def worker_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each worker: where it is, what it trains and how far that is."""
    lines = []
    for row in rows:
        for worker in row["workers"]:
            labels = [f"{name}={label}" for name, label in worker["condition"].items()]
            told = [
                f"{worker['where']}: {row['study']} ({row['scale']})",
                *labels,
                f"replicate {worker['replicate']}",
                f"epoch {worker['epoch']:,}{_of(worker['epochs'])}",
            ]
            lines.append(", ".join(told))
    return [printable(line) for line in lines]


def _of(epochs: int | None) -> str:
    """Nothing where only the trainer knows how many there will be."""
    return "" if epochs is None else f" of {epochs:,}"
