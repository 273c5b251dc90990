"""A study as an experiment of an MLflow tracking server: a run per condition, replicates in it.

Each run is found again by the key that its tags hold, so an export done twice leaves one run, and
one that was broken off goes on. The last tag that a run gets is the digest of what was exported:
where that is there and the same, nothing is sent.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from paribus.errors import DeclarationError, Fault, ParibusError
from paribus.extras import extra
from paribus.interop.limits import (
    LONGEST_EXPERIMENT_NAME,
    LONGEST_TAG,
    METRICS_PER_CALL,
    PARAMETERS_PER_CALL,
    cut,
)
from paribus.interop.tracked import TrackedStudy
from paribus.interop.wanted import EXPORTED, KEY, Point, WantedRun, wanted_runs
from paribus.outgoing import legible, shareable

PARENT = "mlflow.parentRunId"
DESCRIPTION = "mlflow.note.content"
_SETTINGS = {
    # The client prints the address of each run, with the password in it.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # It would tell its makers of each call.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # By default it tries for four minutes; an export goes on where it was broken off.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


@dataclass(frozen=True)
class SentRuns:
    """What an export has sent: how many runs are new, brought up to date, or were there."""

    experiment: str
    address: str
    new: int
    updated: int
    unchanged: int
    not_finite: int
    changed: tuple[str, ...]


def send_runs(study: TrackedStudy, uri: str) -> SentRuns:
    """Export a study to the MLflow tracking server at an address (`http://host:5000`).

    The experiment is `STUDY (SCALE)`; its tags are the claims with their verdicts. Each condition
    is a run with the recipe as parameters and the means of the last values as metrics; its
    replicates are nested in it, with the recipe and every finite value, step = epoch. Raises
    `MissingExtraError` without the package, `DeclarationError` for what is no such address,
    `ParibusError` where the server cannot be reached or refuses.
    """
    check_address(uri)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    mlflow = extra("mlflow", "trackers", "exporting to MLflow")
    with _told_as_ours(mlflow, uri):
        server = _Server(mlflow, uri)
        experiment = server.experiment(study)
        return _send(study, server, experiment)


def check_address(uri: str) -> None:
    """Raises `DeclarationError` for what is no address of a server."""
    try:
        parts = urlsplit(uri)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        sound = False
    if not sound or any(one.isspace() for one in uri):
        told = (
            f"got {shareable(uri)!r}; allowed is the address of a tracking server, such as "
            "http://localhost:5000. For a database or folder, start one with: "
            "mlflow server --backend-store-uri sqlite:///mlflow.db"
        )
        raise DeclarationError("Command line", [Fault("--tracking-uri", told)])


def _send(study: TrackedStudy, server: "_Server", experiment: Any) -> SentRuns:
    there = server.runs(experiment.experiment_id)
    counts = {"new": 0, "updated": 0, "unchanged": 0}
    changed: set[str] = set()
    for condition, replicates in wanted_runs(study):
        parent = ""
        for wanted in (condition, *replicates):
            found = there.get((wanted.key, parent))
            run, what = server.ensure(experiment.experiment_id, found, wanted, parent)
            counts[what] += 1
            changed.update(wanted.changed)
            parent = parent or run
    return SentRuns(
        experiment=experiment.name,
        address=f"{shareable(server.uri.rstrip('/'))}/#/experiments/{experiment.experiment_id}/runs",
        not_finite=sum(run.not_finite for run in study.runs),
        changed=tuple(sorted(changed)),
        **counts,
    )


@contextmanager
def _told_as_ours(mlflow: Any, uri: str) -> Iterator[None]:
    """Errors of the client as one of ours, without the password that they may repeat."""
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        said = cut(" ".join(str(shareable(str(error))).split()), 300)
        refused = isinstance(error, mlflow.exceptions.RestException)
        raise ParibusError(
            f"cannot export to MLflow at {shareable(uri)}: {said} "
            f"{'' if refused else 'Is a tracking server running there? '}"
            "What it has got is kept, and the same command goes on"
        ) from None


class _Server:
    """A tracking server, asked for and told what an export needs."""

    def __init__(self, mlflow: Any, uri: str) -> None:
        self.uri = uri
        self.entities = mlflow.entities
        self.client = mlflow.MlflowClient(tracking_uri=uri)

    def experiment(self, study: TrackedStudy) -> Any:
        """The experiment of a study, made where it is not there, with its claims as tags."""
        name = cut(f"{study.name} ({study.scale})", LONGEST_EXPERIMENT_NAME)
        found = self.client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage != "active":
            raise ParibusError(
                f"experiment {name!r} is in the bin of the MLflow server. Restore it there with: "
                f"mlflow experiments restore --experiment-id {found.experiment_id}"
            )
        if found is None:
            made = self.client.create_experiment(name)
            found = self.client.get_experiment(made)
        wanted = _experiment_tags(study)
        if DESCRIPTION not in found.tags:  # which people edit
            wanted[DESCRIPTION] = cut(study.question, LONGEST_TAG)
        for tag, value in wanted.items():
            if found.tags.get(tag) != value:
                self.client.set_experiment_tag(found.experiment_id, tag, value)
        return found

    def runs(self, experiment: str) -> dict[tuple[str, str], Any]:
        """The runs of earlier exports, by key and, for replicates, id of their condition."""
        found: dict[tuple[str, str], Any] = {}
        token = None
        while True:
            page = self.client.search_runs([experiment], max_results=1000, page_token=token)
            for run in page:
                tags = run.data.tags
                if KEY in tags:
                    found[tags[KEY], tags.get(PARENT, "")] = run
            token = page.token
            if not token:
                return found

    def ensure(
        self, experiment: str, found: Any, wanted: WantedRun, parent: str
    ) -> tuple[str, str]:
        """The id of a run that now is as it should be, and whether it was so."""
        if found is not None and found.data.tags.get(EXPORTED) == wanted.digest:
            return found.info.run_id, "unchanged"
        what = "new" if found is None else "updated"
        tags = dict(wanted.tags) | ({PARENT: parent} if parent else {})
        if found is None:
            found = self.client.create_run(
                experiment, start_time=wanted.started, tags=tags, run_name=wanted.name
            )
        self._bring_up_to_date(found, wanted, tags)
        return found.info.run_id, what

    def _bring_up_to_date(self, found: Any, wanted: WantedRun, tags: dict[str, str]) -> None:
        id, data = found.info.run_id, found.data
        parameters = [
            self.entities.Param(name, value)
            for name, value in wanted.parameters.items()
            if data.params.get(name) != value
        ]
        for some in _parts(parameters, PARAMETERS_PER_CALL):
            self.client.log_batch(id, params=some)
        at = int(1000 * time.time()) if wanted.is_condition else wanted.finished
        for some in _parts(self._missing(id, data.metrics, wanted), METRICS_PER_CALL):
            metrics = [self.entities.Metric(one.name, one.value, at, one.step) for one in some]
            self.client.log_batch(id, metrics=metrics)
        newer = [
            self.entities.RunTag(name, value)
            for name, value in tags.items()
            if data.tags.get(name) != value
        ]
        for some in _parts(newer, PARAMETERS_PER_CALL):
            self.client.log_batch(id, tags=some)
        status = "FINISHED" if wanted.succeeded else "FAILED"
        self.client.set_terminated(id, status, wanted.finished)
        self.client.set_tag(id, EXPORTED, wanted.digest)

    def _missing(self, id: str, there: Any, wanted: WantedRun) -> list[Point]:
        """The numbers that a run does not have yet; those of a condition change."""
        if wanted.is_condition:
            return [one for one in wanted.points if there.get(one.name) != one.value]
        known: set[Point] = set()
        for name in {one.name for one in wanted.points} & set(there):
            history = self.client.get_metric_history(id, name)
            known |= {Point(name, one.step, one.value) for one in history}
        return [one for one in wanted.points if one not in known]


def _experiment_tags(study: TrackedStudy) -> dict[str, str]:
    tags = {"paribus.study": study.name, "paribus.scale": study.scale}
    for number, finding in enumerate(study.findings, 1):
        kind = "registered" if finding.registered else "exploratory"
        told = f"{finding.verdict} ({kind}): {legible(finding.claim)}"
        tags[f"paribus.claim.{number}"] = cut(told, LONGEST_TAG)
    return tags


def _parts(whole: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
