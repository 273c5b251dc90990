"""What `paribus diff` prints of two labs: a row for each study, then what differs in it."""

import json
import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from paribus.claims.findings import Finding
from paribus.cli.display import TextTable, console
from paribus.cli.labs import Compared, LabDifference, Scaled
from paribus.cli.words import finite, interval, plural
from paribus.report.difference import ConditionDifference, VerdictDifference
from paribus.results.difference import Furthest, RunDifference, StudyDifference, furthest
from paribus.results.tidy import condition_label

_COUNTS = ("in both", "same bits", "other bits", "only A", "only B")
_NAMES = {
    "status": "status",
    "weights": "final weights, as a share of the largest",
    "correct": "test examples that are right",
}


def difference_row(found: LabDifference) -> dict[str, Any]:
    """The difference as `paribus diff --json` prints it; a number that is not finite is None."""
    return {
        "a": str(found.a),
        "b": str(found.b),
        "differs": found.differs,
        "studies": [_study_row(study) for study in found.studies],
        "only_a": _scaled_rows(found.only_a),
        "only_b": _scaled_rows(found.only_b),
    }


def _study_row(study: Compared) -> dict[str, Any]:
    runs = study.runs
    return {
        "study": runs.name,
        "scale": runs.scale,
        "differs": study.differs,
        "runs": {
            "both": runs.both,
            "identical": runs.identical,
            "differing": len(runs.differing),
            "only_a": runs.only_a,
            "only_b": runs.only_b,
        },
        "differing": [_run_row(run) for run in runs.differing],
        "furthest": [_furthest_row(one) for one in furthest(runs.differing)],
        "measured_only": {"a": list(runs.measured_a), "b": list(runs.measured_b)},
        "provenance": [vars(fact) for fact in runs.provenance],
        "keys": [vars(change) for change in runs.keys],
        "conditions": [_condition_row(one) for one in study.conditions],
        "verdicts": _verdict_row(study.verdicts),
    }


def _run_row(run: RunDifference) -> dict[str, Any]:
    copies = run.copies
    return {
        "key": copies.key,
        "condition": dict(run.condition),
        "replicate": run.replicate,
        "status": {"a": copies.status_a, "b": copies.status_b},
        "differs": list(copies.differs),
    }


def _furthest_row(one: Furthest) -> dict[str, Any]:
    return {
        "name": one.name,
        "runs": one.runs,
        "distance": finite(one.distance),
        "key": one.run.copies.key,
        "condition": dict(one.run.condition),
        "replicate": one.run.replicate,
    }


def _condition_row(one: ConditionDifference) -> dict[str, Any]:
    row = vars(one) | {"condition": dict(one.condition), "epoch_rule": "last"}
    return {name: finite(cell) if isinstance(cell, float) else cell for name, cell in row.items()}


