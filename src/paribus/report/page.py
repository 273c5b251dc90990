"""The report: one HTML file that holds all it needs and opens without a network."""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from paribus.outgoing import legible
from paribus.report.columns import report_table
from paribus.report.contents import Contents, contents
from paribus.report.exhibits import Absent, Exhibit
from paribus.report.figures import Figure, page_specs
from paribus.report.findings import else_differing, told_findings
from paribus.report.finite import spread_of_accuracy
from paribus.report.library import chart_library
from paribus.report.origin import (
    differing,
    example_counts,
    origin_terms,
    repeated_examples,
    time_terms,
)
from paribus.report.pages import environment, packaged, policy
from paribus.report.recipe import factor_rows, phrase, recipe_terms
from paribus.report.summary import summary
from paribus.results.table import metric_names, table
from paribus.results.tidy import StudyResults

_DEFAULTS = {"description": "", "source": "", "notes": [], "command": "", "trainer": None}
_PARTS = {"final": "final", "parameters": "final", "curve": "curves", "layers": "layers"}


def render(results: StudyResults, shown: Contents | None = None) -> str:
    """The report of a study as one HTML page, from its stored results alone.

    `shown` is `contents(results)`, made here where not given. The page may load nothing: its
    content security policy forbids every request, and of scripts allows only the two that it
    holds (the chart library and the page's own), named by their hashes. Home folders are written
    `~`.
    """
    shown = contents(results) if shown is None else shown
    bundle, script = chart_library(), packaged("charts.js") + packaged("report.js")
    content = legible(
        page_content(results)
        | {
            "findings": as_json(told_findings(shown.found, results.document)),
            "comparisons": [exhibit_content(one, "findings") for one in shown.comparisons],
            "shown": exhibit_contents(results, shown),
        }
    )
    specs = {one.name: drawing(one) for one in shown.figures}
    return (
        environment()
        .get_template("report.html")
        .render(
            **content,
            specs=script_json(legible(specs)),
            bundle=Markup(bundle),  # ours and the chart library's, not a user's
            script=Markup(script),
            style=Markup(packaged("report.css")),
            policy=policy(bundle, script),
        )
    )


def script_json(value: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it closes the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def page_content(results: StudyResults) -> dict[str, Any]:
    """What the template says of a study besides its findings and exhibits, JSON-ready."""
    document = results.document
    primary = document["primary"]
    rows = table(results, (primary,)) if primary in metric_names(results) else []
    counts = sorted({row["n"] for row in rows}) or [0]
    return {
        "document": _DEFAULTS | dict(document),
        "summary": summary(results, rows),
        "differences": else_differing(document),
        "test_set": as_json(spread_of_accuracy(results)),
        "analyses": [phrase(one) for one in document.get("analyses") or []],
        "table": as_json(report_table(results)),
        "counts": " to ".join(dict.fromkeys([str(counts[0]), str(counts[-1])])),
        "recipe": [as_json(term) for term in recipe_terms(results)],
        "levels": factor_rows(results),
        "examples": example_counts(results),
        "repeated": repeated_examples(results),
        "validation": any(name.startswith("validation/") for name in metric_names(results)),
        "time": [as_json(term) for term in time_terms(results)],
        "origin": [as_json(term) for term in origin_terms(results)],
        "differing": differing(results),
        "stored": len(results.runs),
        "planned": len(results.runs) + len(results.missing),
    }


def as_json(value: Any) -> Any:
    """A frozen dataclass, and those within it, as plain values."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: as_json(getattr(value, name)) for name in value.__dataclass_fields__}
    return [as_json(one) for one in value] if isinstance(value, tuple) else value


def exhibit_contents(results: StudyResults, shown: Contents) -> list[dict[str, Any]]:
    """Exhibits under their sections: those declared are one, others go by what they show."""
    declared = bool(results.document.get("figures"))
    return [
        exhibit_content(one, _PARTS.get(one.name.partition("-")[0], "confusion"))
        if isinstance(one, Figure) and not declared
        else exhibit_content(one, "declared")
        for one in shown.exhibits
    ]


def exhibit_content(shown: Exhibit, part: str) -> dict[str, Any]:
    """What the template needs of a figure, a table or what is absent; `part` is its section."""
    if isinstance(shown, Figure):
        return _figure(shown) | {"kind": "figure", "part": part}
    kind = "absent" if isinstance(shown, Absent) else "sheet"
    return {"kind": kind, "part": part} | as_json(shown)


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "title": figure.title,
        "note": figure.note,
        "panels": len(figure.panels),
        "group": figure.group,
        "legend": [
            {"label": one.label, "colour": one.colour, "dash": " ".join(map(str, one.dash))}
            for one in figure.series
        ],
        "legend_title": figure.legend,
        "key": [as_json(one) for one in figure.key],
        "epochs": list(figure.epochs),
        "folded": figure.folded,
    }


def drawing(figure: Figure) -> Mapping[str, Any]:
    """What the page's script draws a figure from: its data sets, and a specification per panel."""
    data = {name: [dict(row) for row in rows] for name, rows in figure.data.items()}
    return {"datasets": data, "panels": page_specs(figure)}
