"""One study or all of a lab, and tables in the format that was asked for."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from paribus.claims.findings import Finding, findings
from paribus.cli.display import console
from paribus.cli.findings import finding_row, show_findings
from paribus.cli.stored import stored_results
from paribus.errors import ParibusError, UnknownNameError
from paribus.outgoing import printable
from paribus.report import grids
from paribus.report.collection import judge_all, write_collection
from paribus.report.files import write_whole
from paribus.report.formats import WRITERS
from paribus.results.means import Row
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab, folder_of

Found = tuple[Mapping[str, Any], Sequence[Finding]]
"""The document of a study, and what became of its claims."""

_SUFFIXES = {"md": "markdown", "tex": "latex"}


def one_or_all(study: str | None, every: bool, scale: str | None) -> str | None:
    """The study that was asked for, None for all; raises `ParibusError` for neither or both."""
    if every and study is not None:
        raise ParibusError(f"got study {study!r} and --all: give one STUDY, or --all alone")
    if every and scale is not None:
        raise ParibusError(
            f"got --scale {scale} and --all, which takes all studies at all their scales. Leave "
            "one of them out"
        )
    if not every and study is None:
        raise ParibusError(
            "got no study: give one STUDY, or --all for all studies of the lab. "
            "`paribus status` shows which there are"
        )
    return study


def asked_format(format_: str | None, output: Path | None, as_json: bool) -> str | None:
    """In which format a table is wanted, as --output ends where it is not said; None for people.

    Raises `UnknownNameError` for a format that there is not, `ParibusError` for options that
    exclude each other.
    """
    if as_json and (format_ is not None or output is not None):
        other = "--output" if format_ is None else f"--format {format_}"
        raise ParibusError(f"got --json and {other}: --json is a format, and goes to stdout")
    if format_ is None and output is None:
        return None
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    asked = _SUFFIXES.get(suffix, suffix) if format_ is None else format_
    if not asked and format_ is None:
        raise ParibusError(
            f"got --output {output}, whose name does not end in a format: end it in .md, .tex or "
            f".csv, or give --format {'|'.join(WRITERS)}"
        )
    if asked not in WRITERS:
        raise UnknownNameError("table format", asked, WRITERS)
    return asked


def found_in(study: str | None, scale: str | None, lab: Lab) -> Iterator[Found]:
    """The findings of one study of a lab, or of all; what cannot be judged is said on stderr."""
    if study is not None:
        results = stored_results(study, scale, lab)
        yield results.document, findings(results)
        return
    with Catalogue.open(lab, create=False) as catalogue:
        for judged in judge_all(catalogue):
            if judged.trouble:
                named = f"{judged.entry.name} ({judged.entry.scale})"
                typer.echo(printable(f"no verdicts on {named}: {judged.trouble}"), err=True)
            else:
                yield judged.entry.document, judged.findings


def finding_rows(found: Iterable[Found], every: bool) -> list[dict[str, Any]]:
    """Findings as the rows of `paribus findings --json`; of all studies, each with its study."""
    return [
        ({"study": document["name"], "scale": document["scale"]} if every else {})
        | finding_row(one)
        for document, of in found
        for one in of
    ]


def show_found(found: Iterable[Found], every: bool) -> None:
    """Findings for people; of all studies, each study under its name."""
    out = console()
    for document, of in found:
        if every:
            out.print(f"{document['name']} ({document['scale']}): {document['question']}")
        show_findings(of)
        if every:
            out.print()


def findings_as(format_: str, found: Iterable[Found]) -> str:
    """Findings as Markdown, LaTeX or CSV."""
    laid_out = grids.findings_to_compute if format_ == "csv" else grids.findings_to_read
    return WRITERS[format_]([laid_out(document, of) for document, of in found])


def table_as(format_: str, document: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Means as Markdown, LaTeX or CSV."""
    if format_ == "csv":
        return WRITERS[format_]([grids.means_to_compute(rows)])
    return WRITERS[format_]([grids.means_to_read(document, rows)])


def put(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file and prints its path."""
    if output is None:
        # For a file or a program that reads it, it is as it is.
        typer.echo(printable(text) if sys.stdout.isatty() else text, nl=False)
    else:
        typer.echo(write_whole(output, text))


def write_collection_of(lab: Lab, output: Path | None) -> Path:
    """Writes the page of all studies of a lab, by default into the lab; gives its path."""
    with Catalogue.open(lab, create=False) as catalogue:
        return write_collection(catalogue, output or folder_of(lab) / "reports" / "collection")
