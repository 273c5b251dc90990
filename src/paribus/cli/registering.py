"""`paribus register`: the registration of a study as JSON, and as a page to hand in beforehand."""

from collections.abc import Iterator, Mapping
from typing import Any

from paribus.cli.words import plural
from paribus.report.recipe import phrase, plain, words
from paribus.store.records import Registration
from paribus.study.beforehand import levels_of_looks


def registration_row(registration: Registration) -> dict[str, Any]:
    """A registration as `paribus register --json` prints it; `content` is what is hashed."""
    return {
        "study": registration.study,
        "scale": registration.scale,
        "digest": registration.digest,
        "at": registration.at,
        "salt": registration.salt,
        "content": dict(registration.content),
    }


def page(registration: Registration, command: str) -> str:
    """The plan as Markdown, one part under the other; `command` trains it."""
    content = registration.content
    parts = (
        _head(registration),
        ("## Recipe", *_recipe(content)),
        ("## What is varied", *_factors(content)),
        ("## Replicates", *_looks(content)),
        ("## Claims", *_claims(content)),
        ("## Analysis", *_analysis(content)),
        ("## Training", "", *_training(command)),
    )
    return "\n\n".join("\n".join(lines) for lines in parts)


def _head(registration: Registration) -> Iterator[str]:
    yield f"# Plan of {registration.study}, scale {registration.scale}\n"
    yield f"{registration.content['question']}\n"
    yield f"- registered: {registration.at}"
    yield f"- digest: {registration.digest}"
    yield f"- salt of the seeds: {registration.salt}"


def _recipe(content: Mapping[str, Any]) -> Iterator[str]:
    varied = {
        path
        for factor in content["factors"]
        for fields in factor["sets"].values()
        for path in fields
    }
    for name, value in content["recipe"].items():
        if name in varied or value not in (None, [], {}, ""):
            yield f"- {words(name)}: {phrase(value, name, varied)}"


def _factors(content: Mapping[str, Any]) -> Iterator[str]:
    for factor in content["factors"]:
        yield f"- {words(factor['name'])}: {', '.join(factor['labels'])}"
    design = content["design"]
    yield f"- design: {plain(design) if content['factors'] else 'one condition'}"


def _looks(content: Mapping[str, Any]) -> Iterator[str]:
    levels = levels_of_looks(content["looks"])
    if len(levels) == 1:
        yield f"{plural(content['looks'][0], 'replicate')} of every condition, judged once."
        return
    yield "| look | replicates | level |"
    yield "|---|---|---|"
    for number, (replicates, level) in enumerate(levels.items(), start=1):
        yield f"| {number} | {replicates} | {level:.4f} |"


def _claims(content: Mapping[str, Any]) -> Iterator[str]:
    for number, said in enumerate(content["claims"], start=1):
        claim = said["claim"]
        yield f"{number}. {said['sentence']}."
        yield (
            f"   ({words(claim['kind'])}; {claim['metric']}; epoch: {claim['epoch_rule']}; "
            f"margin {claim['margin']:g})"
        )


def _analysis(content: Mapping[str, Any]) -> Iterator[str]:
    yield "- conditions are compared replicate by replicate, against the margin of the claim"
    yield f"- level: {content['level']:g} for the study"
    if len(content["looks"]) > 1:
        yield f"- looks: {content['spending']}"
    yield f"- correction: {content['correction']}"


def _training(command: str) -> Iterator[str]:
    yield f"    {command}\n"
    yield "in the lab where it is registered. The salt is taken from the digest: no run that was"
    yield "trained without this registration has the seeds of its runs."
