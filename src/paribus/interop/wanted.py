"""What an MLflow server should hold of a study: its runs by key, with what each of them has."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paribus.interop.folders import condition_text
from paribus.interop.limits import (
    LONGEST_PARAMETER,
    LONGEST_RUN_NAME,
    LONGEST_TAG,
    cut,
    name_for_mlflow,
)
from paribus.interop.tracked import TrackedRun, TrackedStudy, flat
from paribus.outgoing import legible
from paribus.results.tidy import condition_label

KEY, KIND, EXPORTED = "paribus.key", "paribus.kind", "paribus.exported"
"""Tags: which run it is, whether it is a condition or a replicate, and the digest of what was
exported of it, which is set when all is there."""
MEANS = "mean"
"""Metrics of a condition are the means over its finished replicates, as `mean/METRIC`."""


@dataclass(frozen=True)
class Point:
    """One number: the metric's name as MLflow has it, the step, the value."""

    name: str
    step: int
    value: float


@dataclass(frozen=True)
class WantedRun:
    """A run that a server should hold; times are milliseconds since 1970.

    `is_condition` says that its numbers stand for its replicates, and change with them. `changed`
    names what MLflow does not take as it is: names written otherwise, values cut.
    """

    key: str
    is_condition: bool
    name: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    points: tuple[Point, ...]
    succeeded: bool
    started: int
    finished: int
    changed: tuple[str, ...]

    @property
    def digest(self) -> str:
        """64 hex digits that stand for all that is exported of the run."""
        points = [(one.name, one.step, one.value) for one in self.points]
        content = [self.name, self.tags, self.parameters, points, self.succeeded, self.finished]
        return _digest(content)


def wanted_runs(study: TrackedStudy) -> Iterator[tuple[WantedRun, list[WantedRun]]]:
    """Each condition that has runs, as a run of its own, with its replicates."""
    for condition, runs in study.grouped:
        parent = _parent(study, condition, runs)
        yield parent, [_child(condition, run) for run in runs]


def _parent(
    study: TrackedStudy, condition: Mapping[str, str], runs: Sequence[TrackedRun]
) -> WantedRun:
    # With the recipe in it: MLflow refuses to change a parameter, and a study may be changed. With
    # all else that makes other runs too, or two of one replicate would be in one condition.
    place = [study.name, study.scale, condition, runs[0].recipe, runs[0].beside]
    diverged = sum(run.status == "diverged" for run in runs)
    beside = {f"key.{name}": value for name, value in flat(runs[0].beside).items()}
    tags = _places(condition) | beside
    tags |= {
        KEY: _digest(place),
        KIND: "condition",
        "paribus.replicates": f"{len(runs)} of {study.replicates}",
        "paribus.diverged": str(diverged),
    }
    means = [
        Point(f"{MEANS}/{row['metric']}", 0, row["mean"])  # at step 0 MLflow draws bars
        for row in study.means[tuple(condition.values())]
        if row["mean"] is not None
    ]
    return _wanted(tags, condition_label(condition), runs, means)


def _child(condition: Mapping[str, str], run: TrackedRun) -> WantedRun:
    points = [
        Point(series.name, epoch, value)
        for series in (one.finite for one in run.series)
        for epoch, value in zip(series.epochs.tolist(), series.values.tolist(), strict=True)
    ]
    tags = (
        _places(condition)
        | {f"provenance.{name}": value for name, value in run.facts.items()}
        | {
            KEY: run.key,
            KIND: "replicate",
            "paribus.replicate": str(run.replicate),
            "paribus.status": run.status,
        }
    )
    if run.not_finite:
        tags["paribus.not_finite"] = run.told_not_finite
    name = f"replicate {run.replicate}, {condition_label(condition)}"
    return _wanted(tags, name, [run], points)


def _places(condition: Mapping[str, str]) -> dict[str, str]:
    labels = {f"condition.{factor}": label for factor, label in condition.items()}
    return labels | {"paribus.condition": condition_text(condition)}


def _wanted(
    tags: Mapping[str, str], name: str, runs: Sequence[TrackedRun], points: Sequence[Point]
) -> WantedRun:
    parameters = runs[0].recipe
    names = {*tags, *parameters, *(point.name for point in points)}
    allowed = {text: name_for_mlflow(legible(text)) for text in names}
    told = {
        **{text: None for text, other in allowed.items() if text != other},
        **{text: None for text, value in parameters.items() if len(value) > LONGEST_PARAMETER},
        **{text: None for text, value in tags.items() if len(value) > LONGEST_TAG},
    }
    return WantedRun(
        key=tags[KEY],
        is_condition=tags[KIND] == "condition",
        name=cut(legible(name), LONGEST_RUN_NAME),
        tags={allowed[text]: cut(legible(value), LONGEST_TAG) for text, value in tags.items()},
        parameters={
            allowed[text]: cut(value, LONGEST_PARAMETER) for text, value in parameters.items()
        },
        points=tuple(Point(allowed[one.name], one.step, one.value) for one in points),
        succeeded=any(run.status == "finished" for run in runs),
        started=int(1000 * min(run.started for run in runs)),
        finished=int(1000 * max(run.finished for run in runs)),
        changed=tuple(sorted(told)),
    )


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=dict).encode()).hexdigest()
