"""What `paribus check-gradients` prints: a row for each condition and layer."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console

from paribus.cli.display import TextTable, console
from paribus.cli.words import finite, plural
from paribus.probes.gradient_check import TOLERANCE, LayerCheck
from paribus.study.gradients import ConditionCheck

COLUMNS = ("layer", "relative error", "rounding", "checked", "excluded", "parameters", "verdict")


def gradient_rows(checks: Iterable[ConditionCheck]) -> list[dict[str, Any]]:
    """The checks as rows of `paribus check-gradients --json`; layer `all` is all together."""
    return [
        {"condition": one.labels, **_row(layer)}
        for one in checks
        for layer in (*one.check.layers, one.check.overall)
    ]


def _row(layer: LayerCheck) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "relative_error": finite(layer.relative_error),
        "rounding": finite(layer.rounding),
        "checked": layer.checked,
        "excluded": layer.excluded,
        "parameters": layer.parameters,
        "verdict": layer.verdict,
        "worst": layer.worst,
    }


def any_wrong(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the gradient of some layer is wrong."""
    return any(row["verdict"] == "wrong" for row in rows)


def show_gradients(rows: Sequence[dict[str, Any]]) -> None:
    """The table, what its numbers are, and what is wrong."""
    out = console()
    factors = list(rows[0]["condition"])
    table = TextTable(*factors, *COLUMNS, numbers=COLUMNS[1:-1])
    for row in rows:
        errors = [_error(row[name]) for name in ("relative_error", "rounding")]
        counts = [f"{row[name]:,}" for name in ("checked", "excluded", "parameters")]
        cells = (*row["condition"].values(), row["layer"], *errors, *counts, row["verdict"])
        table.add_row(*cells)
    out.print(table)
    out.print(
        "relative error: ||g - n|| / (||g|| + ||n||), g the gradient, n central differences in "
        f"float64; right below {TOLERANCE:.0e}; rounding: how much of it rounding may cause; "
        "excluded: coordinates with a kink too near",
        soft_wrap=True,
    )
    _show_verdicts(out, rows)


def _show_verdicts(out: Console, rows: Sequence[dict[str, Any]]) -> None:
    layers = [row for row in rows if row["layer"] != "all"]
    for row in layers:
        if row["verdict"] == "wrong":
            labels = ", ".join(f"{name}={label}" for name, label in row["condition"].items())
            at = f"{labels}: " if labels else ""
            said = f"wrong: {at}layer {row['layer']}, furthest off at {row['worst']}"
            out.print(said, soft_wrap=True)
    right = sum(row["verdict"] == "right" for row in layers)
    out.print(f"{right:,} of {plural(len(layers), 'layer')} right", soft_wrap=True)


def _error(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"
