"""Writes `docs/results/`: a page per study at full scale, and what became of all their claims.

    python docs/record_results.py LAB [LAB ...] [--only STUDY ...]

Everything on a page is read from a lab, the last one given that holds the study; what a page says
is what the report of the study says, as Markdown and PNG. Pages of other studies stay as they
are, but the page of all verdicts is of the labs given. With `--only`, that page and those of these
studies are written.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from paribus import studies
from paribus.claims.findings import Finding, findings
from paribus.cli.findings import tally
from paribus.report.columns import Table, report_table
from paribus.report.declared import exhibits
from paribus.report.estimates import count_text, estimate_text, interval_text
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
    """Writes the pages asked for, and that of all verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labs", type=Path, nargs="+")
    parser.add_argument("--only", nargs="*", metavar="STUDY")
    asked = parser.parse_args()
    where: dict[str, Path] = {}
    for lab in asked.labs:
        with Catalogue.open(lab, create=False) as catalogue:
            held = [entry.name for entry in catalogue.studies() if entry.scale == SCALE]
        where.update((name, lab) for name in held)
    found: dict[str, list[Finding]] = {}
    for name in (one for one in studies.NAMES if one in where):
        with Catalogue.open(where[name], create=False) as catalogue:
            results = load_results(catalogue, name, SCALE)
        found[name] = findings(results)
        if asked.only is None or name in asked.only:
            _write(name, page(results, found[name]))
    _write("verdicts", verdicts(found))


def _write(name: str, lines: Iterator[str]) -> None:
    text = "\n".join(lines).rstrip("\n") + "\n"
    (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")


def verdicts(found: Mapping[str, Sequence[Finding]]) -> Iterator[str]:
    """The lines of the page of all claims."""
    yield HEAD
    yield "# What became of the claims\n"
    everything = [one for of_study in found.values() for one in of_study]
    registered = sum(one.registered for one in everything)
    yield (
        f"{tally(everything)}. {registered} of them were registered before any run that they "
        "speak of; the others are exploratory: the lab held such runs when it first kept "
        "registrations. p-values of registered claims are corrected by Holm's method within their "
        "study, those of exploratory ones not at all. Claims marked *ours* are not the "
        "source's. See [how verdicts come about](../claims.md#verdicts).\n"
    )
    for name, of_study in found.items():
        yield f"## [{name}]({name}.md)\n"
        yield from _markdown(
            ["claim", "verdict", "estimate", "95 % interval", "n"],
            [
                [
                    f"{one.claim}{_marks(one)}",
                    f"**{one.verdict}**",
                    estimate_text(one.estimate, one.told_in),
                    interval_text(one.low, one.high, one.told_in),
                    count_text(one),
                ]
                for one in of_study
            ],
            longest=len(of_study),
        )


def page(results: StudyResults, found: Sequence[Finding]) -> Iterator[str]:
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
    yield from _claims(found)
    for shown in exhibits(results):
        yield from _exhibit(shown, name)
    yield "## Where the numbers come from\n"
    yield f"- Splits: {example_counts(results)}"
    for term in (*time_terms(results), *origin_terms(results)):
        yield f"- {term.name}: {term.text}"
    if unlike := differing(results):
        yield f"- Not the same for all runs: {', '.join(unlike)}"


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
