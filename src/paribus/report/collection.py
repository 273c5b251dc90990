"""The collection: every claim of all studies of a lab with its verdict, on one page.

Studies are read one after the other, and of each only what the page shows is kept, so that a lab
of many studies needs no more memory than its largest one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from markupsafe import Markup

from paribus.claims.assessment import Verdict
from paribus.claims.findings import Finding, findings
from paribus.design.differences import between
from paribus.errors import ParibusError
from paribus.outgoing import file_name, legible
from paribus.report.estimates import (
    confidence_of,
    count_text,
    estimate_text,
    interval_text,
)
from paribus.report.files import write_whole
from paribus.report.pages import environment, packaged, policy
from paribus.results.load import load_results
from paribus.results.tidy import StudyResults
from paribus.store.catalogue import Catalogue
from paribus.store.records import StudyEntry

PAGE = "collection.html"
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Judged:
    """A study with what became of its claims, or with why (`trouble`) that cannot be said.

    `stored` runs of `planned` ones are in the lab, `diverged` among them; 0 where there is
    trouble.
    """

    entry: StudyEntry
    findings: tuple[Finding, ...] = ()
    stored: int = 0
    planned: int = 0
    diverged: int = 0
    trouble: str = ""


@dataclass(frozen=True)
class ClaimLine:
    """A claim as the page shows it; `estimate` and `interval` are of the deciding comparison.

    `marks` say whether it was registered, whether it is ours, and whether anything confounds it.
    """

    sentence: str
    verdict: Verdict
    estimate: str
    interval: str
    n: str
    marks: tuple[str, ...]
    why: str
    notes: tuple[str, ...]
    confounds: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """A study as the page shows it.

    `facts` are its scale, replicates, runs and registration in words. `link` leads to the study's
    own report, where that is beside the page. `trouble` says why its `declared` claims have no
    verdicts.
    """

    name: str
    scale: str
    report: str
    source: str
    question: str
    facts: tuple[str, ...]
    confidence: str
    declared: int
    claims: tuple[ClaimLine, ...]
    link: str | None
    trouble: str


def judge_all(catalogue: Catalogue) -> Iterator[Judged]:
    """Every study of a lab, by report and then by name, with its findings.

    They are read one by one, as they are asked for. A study of which no run is stored, or whose
    runs are damaged, comes with its trouble and does not stop the others.
    """
    for entry in sorted(catalogue.studies(), key=_by_report):
        try:
            yield _judged(entry, load_results(catalogue, entry.name, entry.scale))
        except ParibusError as error:
            yield Judged(entry, trouble=str(error))


def write_collection(catalogue: Catalogue, folder: Path) -> Path:
    """Write the page of all studies of a lab to a folder; its path.

    A study is linked to its own report where that is in the folder `NAME-SCALE` beside this one.
    Raises `ParibusError` where the folder cannot be written.
    """
    chapters = [chapter(judged, folder.parent) for judged in judge_all(catalogue)]
    return write_whole(folder / PAGE, render_collection(chapters))


def chapter(judged: Judged, reports: Path) -> Chapter:
    """What the page shows of a study; `reports` is where its own report would be."""
    document = judged.entry.document
    name, scale = judged.entry.name, judged.entry.scale
    home = file_name(name, scale)
    there = (reports / home / "report.html").is_file()
    return Chapter(
        name=name,
        scale=scale,
        report=document.get("report", ""),
        source=document.get("source", ""),
        question=document["question"],
        facts=tuple(_facts(judged)),
        confidence=confidence_of(document),
        declared=len(document.get("claims") or []),
        claims=tuple(_line(one, document.get("differences")) for one in judged.findings),
        link=f"../{quote(home)}/report.html" if there else None,
        trouble=judged.trouble,
    )


def render_collection(chapters: Sequence[Chapter]) -> str:
    """The page: counts of verdicts, the rule by which they are made, and a table per report.

    It may load nothing and holds no script. Home folders are written `~`.
    """
    groups = [
        {"report": report, "sources": list(_sources(among)), "chapters": among}
        for report, found in groupby(map(_as_shown, chapters), key=lambda one: one["report"])
        for among in [list(found)]
    ]
    return (
        environment()
        .get_template("collection.html")
        .render(
            **legible(
                {
                    "groups": groups,
                    "studies": len(chapters),
                    "counts": _counts(line for one in chapters for line in one.claims),
                    "unjudged": sum(one.declared for one in chapters if one.trouble),
                    "levels": sorted({one.confidence for one in chapters}) or ["95"],
                    "exploratory": any(
                        "exploratory" in line.marks for one in chapters for line in one.claims
                    ),
                }
            ),
            style=Markup(packaged("report.css") + packaged("collection.css")),
            policy=policy(),
        )
    )


def _by_report(entry: StudyEntry) -> tuple[bool, str]:
    report = entry.document.get("report", "")
    return not report, report


def _judged(entry: StudyEntry, results: StudyResults) -> Judged:
    return Judged(
        entry=entry,
        findings=tuple(findings(results)),
        stored=len(results.runs),
        planned=len(results.runs) + len(results.missing),
        diverged=int((results.runs["status"] == "diverged").sum()),
    )


def _facts(judged: Judged) -> Iterator[str]:
    document = judged.entry.document
    replicates, registration = document["replicates"], document.get("registration")
    yield f"scale {judged.entry.scale}"
    yield f"{replicates} replicate{'' if replicates == 1 else 's'} planned"
    if not judged.trouble:
        told = f", {judged.diverged} of them diverged" if judged.diverged else ""
        yield f"{judged.stored:,} of {judged.planned:,} runs stored{told}"
    if registration:
        ahead = " ahead of its runs" if registration.get("ahead") else ""
        yield f"registered {registration['at'][:10]}{ahead}"


def _line(finding: Finding, differences: Mapping[str, Any] | None) -> ClaimLine:
    unit = finding.told_in
    notes = dict.fromkeys(note for link in finding.links for note in link.notes)
    confounds = () if differences is None else tuple(_confounds(finding, differences))
    marks = (
        ("registered", finding.registered),
        ("exploratory", not finding.registered),
        ("ours", finding.ours),
        ("confounded", bool(confounds)),
    )
    return ClaimLine(
        sentence=finding.claim,
        verdict=finding.verdict,
        estimate=estimate_text(finding.estimate, unit),
        interval=interval_text(finding.low, finding.high, unit),
        n=count_text(finding),
        marks=tuple(mark for mark, holds in marks if holds),
        why=finding.why,
        notes=tuple(notes),
        confounds=confounds,
    )


def _confounds(finding: Finding, differences: Mapping[str, Any]) -> dict[str, None]:
    """What else differs between conditions that the claim compares, each once."""
    pairs = [pair for link in finding.links for pair in pairwise(link.conditions)]
    return dict.fromkeys(one for pair in pairs for one in between(differences, *pair))


def _as_shown(one: Chapter) -> dict[str, Any]:
    lines = [vars(line) for line in one.claims]
    return vars(one) | {"claims": lines, "counts": _counts(one.claims)}


def _counts(lines: Iterable[ClaimLine]) -> dict[str, int]:
    """How many claims have which verdict, in the order in which verdicts are always told."""
    counted = Counter(line.verdict for line in lines)
    return {verdict: counted[verdict] for verdict in VERDICTS}


def _sources(chapters: Iterable[Mapping[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(one["source"] for one in chapters if one["source"])
