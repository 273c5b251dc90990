"""The page of one study: its report, with what is live before it and its runs after it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from paribus.outgoing import legible
from paribus.report.figures import Figure
from paribus.report.findings import told_findings
from paribus.report.page import (
    as_json,
    drawing,
    exhibit_content,
    exhibit_contents,
    page_content,
)
from paribus.results.tidy import condition_label
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.store.records import Member
from paribus.ui.comparison import side_by_side
from paribus.ui.downloads import tables_of
from paribus.ui.pages import Exact, address, metric_choices, render
from paribus.ui.part import figures_of, part_of
from paribus.ui.shelf import Held
from paribus.ui.view import View, conditions_of, levels_of, passing

RUNS = 100
"""So many runs are listed on a page."""


def study_page(held: Held, view: View, lab: Lab) -> str:
    """The page of a study, as its address asks for it, with `STATUS` where how far it is goes."""
    entry = held.entry
    with Catalogue.open(lab, create=False, upgrade=False) as catalogue:
        runs = _runs(held, view, catalogue)
        compared = _compared(held, view, catalogue)
    common = {
        "study": {"name": entry.name, "scale": entry.scale},
        "base": Exact(address((entry.name, entry.scale))),
        "version": held.version,
        "view": {
            "metric": Exact(view.metric or entry.document["primary"]),
            "query": view.query(),
        },
        "metrics": metric_choices(held.metrics),
        "factors": _choices(held, view),
        "conditions": _conditions(held, view),
        "chosen": [exhibit_content(one, "chosen") for one in chosen_figures(held, view)],
        "compared": compared,
        "runs": runs,
        "tables": tables_of(held),
        "pictures": [{"name": one.name, "title": one.title} for one in held.contents.figures],
    }
    if held.results is None:
        return render("waiting.html", common | {"document": _plan(entry.document)})
    report = page_content(held.results) | {
        "findings": as_json(told_findings(held.found, entry.document)),
        "comparisons": [exhibit_content(one, "findings") for one in held.contents.comparisons],
        "shown": exhibit_contents(held.results, held.contents),
    }
    return render("study.html", report | common)


def charts_json(held: Held, view: View) -> str:
    """What the page's script draws all figures of that page from."""
    return json.dumps(
        legible({one.name: drawing(one) for one in all_figures(held, view)}),
        separators=(",", ":"),
        allow_nan=False,
    )


def all_figures(held: Held, view: View) -> list[Figure]:
    """Every figure of the page of a study."""
    return [*chosen_figures(held, view), *compared_figures(held, view), *held.contents.figures]


def chosen_figures(held: Held, view: View) -> Sequence[Figure]:
    """The figures of the metric and the conditions that were chosen."""
    return _figures(held, view.metric, passing(conditions_of(held), view.only), "chosen")


def compared_figures(held: Held, view: View) -> Sequence[Figure]:
    """The figures of the conditions that are compared."""
    return _figures(held, view.metric, _chosen(held, view), "compared")


def _figures(
    held: Held, metric: str, conditions: Sequence[Mapping[str, str]], prefix: str
) -> Sequence[Figure]:
    results = held.results
    if results is None or not held.metrics or not conditions:
        return []
    shown = metric or held.metrics[0]
    return held.figures(
        (shown, tuple(map(condition_label, conditions)), prefix),
        lambda: figures_of(part_of(results, conditions), shown, prefix),
    )


def _chosen(held: Held, view: View) -> list[Mapping[str, str]]:
    return [one for one in conditions_of(held) if condition_label(one) in view.compare]


def _compared(held: Held, view: View, catalogue: Catalogue) -> dict[str, Any] | None:
    if held.results is None or not view.compare:
        return None
    chosen = _chosen(held, view)
    keys = {key: condition_label(one) for one in chosen for key in held.results.keys_of(one)[:1]}
    recipes: dict[str, Mapping[str, Any]] = {}
    for run in catalogue.summaries(keys):
        recipes |= {
            condition_label(one): run.recipe
            for one in chosen
            if run.key in held.results.keys_of(one)[:1]
        }
    sheet = side_by_side(part_of(held.results, chosen), recipes)
    figures = compared_figures(held, view)
    return {
        "sheet": exhibit_content(sheet, "compared"),
        "figures": [exhibit_content(one, "compared") for one in figures],
        "without": view.query(compare=()),
    }


def _choices(held: Held, view: View) -> list[dict[str, Any]]:
    return [
        {
            "name": factor,
            "levels": [
                {"value": Exact(value), "label": label, "checked": value in view.only}
                for value, label in levels.items()
            ],
        }
        for factor, levels in levels_of(held).items()
        if len(levels) > 1
    ]


def _conditions(held: Held, view: View) -> list[dict[str, Any]]:
    labels = [condition_label(one) for one in passing(conditions_of(held), view.only)]
    shown = dict.fromkeys([*labels, *view.compare])
    return [{"value": Exact(one), "label": one, "checked": one in view.compare} for one in shown]


def _runs(held: Held, view: View, catalogue: Catalogue) -> dict[str, Any]:
    members = held.entry.members
    pages = max(1, -(-len(members) // RUNS))
    page = min(view.page, pages)
    listed = members[(page - 1) * RUNS : page * RUNS]
    keys = [member.key for member in listed]
    status = {run.key: run.status for run in catalogue.summaries(keys)}
    failed = catalogue.failures(keys)
    study = (held.entry.name, held.entry.scale)
    return {
        "rows": [
            {
                "labels": list(member.condition.values()) or [condition_label({})],
                "replicate": member.replicate,
                "key": member.key,
                "href": Exact(address(study, "runs", member.key)),
                "status": _status(member, status, failed),
            }
            for member in listed
        ],
        "factors": [factor["name"] for factor in held.entry.document["factors"]] or ["condition"],
        "first": (page - 1) * RUNS + 1,
        "last": (page - 1) * RUNS + len(listed),
        "count": len(members),
        "before": view.query(page=page - 1) if page > 1 else None,
        "after": view.query(page=page + 1) if page < pages else None,
    }


def _status(member: Member, status: Mapping[str, str], failed: Mapping[str, str]) -> str:
    return status.get(member.key) or ("failed" if member.key in failed else "not trained yet")


def _plan(document: Mapping[str, Any]) -> dict[str, Any]:
    plain = {"description": "", "source": "", "notes": []}
    return plain | {
        name: document[name] for name in (*plain, "name", "scale", "question") if name in document
    }


def figure_named(figures: Sequence[Figure], name: str, epoch: int | None) -> Figure | None:
    """The figure of this name, up to an epoch where its slider stands at one."""
    found = next((one for one in figures if one.name == name), None)
    if found is None or epoch not in found.epochs:
        return found
    return replace(found, epochs=found.epochs[: found.epochs.index(epoch) + 1])
