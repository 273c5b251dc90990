"""What commands ask of a lab that is there: results, tables, reports, status."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paribus.cli.arguments import find_study, is_file_name
from paribus.data import catalogue as datasets
from paribus.data.files import find_source
from paribus.errors import UnknownNameError
from paribus.report.contents import Contents
from paribus.report.write import write_report
from paribus.results.load import load_results
from paribus.results.table import (
    EPOCH_RULES,
    INTERVALS,
    EpochRule,
    IntervalKind,
    Row,
    metric_names,
    table,
)
from paribus.results.tidy import StudyResults
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold, is_held
from paribus.study.progress import read_note

DEFAULT_METRICS = ("test/accuracy", "test/loss", "test/precision", "test/recall")


def stored_scale(study: str, scale: str | None, lab: Path) -> tuple[str, str]:
    """Name and scale of a study that the lab holds; the scale may be left out if there is one.

    A study file is read for its study's name. Raises `UnknownNameError` for a study or scale that
    is not there, `NothingStoredError` for a lab that holds nothing.
    """
    name = find_study(study).name if is_file_name(study) else study
    with Catalogue.open(lab, create=False) as catalogue:
        scales = [entry.scale for entry in catalogue.studies() if entry.name == name]
        if scale is None and len(scales) == 1:
            return name, scales[0]
        return name, catalogue.study(name, scale or "demo").scale


def stored_results(study: str, scale: str | None, lab: Path) -> StudyResults:
    """All results of a study that a lab holds."""
    name, chosen = stored_scale(study, scale, lab)
    with Catalogue.open(lab, create=False) as catalogue:
        return load_results(catalogue, name, chosen)


def table_rows(
    results: StudyResults, metrics: Sequence[str], epoch_rule: str, interval: str = "t"
) -> list[Row]:
    """The rows of a table; without metrics, the usual ones that were measured."""
    rule = epoch_rule.replace("-", " ")
    chosen: dict[str, EpochRule] = {known: known for known in EPOCH_RULES}
    if rule not in chosen:
        raise UnknownNameError("epoch rule", epoch_rule, ["last", "best-validation"])
    kinds: dict[str, IntervalKind] = {known: known for known in INTERVALS}
    if interval not in kinds:
        raise UnknownNameError("interval", interval, INTERVALS)
    measured = metric_names(results)
    usual = [metric for metric in DEFAULT_METRICS if metric in measured]
    return table(results, list(metrics) or usual, chosen[rule], kinds[interval])


def write_report_of(
    results: StudyResults, lab: Path, output: Path | None, shown: Contents | None = None
) -> Path:
    """Writes a study's report, by default into the lab; gives the page's path."""
    folder = f"{results.document['name']}-{results.document['scale']}"
    return write_report(results, output or lab / "reports" / folder, shown)


def status_rows(lab: Path) -> list[dict[str, Any]]:
    """How far each study of a lab is, as the rows of `paribus status --json`."""
    note = read_note(lab) if is_held(lab) else None
    with Catalogue.open(lab, create=False) as catalogue:
        rows = []
        for entry in catalogue.studies():
            keys = [member.key for member in entry.members]
            stored = list(catalogue.summaries(set(keys)))
            mine = (
                note
                if note and (note["study"], note["scale"]) == (entry.name, entry.scale)
                else None
            )
            rows.append(
                {
                    "study": entry.name,
                    "scale": entry.scale,
                    "total": len(set(keys)),
                    "done": len(stored),
                    "diverged": sum(run.status == "diverged" for run in stored),
                    "failed": len(catalogue.failures(keys)),
                    "running": mine["running"] if mine else 0,
                    "seconds_left": mine["seconds_left"] if mine else None,
                }
            )
    return rows


def data_rows(folder: Path | None, download: Sequence[str]) -> list[dict[str, Any]]:
    """The data sets and where they are, after fetching those asked for."""
    source = find_source(folder, os.environ)
    known = {datasets.name_of(spec): spec for spec in datasets.ALL}
    for name in download:
        if name not in known:
            raise UnknownNameError("data set", name, known)
        known[name].load(source)
    return datasets.describe(source)


def question_of_removal(chosen: tuple[str, str], lab: Path) -> str:
    """What `clean` is about to delete, in numbers."""
    with Catalogue.open(lab, create=False) as catalogue:
        members = {member.key for member in catalogue.study(*chosen).members}
        keys = catalogue.removable(*chosen)
    planned, earlier = len(keys & members), len(keys - members)
    variants = f" and {earlier} of earlier variants of it" if earlier else ""
    return f"Delete {planned} runs of {chosen[0]} ({chosen[1]}){variants} from {lab}?"


def remove_stored(chosen: tuple[str, str], lab: Path) -> int:
    """Deletes a study's runs; how many there were."""
    with hold(lab), Catalogue.open(lab, create=False) as catalogue:
        return catalogue.remove_study(*chosen)
