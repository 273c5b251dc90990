"""How studies, plans, results and findings look in a notebook: the report's parts, as fragments.

A fragment is HTML that holds its style, runs no script and asks for nothing. Colours are those of
the text around it, so that it reads in light and dark themes alike. All that comes from a study is
text, and is escaped.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from paribus.claims.findings import Finding
from paribus.outgoing import legible
from paribus.report.columns import report_table
from paribus.report.exhibits import Cell, Sheet
from paribus.report.findings import else_differing, told_findings
from paribus.report.page import as_json
from paribus.report.pages import environment, packaged
from paribus.report.recipe import factor_rows, recipe_terms
from paribus.report.summary import summary
from paribus.results.table import metric_names, table
from paribus.results.tidy import StudyResults, tidy
from paribus.store.records import StudyEntry

MOST_CONDITIONS = 40
"""Rows of a plan's table; of more conditions the first are shown, and it is said so."""


def study_html(document: Mapping[str, Any], conditions: int, scales: Sequence[str]) -> str:
    """A study as it is declared at one of its scales; `document` is what would be stored."""
    plain = _unstored(document)
    replicates = document["replicates"]
    return _fragment(
        "study",
        document,
        scales=list(scales),
        size=f"{_counted(conditions, 'condition')} in {_counted(replicates, 'replicate')}: "
        f"{_counted(conditions * replicates, 'run')}",
        levels=factor_rows(plain),
        recipe=[as_json(term) for term in recipe_terms(plain)],
        claims=[claim["sentence"] for claim in document.get("claims") or []],
        differences=else_differing(document),
    )


def plan_html(
    document: Mapping[str, Any], lines: Sequence[tuple[str, ...]], said: Sequence[str]
) -> str:
    """A plan.

    `lines` have a condition's labels and then its runs, parameters and steps of a run; `said` is
    what there is to say of the plan, in sentences.
    """
    factors = [factor["name"] for factor in document["factors"]] or ["condition"]
    left_out = len(lines) - MOST_CONDITIONS
    rows = [tuple(map(Cell, line)) for line in lines[:MOST_CONDITIONS]]
    note = f"The first {MOST_CONDITIONS}; {left_out} more are not shown." if left_out > 0 else ""
    sheet = Sheet(
        name="plan",
        title="Conditions",
        note=note,
        heads=(*factors, "runs", "parameters", "steps of a run"),
        rows=tuple(rows),
        labels=len(factors),
    )
    return _fragment(
        "plan",
        document,
        said=list(said),
        sheet=as_json(sheet),
        differences=else_differing(document),
    )


def results_html(results: StudyResults) -> str:
    """What is stored of a study: its means in the report's table, and what is missing."""
    primary = results.document["primary"]
    rows = table(results, (primary,)) if primary in metric_names(results) else []
    return _fragment(
        "results",
        results.document,
        summary=summary(results, rows),
        table=as_json(report_table(results)),
        stored=len(results.runs),
        planned=len(results.runs) + len(results.missing),
    )


def findings_html(found: Sequence[Finding], document: Mapping[str, Any]) -> str:
    """What became of the claims of a study, as its report tells it."""
    return _fragment("findings", document, findings=as_json(told_findings(found, document)))


def _unstored(document: Mapping[str, Any]) -> StudyResults:
    """A study of which nothing is trained."""
    return tidy(StudyEntry(document["name"], document["scale"], document, ()), ())


def _fragment(kind: str, document: Mapping[str, Any], **content: Any) -> str:
    head = {name: document[name] for name in ("name", "scale", "question")}
    shown = legible({"kind": kind, **head, **content})
    style = Markup(packaged("notebook.css"))  # ours, not a user's
    text = environment().get_template("notebook.html").render(**shown, style=style)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
