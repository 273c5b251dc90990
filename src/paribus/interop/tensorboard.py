"""A study as TensorBoard event files: a folder for each condition, one in it for each replicate.

Written with TensorBoard's own messages and record writer, which load no TensorFlow. Values are
rounded to float32: TensorBoard shows no others (its data server passes over tensors of float64).
A file depends on the run alone (its time is when the run ended), so a study exported twice is
written twice to the same bytes.
"""

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.errors import ParibusError
from paribus.extras import extra
from paribus.interop.folders import condition_text, folder_names
from paribus.interop.tracked import Series, TrackedRun, TrackedStudy
from paribus.outgoing import legible

FILE = "events.out.tfevents.paribus"
"""The name of each event file; TensorBoard reads what has `tfevents` in its name."""
PLACES = "runs.json"
"""The name of the file that says which run is in which folder."""


@dataclass(frozen=True)
class WrittenEvents:
    """What an export has written: the study's folder, how many runs and numbers are in it."""

    folder: Path
    runs: int
    numbers: int
    not_finite: int


def write_events(study: TrackedStudy, folder: Path) -> WrittenEvents:
    """Write a study's runs below a log folder, as `STUDY-SCALE/CONDITION/replicate N`.

    What an earlier export wrote of the study is replaced. In the HPARAMS tab a condition is a
    group of its replicates, with the mean of the last values of each metric; runs that diverged
    are a group of their own, of status "failure". Values that are not finite are written as they
    are, and counted. Raises `MissingExtraError` without the package, `ParibusError` for a folder
    that cannot be written.
    """
    messages = _Messages()
    (name,) = folder_names([f"{study.name}-{study.scale}"]).values()
    root = folder / name
    places = _places(study)
    try:
        _put(root / FILE, messages.records(_experiment(messages, study)))
        for run, place in places:
            _put(root / place / FILE, messages.records(_events(messages, study, run)))
        _put(root / PLACES, [_places_file(places)])
        _remove_others(root, {root / place / FILE for _, place in places})
    except OSError as error:
        raise ParibusError(
            f"cannot write {root}: {error.strerror}. Choose a folder that can be written"
        ) from error
    return WrittenEvents(
        folder=root,
        runs=len(places),
        numbers=sum(series.values.size for run in study.runs for series in run.series),
        not_finite=sum(
            int((~np.isfinite(_rounded(series))).sum())
            for run in study.runs
            for series in run.series
        ),
    )


class _Messages:
    """The messages of event files, from the package, which is imported when it is needed."""

    def __init__(self) -> None:
        def module(path: str) -> Any:
            return extra(f"tensorboard.{path}", "trackers", "exporting to TensorBoard")

        self.writer = module("summary.writer.record_writer").RecordWriter
        self.event = module("compat.proto.event_pb2").Event
        self.summary = module("compat.proto.summary_pb2").Summary
        self.hparams = module("plugins.hparams.metadata")
        self.plugin = module("plugins.hparams.plugin_data_pb2")
        self.api = module("plugins.hparams.api_pb2")

    def records(self, events: Iterable[Any]) -> Iterator[bytes]:
        """The bytes of an event file."""
        parts = _Parts()
        writer = self.writer(parts)
        for event in events:
            writer.write(event.SerializeToString(deterministic=True))
            yield parts.taken()

    def session(self, tag: str, content: Any) -> Any:
        """A summary for the HPARAMS tab."""
        summary = self.summary()
        metadata = self.hparams.create_summary_metadata(content)
        summary.value.add(tag=tag, metadata=metadata, tensor=self.hparams.NULL_TENSOR)
        return summary


class _Parts:
    """A file in memory, as much as a record writer asks of one."""

    def __init__(self) -> None:
        self.held = b""

    def write(self, part: bytes) -> None:
        self.held += part

    def taken(self) -> bytes:
        taken, self.held = self.held, b""
        return taken


def _places(study: TrackedStudy) -> list[tuple[TrackedRun, Path]]:
    texts = {id(condition): condition_text(condition) for condition, _ in study.grouped}
    names = folder_names(list(texts.values()))
    return [
        (run, Path(names[texts[id(condition)]], f"replicate {run.replicate}"))
        for condition, runs in study.grouped
        for run in runs
    ]


