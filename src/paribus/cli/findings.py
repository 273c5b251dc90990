"""What became of a study's claims, for people and for scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

from rich.text import Text

from paribus.claims.assessment import Verdict
from paribus.claims.findings import Finding, LinkFinding
from paribus.cli.display import console
from paribus.cli.words import finite, plural
from paribus.outgoing import printable

_STYLES = {
    "supported": "green",
    "refuted": "red",
    "undecided": "yellow",
    "not testable": "bright_black",
}
_NUMBERS = ("estimate", "low", "high", "p", "p_adjusted")


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding as a row of `paribus findings --json`; a number that is not finite is None."""
    plain = {
        name: value
        for name, value in vars(finding).items()
        if name not in ("links", "declared", *_NUMBERS)
    }
    numbers = {name: finite(getattr(finding, name)) for name in _NUMBERS}
    return plain | numbers | {"links": [_link_row(link) for link in finding.links]}


def _link_row(link: LinkFinding) -> dict[str, Any]:
    row = asdict(link)
    numbers = {name: finite(value) for name, value in row.items() if isinstance(value, float)}
    return row | numbers | {"conditions": [dict(one) for one in link.conditions]}


def show_findings(found: Sequence[Finding]) -> None:
    """A sentence with its verdict for each claim, and the evidence below it."""
    if not found:
        return
    out = console()
    for finding in found:
        verdict = Text(finding.verdict.rjust(12), style=_STYLES[finding.verdict])
        marks = "".join(
            f" ({mark})"
            for mark, holds in (("ours", finding.ours), ("exploratory", not finding.registered))
            if holds
        )
        out.print(verdict, Text(printable(f"{finding.claim}{marks}")), soft_wrap=True)
        out.print(Text(printable(f"{' ' * 13}{finding.why}"), style="dim"), soft_wrap=True)
    out.print(Text(tally(found)))


def tally(found: Sequence[Finding]) -> str:
    """How many claims have which verdict."""
    counts = {
        verdict: sum(one.verdict == verdict for one in found) for verdict in get_args(Verdict)
    }
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"{plural(len(found), 'claim')}: {told}"