def _verdict_row(found: VerdictDifference) -> dict[str, Any]:
    return {
        "same": found.same,
        "changed": [
            {"claim": one.claim, "a": _finding_row(one.a), "b": _finding_row(one.b)}
            for one in found.changed
        ],
        "only_a": list(found.only_a),
        "only_b": list(found.only_b),
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
    numbers = {name: finite(getattr(finding, name)) for name in ("estimate", "low", "high")}
    return {"verdict": finding.verdict, "n": finding.n} | numbers


def _scaled_rows(studies: Sequence[Scaled]) -> list[dict[str, str]]:
    return [{"study": name, "scale": scale} for name, scale in studies]


def show_difference(found: LabDifference) -> None:
    """How many runs are the same bits, and for each study that differs, what, how far and why."""
    out = console()
    out.print(f"A: {found.a}", soft_wrap=True)
    out.print(f"B: {found.b}", soft_wrap=True)
    numbers = (*_COUNTS, "other key", "verdicts changed")
    table = TextTable("study", "scale", *numbers, numbers=numbers)
    for study in found.studies:
        table.add_row(*_cells(study))
    out.print(table)
    out.print(
        "runs of one key (recipe, replicate, data, numerics version) are compared bit by bit; "
        "other key: conditions trained in both under keys that differ; verdicts of claims of both",
        soft_wrap=True,
    )
    for side, studies in (("A", found.only_a), ("B", found.only_b)):
        for name, scale in studies:
            out.print(f"only in {side}: {name} ({scale})", soft_wrap=True)
    for study in found.studies:
        _show_study(out, study)


def _cells(study: Compared) -> list[str]:
    runs, verdicts = study.runs, study.verdicts
    counts = (runs.both, runs.identical, len(runs.differing), runs.only_a, runs.only_b)
    claims = verdicts.same + len(verdicts.changed)
    changed = f"{len(verdicts.changed)} of {claims}" if claims else "-"
    return [runs.name, runs.scale, *map(str, counts), str(len(runs.rekeyed)), changed]


def _show_study(out: Console, study: Compared) -> None:
    runs, notes = study.runs, _notes(study)
    if study.differs or notes:
        out.print(f"\n{runs.name} ({runs.scale})", soft_wrap=True)
    if runs.apart:
        out.print("no run and no condition is in both labs: nothing to compare")
    _show_runs(out, runs.differing)
    _show_keys(out, runs)
    _show_conditions(out, study.conditions)
    _show_verdicts(out, study.verdicts)
    for note in notes:
        out.print(note, soft_wrap=True)


def _notes(study: Compared) -> list[str]:
    """What one lab has alone, and what may be the cause of a difference."""
    runs, verdicts = study.runs, study.verdicts
    only = [
        (f"measured in {side} only", name)
        for side, names in (("A", runs.measured_a), ("B", runs.measured_b))
        for name in names
    ]
    only += [
        (f"claimed in {side} only", claim)
        for side, claims in (("A", verdicts.only_a), ("B", verdicts.only_b))
        for claim in claims
    ]
    made = [
        (f"made with {fact.fact}", f"{_any(fact.a)} in A, {_any(fact.b)} in B")
        for fact in runs.provenance
    ]
    return [f"{what}: {told}" for what, told in [*only, *made]]


def _any(values: Sequence[str]) -> str:
    return " or ".join(values) or "not recorded"


def _show_runs(out: Console, differing: Sequence[RunDifference]) -> None:
    found = furthest(differing)
    shown = [one for one in found if _is_shown(one)]
    if shown:
        table = TextTable("what differs", "runs", "furthest apart", "there", numbers=("runs",))
        for one in shown:
            name = _NAMES.get(one.name, f"{one.name}, last epoch")
            table.add_row(name, str(one.runs), _distance(one), _where(one.run))
        out.print(table)
    rest = [f"{one.name} ({plural(one.runs, 'run')})" for one in found if not _is_shown(one)]
    if rest:
        out.print(f"other measurements that differ: {', '.join(rest)}", soft_wrap=True)


def _is_shown(one: Furthest) -> bool:
    return one.name in _NAMES or one.distance is not None


def _distance(one: Furthest) -> str:
    if one.name == "status":
        return f"{one.run.copies.status_a} in A, {one.run.copies.status_b} in B"
    return "-" if one.distance is None else _number(one.distance)


def _number(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "not finite"


def _where(run: RunDifference) -> str:
    return f"{condition_label(run.condition)}, replicate {run.replicate} ({run.copies.key[:8]})"


def _show_keys(out: Console, runs: StudyDifference) -> None:
    if runs.rekeyed and not runs.keys:
        out.print("other keys, though all that is recorded of what makes them is the same")
    for change in runs.keys:
        a, b = map(_value, (change.a, change.b))
        count = plural(change.conditions, "condition")
        out.print(f"other keys: {change.field}: {a} in A, {b} in B ({count})", soft_wrap=True)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _show_conditions(out: Console, conditions: Sequence[ConditionDifference]) -> None:
    if not conditions:
        return
    metric = conditions[0].metric
    columns = ("mean A", "mean B", "B - A", "n")
    table = TextTable(*conditions[0].condition, *columns, numbers=columns)
    for one in conditions:
        means = [interval(mean, None, None) for mean in (one.mean_a, one.mean_b)]
        difference = interval(one.difference, one.low, one.high, digits=6)
        why = f" ({one.method})" if one.low is None else ""
        table.add_row(*one.condition.values(), *means, f"{difference}{why}", str(one.n))
    out.print(table)
    diverged = sum(one.diverged_a for one in conditions), sum(one.diverged_b for one in conditions)
    left_out = f"; diverged and left out: {diverged[0]} in A, {diverged[1]} in B"
    out.print(
        f"{metric}, last epoch: means over finished runs; B - A with its 95 % interval over n "
        f"replicates of both, paired, Student t{left_out if any(diverged) else ''}",
        soft_wrap=True,
    )


def _show_verdicts(out: Console, verdicts: VerdictDifference) -> None:
    for one in verdicts.changed:
        out.print(f"verdict changed: {one.claim}", soft_wrap=True)
        for side, finding in (("A", one.a), ("B", one.b)):
            estimate = interval(finding.estimate, finding.low, finding.high)
            out.print(f"  {side}: {finding.verdict}, {estimate}, n = {finding.n}", soft_wrap=True)
