"""Writes `docs/results/`: a page per study of a lab at full scale, with its tables and figures.

    python docs/record_results.py LAB [STUDY ...]

Everything on a page is read from the lab; what a page says is what the report of the study says,
as Markdown and PNG. Pages of studies that the lab does not hold stay as they are.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from paribus.claims.findings import Finding, findings
from paribus.report.columns import Table, report_table
from paribus.report.declared import exhibits
from paribus.report.exhibits import Absent, Cell, Sheet
from paribus.report.figures import Figure, save_charts
from paribus.report.origin import differing, example_counts, origin_terms, time_terms
from paribus.results.load import load_results
from paribus.results.tidy import StudyResults
from paribus.store.catalogue import Catalogue

FOLDER = Path(__file__).parent / "results"
SCALE = "full"
HEAD = "<!-- Written by docs/record_results.py from a lab. -->\n"
COLOURS = 128
LONGEST = 30
"""Rows of a table that a page shows; the rest is in the lab."""


def main() -> None:
    """Writes the pages asked for, or those of all studies that the lab holds at full scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab", type=Path)
    parser.add_argument("studies", nargs="*")
    asked = parser.parse_args()
    with Catalogue.open(asked.lab, create=False) as catalogue:
        held = [entry.name for entry in catalogue.studies() if entry.scale == SCALE]
        for name in asked.studies or held:
            results = load_results(catalogue, name, SCALE)
            (FOLDER / f"{name}.md").write_text("\n".join(page(results)) + "\n", encoding="utf-8")


def page(results: StudyResults) -> Iterator[str]:
    """The lines of a study's page; writes its figures beside it."""
    name = results.document["name"]
    yield HEAD
    yield f"# {name}\n"
    yield f"{results.document['question']}\n"
    planned = len(results.runs) + len(results.missing)
    yield f"`paribus run {name} --scale full`: {len(results.runs)} of {planned} planned runs.\n"
    yield "## Final numbers\n"
    yield (
        "Mean over finished replicates at the last epoch of each run, with its 95 % interval "
        "(Student's t). *Reported* numbers are what the study's source printed.\n"
    )
    yield from _table(report_table(results))
    yield from _claims(findings(results))
    for shown in exhibits(results):
        yield from _exhibit(shown, name)
    yield "## Where the numbers come from\n"
    yield f"- Splits: {example_counts(results)}"
    for term in (*time_terms(results), *origin_terms(results)):
        yield f"- {term.name}: {term.text}"
    if found := differing(results):
        yield f"- Not the same for all runs: {', '.join(found)}"


def _claims(found: Sequence[Finding]) -> Iterator[str]:
    if not found:
        return
    yield "## What became of the claims\n"
    yield f"{rule(found)}\n"
    yield from _markdown(
        ["claim", "verdict", "evidence"],
        [[f"{one.claim}{_marks(one)}", f"**{one.verdict}**", one.why] for one in found],
        longest=len(found),
    )


def rule(found: Sequence[Finding]) -> str:
    """How the verdicts of a study came about."""
    tests = sum(link.p_adjusted is not None for one in found for link in one.links)
    corrected = (
        f"p-values are corrected by Holm's method for the study's {tests} tests"
        if tests
        else "p-values are not corrected: no claim of the study was registered before its runs"
    )
    return (
        "A verdict rests on the 95 % interval of paired differences over replicates, against the "
        f"claim's margin; {corrected}. See [claims](../claims.md#verdicts)."
    )


def _marks(finding: Finding) -> str:
    marks = ["ours"] * finding.ours + ["exploratory"] * (not finding.registered)
    return f" ({', '.join(marks)})" if marks else ""


def _table(table: Table) -> Iterator[str]:
    heads = [*table.factors]
    for head in table.metrics:
        heads += [head.title] + ([head.reported] if head.reported else [])
    yield from _markdown(
        [*heads, "n", "diverged", "parameters"],
        [
            [
                *line.labels,
                *(
                    text
                    for cell, reported, head in zip(
                        line.cells, line.reported, table.metrics, strict=True
                    )
                    for text in [_text(cell)] + ([reported or ""] if head.reported else [])
                ),
                str(line.n),
                line.diverged,
                line.parameters,
            ]
            for line in table.lines
        ],
    )


def _exhibit(shown: Figure | Sheet | Absent, name: str) -> Iterator[str]:
    yield f"## {shown.title}\n"
    match shown:
        case Figure():
            yield f"{shown.note}\n"
            (path,) = save_charts([shown], FOLDER / name, formats=("png",))
            _with_fewer_colours(path)
            yield f"![{shown.description}]({name}/{path.name})\n"
        case Sheet():
            yield f"{shown.note}\n"
            yield from _markdown(shown.heads, [[_text(one) for one in row] for row in shown.rows])
        case Absent():
            yield f"Not shown: {shown.missing}.\n"


def _with_fewer_colours(path: Path) -> None:
    """A chart has few colours: with a palette its file is a third as large."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def _markdown(
    heads: Sequence[str], rows: Sequence[Sequence[str]], longest: int = LONGEST
) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows[:longest]:
        yield f"| {' | '.join(one.replace('|', '/') for one in row)} |"
    if len(rows) > longest:
        yield f"\n{len(rows) - longest:,} more rows are in the study's report."
    yield ""


def _text(cell: Cell) -> str:
    return f"{cell.text} ({cell.below})" if cell.below else cell.text


if __name__ == "__main__":
    main()