def _places_file(places: Iterable[tuple[TrackedRun, Path]]) -> bytes:
    content = [
        {
            "folder": place.as_posix(),
            "condition": legible(dict(run.condition)),
            "replicate": run.replicate,
            "key": run.key,
            "status": run.status,
        }
        for run, place in places
    ]
    return json.dumps(content, indent=1).encode()


def _events(messages: _Messages, study: TrackedStudy, run: TrackedRun) -> Iterator[Any]:
    yield messages.event(wall_time=run.started, file_version="brain.Event:2")
    start = messages.plugin.HParamsPluginData()
    group = legible(condition_text(run.condition))
    diverged = run.status == "diverged"
    start.session_start_info.group_name = f"{group} (diverged)" if diverged else group
    start.session_start_info.start_time_secs = run.started
    for factor, label in run.condition.items():
        value = start.session_start_info.hparams[legible(factor)]
        if _is_numeric(study.labels[factor]):
            value.number_value = float(label)
        else:
            value.string_value = legible(label)
    tag = messages.hparams.SESSION_START_INFO_TAG
    yield messages.event(wall_time=run.started, summary=messages.session(tag, start))
    yield from _scalars(messages, run)
    end = messages.plugin.HParamsPluginData()
    succeeded, failed = messages.api.STATUS_SUCCESS, messages.api.STATUS_FAILURE
    end.session_end_info.status = failed if diverged else succeeded
    end.session_end_info.end_time_secs = run.finished
    tag = messages.hparams.SESSION_END_INFO_TAG
    yield messages.event(wall_time=run.finished, summary=messages.session(tag, end))


def _scalars(messages: _Messages, run: TrackedRun) -> Iterator[Any]:
    """An event for each epoch with all its values."""
    at: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for series in run.series:
        rounded = _rounded(series)
        for epoch, value in zip(series.epochs.tolist(), rounded.tolist(), strict=True):
            at[epoch].append((series.name, value))
    for epoch in sorted(at):
        summary = messages.summary()
        for name, value in at[epoch]:
            summary.value.add(tag=name, simple_value=value)
        yield messages.event(wall_time=run.finished, step=epoch, summary=summary)


def _rounded(series: Series) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # to infinity, which is counted and told
        return series.values.astype(np.float32)


def _experiment(messages: _Messages, study: TrackedStudy) -> Iterator[Any]:
    """What the HPARAMS tab has as columns: the factors, and each metric of a whole run."""
    content = messages.plugin.HParamsPluginData()
    experiment = content.experiment
    experiment.name, experiment.description = study.name, study.question
    for factor, labels in study.labels.items():
        info = experiment.hparam_infos.add(name=legible(factor))
        numeric = _is_numeric(labels)
        info.type = messages.api.DATA_TYPE_FLOAT64 if numeric else messages.api.DATA_TYPE_STRING
        domain = [float(label) if numeric else legible(label) for label in labels]
        info.domain_discrete.extend(domain)
    for metric in study.metrics:
        experiment.metric_infos.add(name={"tag": metric}, display_name=metric)
    time = max((run.finished for run in study.runs), default=0.0)
    experiment.time_created_secs = time
    yield messages.event(wall_time=time, file_version="brain.Event:2")
    summary = messages.session(messages.hparams.EXPERIMENT_TAG, content)
    yield messages.event(wall_time=time, summary=summary)


def _is_numeric(labels: Iterable[str]) -> bool:
    try:
        return all(isfinite(float(label)) for label in labels)
    except ValueError:
        return False


def _put(target: Path, parts: Iterable[bytes]) -> None:
    """A file whole or not at all: TensorBoard may be reading the folder now."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _remove_others(root: Path, written: set[Path]) -> None:
    """Takes out runs of an earlier export that are no longer the study's."""
    for other in set(root.glob(f"*/*/{FILE}")) - written:
        other.unlink()
        for folder in (other.parent, other.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()
