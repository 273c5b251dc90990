"""The report: one HTML file that holds all it needs and opens without a network."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from paribus.report.columns import report_table
from paribus.report.declared import exhibits
from paribus.report.exhibits import Absent, Exhibit, Sheet
from paribus.report.figures import VEGA_LITE, Figure, page_specs
from paribus.report.origin import (
    differing,
    example_counts,
    origin_terms,
    repeated_examples,
    time_terms,
)
from paribus.report.privacy import without_home
from paribus.report.quantities import quantity
from paribus.report.recipe import factor_rows, phrase, recipe_terms
from paribus.report.summary import summary
from paribus.results.table import metric_names, table
from paribus.results.tidy import StudyResults

_DEFAULTS = {"description": "", "source": "", "notes": [], "command": ""}
_PARTS = {"final": "final", "parameters": "final", "curve": "curves", "layers": "layers"}


def render(results: StudyResults, shown: Sequence[Exhibit] | None = None) -> str:
    """The report of a study as one HTML page, from its stored results alone.

    `shown` are those of `exhibits(results)`, made here where not given. The page may load
    nothing: its content security policy forbids every request, and of scripts allows only the two
    that it holds (the chart library and the page's own), named by their hashes. Home folders are
    written `~`.
    """
    shown = exhibits(results) if shown is None else shown
    bundle, script = chart_library(), _packaged("report.js")
    declared = bool(results.document.get("figures"))
    content = without_home(_content(results)) | {
        "shown": without_home([_exhibit(one, declared) for one in shown])
    }
    specs = {one.name: _drawing(one) for one in shown if isinstance(one, Figure)}
    return (
        _environment()
        .get_template("report.html")
        .render(
            **content,
            specs=script_json(without_home(specs)),
            bundle=Markup(bundle),  # ours and the chart library's, not a user's
            script=Markup(script),
            style=Markup(_packaged("report.css")),
            policy=_policy(bundle, script),
        )
    )


@cache
def chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script (0.9 MB; about a second to make)."""
    # A carriage return would be read as a line feed, and the script's hash would not fit.
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE).replace(
        "\r", ""
    )


def script_json(value: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it closes the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _content(results: StudyResults) -> dict[str, Any]:
    document = results.document
    primary = document["primary"]
    rows = table(results, (primary,)) if primary in metric_names(results) else []
    counts = sorted({row["n"] for row in rows}) or [0]
    return {
        "document": _DEFAULTS | dict(document),
        "primary": quantity(primary).name,
        "summary": summary(results, rows),
        "expected": [
            one["sentence"] + (" (ours)" if one.get("ours") else "")
            for one in document.get("claims") or []
        ],
        "analyses": [phrase(one) for one in document.get("analyses") or []],
        "table": _as_json(report_table(results)),
        "counts": " to ".join(dict.fromkeys([str(counts[0]), str(counts[-1])])),
        "recipe": [_as_json(term) for term in recipe_terms(results)],
        "levels": factor_rows(results),
        "examples": example_counts(results),
        "repeated": repeated_examples(results),
        "validation": any(name.startswith("validation/") for name in metric_names(results)),
        "time": [_as_json(term) for term in time_terms(results)],
        "origin": [_as_json(term) for term in origin_terms(results)],
        "differing": differing(results),
        "stored": len(results.runs),
        "planned": len(results.runs) + len(results.missing),
    }


def _as_json(value: Any) -> Any:
    """A frozen dataclass, and those within it, as plain values."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _as_json(getattr(value, name)) for name in value.__dataclass_fields__}
    return [_as_json(one) for one in value] if isinstance(value, tuple) else value


def _exhibit(shown: Exhibit, declared: bool) -> dict[str, Any]:
    """What the template needs of a figure, a table or what is absent; `part` is its section."""
    if isinstance(shown, Absent):
        return {"kind": "absent", "part": "declared"} | _as_json(shown)
    if isinstance(shown, Sheet):
        return {"kind": "sheet", "part": "declared"} | _as_json(shown)
    part = _PARTS.get(shown.name.partition("-")[0], "confusion")
    return _figure(shown) | {"kind": "figure", "part": "declared" if declared else part}


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
        "key": [_as_json(one) for one in figure.key],
        "epochs": list(figure.epochs),
        "folded": figure.folded,
    }


def _drawing(figure: Figure) -> Mapping[str, Any]:
    data = {name: [dict(row) for row in rows] for name, rows in figure.data.items()}
    return {"datasets": data, "panels": page_specs(figure)}


def _policy(*scripts: str) -> str:
    """A content security policy that allows these scripts, inline styles, and no request."""
    hashes = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("paribus.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _packaged(name: str) -> str:
    return files("paribus.report").joinpath("templates", name).read_text("utf-8")
