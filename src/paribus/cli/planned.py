"""A plan as `paribus plan` prints it: for people, the ends of a long one; as JSON, all of it."""

import json
from collections.abc import Iterator

from paribus.cli.display import TextTable, console
from paribus.cli.words import duration, plural, size
from paribus.design.differences import sentences
from paribus.study.estimate import Estimate
from paribus.study.plan import Plan, PlannedRun, by_recipe

MOST_CONDITIONS = 60
"""Up to so many conditions each has a line."""
ENDS = 10
"""So many of the first, and of the last, have a line where there are more."""


def show_plan(plan: Plan, found: Estimate) -> None:
    """Conditions with their parameters, then what is to be trained and what it will take."""
    out = console()
    factors = [factor.name for factor in plan.study.factors]
    table = TextTable(
        *factors, "replicates", "parameters", "steps per run", numbers=("parameters",)
    )
    conditions = list(_by_condition(plan).items())
    left_out = len(conditions) - 2 * ENDS if len(conditions) > MOST_CONDITIONS else 0
    for labels, runs in conditions[:ENDS] if left_out else conditions:
        table.add_row(*_cells(labels, runs))
    if left_out:
        table.add_row(*["..."] * (len(factors) + 3))
        for labels, runs in conditions[-ENDS:]:
            table.add_row(*_cells(labels, runs))
    out.print(table)
    if left_out:
        out.print(
            f"{left_out:,} of {plural(len(conditions), 'condition')} are not shown; "
            "`paribus plan --json` has all"
        )
    for line in _lines(plan, found):
        out.print(line, soft_wrap=True)


def json_parts(plan: Plan) -> Iterator[str]:
    """The plan as JSON, in pieces: the text of a hundred thousand runs is never there whole."""
    document = plan.as_json()
    opening = "{"
    for name, value in document.items():
        yield f"{opening}{json.dumps(name)}: "
        opening = ", "
        if isinstance(value, list) and value:
            yield "["
            for place, one in enumerate(value):
                yield (", " if place else "") + json.dumps(one, allow_nan=False)
            yield "]"
        else:
            yield json.dumps(value, allow_nan=False)
    yield "}\n"


def _cells(labels: tuple[str, ...], runs: list[PlannedRun]) -> list[str]:
    first = runs[0]
    sizes = ["n/a" if size is None else f"{size:,}" for size in (first.parameters, first.steps)]
    return [*labels, str(len(runs)), *sizes]


def _lines(plan: Plan, found: Estimate) -> Iterator[str]:
    time = "unknown" if found.seconds is None else duration(found.seconds)
    time = f"about {time}" if time[0].isdigit() else time
    grouped = plural(len(plan.cohorts), plan.study.apparatus.grouped)
    yield (
        f"{plural(len(plan.runs), 'run')} in {grouped}: "
        f"{found.to_train:,} to train, {found.stored:,} already in the lab"
    )
    steps = "" if found.model_steps is None else f"; {found.model_steps:,} optimizer steps in all"
    yield f"time: {time} ({found.basis}){steps}"
    if found.stored_bytes is not None and found.memory_bytes is not None:
        yield f"bytes: {size(found.stored_bytes)} in the lab, {size(found.memory_bytes)} in memory"
    differences = plan.study.differences
    for sentence in sentences(differences["consequences"]):
        yield f"consequence: {sentence}"
    for sentence in sentences(differences["confounds"]):
        yield f"confound: {sentence}"
    if plan.study.factors and not differences["confounds"]:
        yield "confounds: none found"
    for notice in plan.notices():
        yield f"note: {notice}"


def _by_condition(plan: Plan) -> dict[tuple[str, ...], list[PlannedRun]]:
    found: dict[tuple[str, ...], list[PlannedRun]] = {}
    for runs in by_recipe(plan.runs):
        found.setdefault(tuple(runs[0].condition.values()), []).extend(runs)
    return found
