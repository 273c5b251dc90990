"""What commands ask of a lab that is there: results, tables, reports, status."""

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.cli.arguments import find_study, is_file_name
from paribus.errors import UnknownNameError
from paribus.outgoing import file_name
from paribus.results.finals import final_table
from paribus.results.means import EPOCH_RULES, INTERVALS, EpochRule, IntervalKind, Row
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.store.lab import Lab, folder_of
from paribus.store.working import nothing_works, working_in

if TYPE_CHECKING:
    from paribus.report.contents import Contents
    from paribus.results.tidy import StudyResults

# What loads pandas, JAX or the library of charts is imported where it is used: a table of many
# runs, and how far they are, should not wait for it.

DEFAULT_METRICS = ("test/accuracy", "test/loss", "test/precision", "test/recall")


def stored_scale(study: str, scale: str | None, lab: Lab) -> tuple[str, str]:
    """Name and scale of a study that the lab holds; the scale may be left out if there is one.

    A study file is read for its study's name. Raises `UnknownNameError` for a study or scale that
    is not there, `NothingStoredError` for a lab that holds nothing.
    """
    name = find_study(study).name if is_file_name(study) else study
    with Catalogue.open(lab, create=False) as catalogue:
        scales = [at for of, at in catalogue.names() if of == name]
        if scale is None and len(scales) == 1:
            return name, scales[0]
        chosen = scale or "demo"
        if chosen not in scales:
            catalogue.study(name, chosen)  # which says what there is
        return name, chosen


def stored_results(study: str, scale: str | None, lab: Lab) -> "StudyResults":
    """All results of a study that a lab holds."""
    from paribus.results.load import load_results  # noqa: PLC0415

    name, chosen = stored_scale(study, scale, lab)
    with Catalogue.open(lab, create=False) as catalogue:
        return load_results(catalogue, name, chosen)


def stored_table(
    study: tuple[str, str], lab: Lab, metrics: Sequence[str], epoch_rule: str, interval: str
) -> tuple[Mapping[str, Any], list[Row]]:
    """The document of a study (name, scale) in a lab, and the rows of its table."""
    rule, kind = _rule_and_kind(epoch_rule, interval)
    if rule == "last":
        with Catalogue.open(lab, create=False) as catalogue, _collecting_later():
            return final_table(catalogue, study, metrics, DEFAULT_METRICS, kind)
    results = stored_results(*study, lab)
    return results.document, table_rows(results, metrics, epoch_rule, interval)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Of hundreds of thousands of objects that are all in use none is looked for to be freed."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def table_rows(
    results: "StudyResults", metrics: Sequence[str], epoch_rule: str, interval: str = "t"
) -> list[Row]:
    """The rows of a table; without metrics, the usual ones that were measured."""
    from paribus.results.table import metric_names, table  # noqa: PLC0415

    rule, kind = _rule_and_kind(epoch_rule, interval)
    measured = metric_names(results)
    first = results.document["primary"]
    wanted = dict.fromkeys((first, *DEFAULT_METRICS))
    usual = [metric for metric in wanted if metric in measured]
    return table(results, list(metrics) or usual, rule, kind)


def _rule_and_kind(epoch_rule: str, interval: str) -> tuple[EpochRule, IntervalKind]:
    rule = epoch_rule.replace("-", " ")
    chosen: dict[str, EpochRule] = {known: known for known in EPOCH_RULES}
    if rule not in chosen:
        raise UnknownNameError("epoch rule", epoch_rule, ["last", "best-validation"])
    kinds: dict[str, IntervalKind] = {known: known for known in INTERVALS}
    if interval not in kinds:
        raise UnknownNameError("interval", interval, INTERVALS)
    return chosen[rule], kinds[interval]


def write_report_of(
    results: "StudyResults", lab: Lab, output: Path | None, shown: "Contents | None" = None
) -> Path:
    """Writes a study's report, by default into the lab; gives the page's path."""
    from paribus.report.write import write_report  # noqa: PLC0415

    name = file_name(results.document["name"], results.document["scale"])
    return write_report(results, output or folder_of(lab) / "reports" / name, shown)


def status_rows(lab: Lab) -> list[dict[str, Any]]:
    """How far each study of a lab is, as the rows of `paribus status --json`."""
    with Catalogue.open(lab, create=False) as catalogue:
        counts = catalogue.counts()
        working = working_in(lab, catalogue)
    return [
        {
            "study": one.name,
            "scale": one.scale,
            "total": one.total,
            "done": one.done,
            "diverged": one.diverged,
            "failed": one.failed,
            **working.get((one.name, one.scale), nothing_works()),
        }
        for one in counts
    ]


def data_rows(folder: Path | None, download: Sequence[str]) -> list[dict[str, Any]]:
    """The data sets and where they are, after fetching those asked for."""
    from paribus.data import catalogue as datasets  # noqa: PLC0415
    from paribus.data.files import find_source  # noqa: PLC0415

    source = find_source(folder, os.environ)
    known = {datasets.name_of(spec): spec for spec in datasets.ALL}
    for name in download:
        if name not in known:
            raise UnknownNameError("data set", name, known)
        known[name].load(source)
    return datasets.describe(source)


def question_of_removal(chosen: tuple[str, str], lab: Lab) -> str:
    """What `clean` is about to delete, in numbers."""
    with Catalogue.open(lab, create=False) as catalogue:
        members = {member.key for member in catalogue.study(*chosen).members}
        keys = catalogue.removable(*chosen)
    planned, earlier = len(keys & members), len(keys - members)
    variants = f" and {earlier} of earlier variants of it" if earlier else ""
    return f"Delete {planned} runs of {chosen[0]} ({chosen[1]}){variants} from {lab}?"


def remove_stored(chosen: tuple[str, str], lab: Lab) -> int:
    """Deletes a study's runs; how many there were."""
    with hold(lab), Catalogue.open(lab, create=False) as catalogue:
        return catalogue.remove_study(*chosen)
