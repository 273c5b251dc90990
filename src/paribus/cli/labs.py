"""Two labs as a user names them, compared study by study: runs, conditions, verdicts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paribus.claims.findings import findings
from paribus.cli.arguments import find_study, is_file_name
from paribus.errors import DeclarationError, Fault, ParibusError, UnknownNameError
from paribus.report.difference import (
    ConditionDifference,
    VerdictDifference,
    condition_differences,
    verdict_difference,
)
from paribus.results.difference import StudyDifference, study_difference
from paribus.results.load import load_results
from paribus.store.catalogue import FILE, Catalogue
from paribus.store.lab import Lab, SharedLab

Scaled = tuple[str, str]
"""A study by name and scale."""


@dataclass(frozen=True)
class Compared:
    """A study of both labs: its runs, the conditions whose keys were changed, its claims."""

    runs: StudyDifference
    conditions: tuple[ConditionDifference, ...]
    verdicts: VerdictDifference

    @property
    def differs(self) -> bool:
        """Whether bits differ, or keys of one condition and replicate, or a verdict changed."""
        runs = self.runs
        return bool(runs.differing or runs.rekeyed or runs.apart or self.verdicts.changed)


@dataclass(frozen=True)
class LabDifference:
    """Labs a and b: the studies compared, and those that only one of them has planned."""

    a: Lab
    b: Lab
    studies: tuple[Compared, ...]
    only_a: tuple[Scaled, ...]
    only_b: tuple[Scaled, ...]

    @property
    def differs(self) -> bool:
        """Whether any study differs; what only one lab holds is no difference."""
        return any(study.differs for study in self.studies)


def compare_labs(a: Lab, b: Lab, study: str | None, scale: str | None) -> LabDifference:
    """How two labs differ in the studies that both have planned; nothing of them is changed.

    `study` (a name, or a file that is read for its study's name) and `scale` limit which. Raises
    `DeclarationError` for a folder that is no lab or one lab given twice, `UnknownNameError`
    where the two share no such study.
    """
    _check(a, b)
    name = find_study(study).name if study and is_file_name(study) else study
    with Catalogue.open(a, create=False) as one, Catalogue.open(b, create=False) as other:
        planned = [[(entry.name, entry.scale) for entry in lab.studies()] for lab in (one, other)]
        shared = [scaled for scaled in planned[0] if scaled in planned[1]]
        chosen = _chosen(shared, name, scale, _told(a, planned[0]), _told(b, planned[1]))
        return LabDifference(
            a=a,
            b=b,
            studies=tuple(_compared(one, other, *scaled) for scaled in chosen),
            only_a=_only(planned[0], shared, name, scale),
            only_b=_only(planned[1], shared, name, scale),
        )


def _check(a: Lab, b: Lab) -> None:
    faults = [
        Fault(argument, f"got {str(lab)!r}, which is no lab: it should be a folder with {FILE!r}")
        for argument, lab in (("LAB_A", a), ("LAB_B", b))
        if not (isinstance(lab, SharedLab) or (lab / FILE).is_file())
    ]
    if not faults and _same(a, b):
        twice = f"got {str(b)!r}, which is the same lab as LAB_A; give another to compare it with"
        faults = [Fault("LAB_B", twice)]
    if faults:
        raise DeclarationError("Command line", faults)


def _same(a: Lab, b: Lab) -> bool:
    if isinstance(a, SharedLab) or isinstance(b, SharedLab):
        return str(a) == str(b)
    return (a / FILE).samefile(b / FILE)


def _chosen(
    shared: Sequence[Scaled], name: str | None, scale: str | None, *held: str
) -> list[Scaled]:
    """The studies to compare: those of both labs, of a name and a scale where these are given."""
    advice = " ".join(held)
    if not shared:
        raise ParibusError(f"no study is in both labs. {advice}")
    named = [scaled for scaled in shared if name in (None, scaled[0])]
    if name is not None and not named:
        raise UnknownNameError("study of both labs", name, {of for of, _ in shared}, advice)
    chosen = [scaled for scaled in named if scale in (None, scaled[1])]
    if scale is not None and not chosen:
        raise UnknownNameError("scale of both labs", scale, {at for _, at in named}, advice)
    return chosen


def _told(lab: Lab, planned: Collection[Scaled]) -> str:
    held = ", ".join(f"{name} ({scale})" for name, scale in planned) or "no study"
    return f"{lab} holds {held}."


def _only(
    planned: Sequence[Scaled], shared: Collection[Scaled], name: str | None, scale: str | None
) -> tuple[Scaled, ...]:
    return tuple(
        (of, at)
        for of, at in planned
        if (of, at) not in shared and name in (None, of) and scale in (None, at)
    )


def _compared(a: Catalogue, b: Catalogue, name: str, scale: str) -> Compared:
    runs = study_difference(a, b, name, scale)
    if not (runs.both or runs.only_a) or not (runs.both or runs.only_b):
        return Compared(runs, (), verdict_difference([], []))
    results = load_results(a, name, scale), load_results(b, name, scale)
    return Compared(
        runs=runs,
        conditions=tuple(condition_differences(*results, runs.rekeyed)),
        verdicts=verdict_difference(*map(findings, results)),
    )
