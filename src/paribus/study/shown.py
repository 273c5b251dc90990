"""What a notebook shows of a study and of its plan; the report's parts are loaded when it asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Sized(Protocol):
    """What is told of a planned run: its condition, its key, and its size where that is known."""

    @property
    def condition(self) -> Mapping[str, str]: ...
    @property
    def key(self) -> str: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def steps(self) -> int | None: ...


def study_shown(document: Mapping[str, Any], conditions: int, scales: Sequence[str]) -> str:
    """A study as HTML; `document` is what would be stored of it at one of its scales."""
    from paribus.report.notebook import study_html  # noqa: PLC0415 - it loads what draws charts

    return study_html(document, conditions, scales)


def plan_shown(
    document: Mapping[str, Any], runs: Sequence[Sized], cohorts: int, notices: Sequence[str]
) -> str:
    """A plan as HTML: how much there is to train, and each condition's runs."""
    from paribus.report.notebook import plan_html  # noqa: PLC0415

    found: dict[tuple[str, ...], list[Sized]] = {}
    for run in runs:
        found.setdefault(tuple(run.condition.values()) or ("one",), []).append(run)
    lines = [(*labels, *_sizes(some)) for labels, some in found.items()]
    return plan_html(document, lines, list(_said(runs, cohorts, notices)))


def _sizes(runs: Sequence[Sized]) -> tuple[str, str, str]:
    return f"{len(runs):,}", _number(runs[0].parameters), _number(runs[0].steps)


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _said(runs: Sequence[Sized], cohorts: int, notices: Sequence[str]) -> Iterator[str]:
    distinct = {run.key: run for run in runs}.values()
    steps = [run.steps for run in distinct if run.steps is not None]
    in_all = f", {sum(steps):,} optimizer steps in all" if steps else ""
    many = f"{len(distinct):,} run{'' if len(distinct) == 1 else 's'}"
    yield f"{many} in {cohorts:,} cohort{'' if cohorts == 1 else 's'}{in_all}."
    for notice in notices:
        yield f"{notice[0].upper()}{notice[1:]}."
