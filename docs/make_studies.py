"""Writes `docs/studies/`: a page per built-in study, and their index by report.

All of it comes from the studies' declarations, so that it cannot drift (a test compares), but for
how long they take, which is measured and stands in `docs/studies/durations.json`. It needs neither
data files nor a network. `make docs` runs it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paribus import studies
from paribus.cli.words import duration
from paribus.data.base import Source
from paribus.design.adaptive import Scan, Tuned
from paribus.design.differences import sentences
from paribus.design.factor import Factor
from paribus.design.grid import conditions
from paribus.spec import Spec
from paribus.study.plan import Plan, make_plan
from paribus.study.scaled import Reported, ScaledStudy
from paribus.study.study import Study

FOLDER = Path(__file__).parent / "studies"
DURATIONS = "durations.json"
INDEX = "README.md"
HEAD = "<!-- Written by docs/make_studies.py from the study's declaration: `make docs`. -->\n"
LEAST_REPEATED = 3
"""Equal widths in a row from which on they are shown as a product."""


def main() -> None:
    """Writes every page, and removes pages of studies that are no more."""
    durations = json.loads((FOLDER / DURATIONS).read_text(encoding="utf-8"))
    found = pages(durations)
    for page in FOLDER.glob("*.md"):
        if page.name not in found:
            page.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages(durations: Mapping[str, Any], chosen: Sequence[Study] = studies.ALL) -> dict[str, str]:
    """The text of every page, by its file's name.

    `durations` has a sentence `machine`, and `seconds` by study and scale.
    """
    with TemporaryDirectory() as nothing:
        source = Source(Path(nothing))
        plans = {
            study.name: {scale: make_plan(study.at(scale), source) for scale in study.scale_names}
            for study in chosen
        }
    written = {
        f"{study.name}.md": "\n".join(_page(study, plans[study.name], durations)) + "\n"
        for study in chosen
    }
    return written | {INDEX: "\n".join(_index(chosen)) + "\n"}


def _index(chosen: Sequence[Study]) -> Iterator[str]:
    yield HEAD
    yield "# The built-in studies"
    yield ""
    yield "What they gave is in [results](../results.md)."
    for report, members in groupby(chosen, key=lambda study: study.report):
        yield f"\n## Report {report}\n"
        yield "| study | asks | varies |"
        yield "|---|---|---|"
        for study in members:
            varied = ", ".join(factor.name for factor in study.at(study.scale_names[-1]).factors)
            yield f"| [{study.name}]({study.name}.md) | {study.question} | {varied or 'nothing'} |"


def _page(study: Study, plans: Mapping[str, Plan], durations: Mapping[str, Any]) -> Iterator[str]:
    full = plans[study.scale_names[-1]].study
    yield HEAD
    yield f"# {study.name}"
    yield f"\n*{study.question}*"
    yield f"\n{study.description}"
    yield f"\n{study.source}"
    yield from _varied(plans)
    yield from _differing(full)
    yield from _recipe(plans)
    yield from _sizes(study.name, plans, durations)
    yield from _measured(full)
    yield from _expected(full)
    yield from _reported({scale: plan.study for scale, plan in plans.items()})
    yield from _notes(full)
    yield from _running(study, full)


def _varied(plans: Mapping[str, Plan]) -> Iterator[str]:
    yield "\n## What varies\n"
    *_, full = plans.values()
    for factor in full.study.factors:
        yield from _levels(factor)
    if not full.study.factors:
        yield "Nothing: one recipe, repeated."
    yield from _design(full.study)
    for scale, plan in plans.items():
        fewer = list(_other_levels(plan.study, full.study))
        if fewer:
            yield f"\nAt scale `{scale}`: {'; '.join(fewer)}."


def _differing(study: ScaledStudy) -> Iterator[str]:
    found = study.differences
    if not found["confounds"] and not found["consequences"]:
        return
    yield "\n## What differs with it\n"
    if found["confounds"]:
        yield "Beyond what is varied ([confounds](../confounds.md)):\n"
        yield from (f"- {one}" for one in sentences(found["confounds"]))
    if found["consequences"]:
        gap = "\n" if found["confounds"] else ""
        yield f"{gap}As a consequence of what is varied:\n"
        yield from (f"- {one}" for one in sentences(found["consequences"]))


def _levels(factor: Factor) -> Iterator[str]:
    """In one line where each level is a value of one field, else a line for each."""
    paths = {tuple(fields) for fields in factor.sets.values()}
    path = next(iter(paths))
    networks = any(
        isinstance(one, Spec) for fields in factor.sets.values() for one in fields.values()
    )
    if len(paths) > 1 or len(path) != 1 or networks:
        yield f"- **{factor.name}**:"
        for label, fields in factor.sets.items():
            set_to = ", ".join(f"`{name}={shown(value)}`" for name, value in fields.items())
            yield f"  - {label}: {set_to or 'the recipe as it is'}"
        return
    values = {label: fields[path[0]] for label, fields in factor.sets.items()}
    plain = all(str(value) == label for label, value in values.items())
    named = [label if plain else f"{label} `{shown(value)}`" for label, value in values.items()]
    yield f"- **{factor.name}** (`{path[0]}`): {', '.join(named)}"


def _design(study: ScaledStudy) -> Iterator[str]:
    match study.design:
        case Scan() as scan:
            yield (
                f"\nA [scan](../recipe.md#scan) over {scan.factor}: level after level, until one "
                "at which training stalls."
            )
            if scan.remedies:
                yield f"There the levels of {scan.remedies} are tried."
        case Tuned() as tuned:
            yield (
                f"\nConditions are compared at their own best {tuned.factor}, "
                f"[chosen](../recipe.md#tuned) on {tuned.replicates} replicates by {tuned.metric}."
            )
        case "one at a time":
            yield "\nOne factor at a time, the others at their first level."
        case _ if len(study.factors) > 1:
            yield "\nAll combinations."
        case _:
            return


def _other_levels(study: ScaledStudy, full: ScaledStudy) -> Iterator[str]:
    known = {factor.name: factor for factor in full.factors}
    for factor in study.factors:
        if factor.name not in known:
            yield f"{factor.name} {', '.join(factor.labels)}"
        elif factor.labels != known[factor.name].labels:
            yield f"{factor.name} {', '.join(factor.labels)} only"
        elif factor.sets != known[factor.name].sets:
            yield f"{factor.name} with other values"


def _recipe(plans: Mapping[str, Plan]) -> Iterator[str]:
    yield "\n## Recipe\n"
    scales = {scale: plan.study for scale, plan in plans.items()}
    yield f"| field | {' | '.join(scales)} |"
    yield f"|---|{'---|' * len(scales)}"
    recipes = [study.recipe for study in scales.values()]
    for name, field in type(recipes[0]).model_fields.items():
        values = [getattr(recipe, name) for recipe in recipes]
        if not field.is_required() and all(value == field.default for value in values):
            continue
        yield f"| `{name}` | {' | '.join(f'`{shown(value)}`' for value in values)} |"
    yield ""
    yield "What a factor sets is replaced by its levels. All other [fields](../recipe.md#recipe)"
    yield "have their defaults."


def _sizes(name: str, plans: Mapping[str, Plan], durations: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## How large it is\n"
    yield "| scale | conditions | replicates | runs | parameters | optimizer steps | takes |"
    yield "|---|---|---|---|---|---|---|"
    taken = durations["seconds"].get(name, {})
    for scale, plan in plans.items():
        distinct = {run.key: run for run in plan.runs}.values()
        most = "at most " if isinstance(plan.study.design, Spec) else ""
        yield (
            f"| {scale} | {len(plan.study.resolved())} | {plan.study.replicates} "
            f"| {most}{len(distinct):,} | {_range({run.parameters for run in plan.runs})} "
            f"| {most}{sum(run.steps for run in distinct):,} | {_took(taken.get(scale))} |"
        )
    if taken:
        yield f"\nTimes are those of {durations['machine']}."


def _range(values: set[int]) -> str:
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _took(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not measured"
    return duration(found["seconds"]) + (f" ({found['of']})" if "of" in found else "")


def _measured(study: ScaledStudy) -> Iterator[str]:
    yield "\n## What is measured\n"
    yield (
        "- Loss"
        + (", accuracy, precision and recall" if study.recipe.data.facts().classification else "")
        + " of every split"
    )
    for probe in study.probes:
        names = ", ".join(f"`{name}`" for name in probe.axes)
        yield f"- [`{type(probe).__name__}`](../probes.md#{_anchor(probe)}): {names}"
    for analysis in study.analyses:
        link = f"../analyses.md#{_anchor(analysis)}"
        yield f"- of several runs, [`{type(analysis).__name__}`]({link}): `{analysis.name}/...`"
    if study.figures:
        yield "\nIts report shows:\n"
        plain = {"title": "", "remark": ""}
        yield from (f"- `{shown(figure.model_copy(update=plain))}`" for figure in study.figures)


def _anchor(declaration: Spec) -> str:
    return type(declaration).__name__.lower()


def _expected(study: ScaledStudy) -> Iterator[str]:
    if not study.claims:
        return
    yield "\n## What is expected\n"
    found = [one.labels for one in conditions(study.factors, study.grid)]
    for claim in study.claims:
        yield f"- {claim.sentence(found)}" + (" (*ours*)" if claim.ours else "")
    if all(claim.ours for claim in study.claims):
        yield "\nThe source claims none of it."
    elif any(claim.ours for claim in study.claims):
        yield "\nAll but those marked *ours* are the source's."


def _reported(scales: Mapping[str, ScaledStudy]) -> Iterator[str]:
    found = [(scale, one) for scale, study in scales.items() for one in _each(study.reported)]
    if not found:
        return
    yield "\n## What the source reported"
    for scale, reported in found:
        yield f"\n`{reported.metric}`, to be set beside scale `{scale}`. {reported.source}\n"
        yield "| condition | reported |"
        yield "|---|---|"
        for label, value in reported.values.items():
            yield f"| {label or 'all'} | {value} |"


def _each(reported: Reported | tuple[Reported, ...] | None) -> tuple[Reported, ...]:
    if reported is None:
        return ()
    return reported if isinstance(reported, tuple) else (reported,)


def _notes(study: ScaledStudy) -> Iterator[str]:
    if study.notes:
        yield "\n## Where it departs from its source\n"
        yield from (f"- {note}" for note in study.notes)


def _running(study: Study, full: ScaledStudy) -> Iterator[str]:
    yield "\n## How to run it\n"
    yield "```console"
    yield f"paribus run {study.name}"
    for scale in study.scale_names[1:]:
        yield f"paribus run {study.name} --scale {scale}"
    yield "```"
    sets = {type(recipe.data).__name__: recipe.data for _, recipe in full.resolved()}
    for name, data in sorted(sets.items()):
        if not data.PUBLISHED:
            yield f"\n{name} is to be [put into a data folder](../commands.md#data-folders) first."


def shown(value: Any) -> str:
    """A value as a declaration would have it, without fields that have their defaults."""
    if isinstance(value, Spec):
        return f"{type(value).__name__}({', '.join(_fields_shown(value))})"
    if isinstance(value, tuple):
        if len(value) >= LEAST_REPEATED and len(set(value)) == 1:
            return f"({shown(value[0])},) * {len(value)}"
        inner = ", ".join(map(shown, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return repr(value).replace("'", '"')


def _fields_shown(spec: Spec) -> Iterator[str]:
    for name, field in type(spec).model_fields.items():
        value = getattr(spec, name)
        if name != "kind" and (field.is_required() or value != field.default):
            yield f"{name}={shown(value)}"


if __name__ == "__main__":
    main()
