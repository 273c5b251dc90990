"""What each page says, from what was read: everything is text when a template gets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from paribus.outgoing import legible
from paribus.report.collection import VERDICTS
from paribus.report.quantities import duration, quantity
from paribus.results.tidy import condition_label
from paribus.store.lab import Lab
from paribus.ui.moments import Moment, Progress, Study
from paribus.ui.shelf import Shelf

TITLES = {
    404: "Not found",
    405: "Not allowed",
    500: "This should not have happened",
    503: "The lab cannot be read now",
}
STATUS = "<!--status-->"
"""In the page of a study, for what changes every second; no text has it, for they are escaped."""


@dataclass(frozen=True)
class Exact:
    """What is no text to read but comes back in a request, or is a page's part: said as it is.

    Templates escape it as they do all else.
    """

    text: str

    def __str__(self) -> str:
        return self.text.encode("utf-8", "replace").decode()  # no page can hold half a character


@cache
def environment() -> Environment:
    """The templates of the live page, beside those of reports; they escape everything."""
    return Environment(
        loader=ChoiceLoader([PackageLoader("paribus.ui"), PackageLoader("paribus.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, content: Mapping[str, Any]) -> str:
    """A page; home folders in its texts are written `~`, and what is `Exact` as it is."""
    return environment().get_template(template).render(**legible(dict(content)))


def address(study: Study, *rest: str) -> str:
    """The path of a study's page, or of what is under it."""
    return "/".join(("/studies", *(quote(part, safe="") for part in (*study, *rest))))


def error_page(status: int, message: str, lab: Lab) -> str:
    """A page that says what is wrong, of an answer with this status."""
    title = TITLES.get(status) or HTTPStatus(status).phrase
    return render("error.html", {"title": title, "message": message, "lab": str(lab)})


def studies_page(moment: Moment, shelf: Shelf) -> str:
    """The page of all studies of a lab."""
    rows = [
        {"id": row_id(study), "html": Exact(study_row(study, one, shelf))}
        for study, one in moment.studies.items()
    ]
    content = {"lab": str(shelf.lab), "trouble": moment.trouble, "rows": rows}
    return render("studies.html", content)


def row_id(study: Study) -> str:
    """How the line of a study is named within the page."""
    return f"study-{quote('/'.join(study), safe='')}"


def study_row(study: Study, progress: Progress, shelf: Shelf) -> str:
    """The line of a study on the page of all, as HTML."""
    version, counted = shelf.verdicts.get(study, ("", None))
    newest = shelf.version(study, progress)
    counts = counted or {}
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS if counts.get(verdict)}
    return render(
        "study_row.html",
        status_of(progress)
        | {
            "id": row_id(study),
            "name": study[0],
            "scale": study[1],
            "href": Exact(address(study)),
            "verdicts": verdicts,
            "counted": version == newest and counted is not None,
            "unread": version == newest and counted is None,
        },
    )


def status_html(progress: Progress) -> str:
    """How far a study is and what its workers do, as HTML."""
    return render("status.html", status_of(progress))


def status_of(progress: Progress) -> dict[str, Any]:
    """How far a study is, in words and numbers."""
    counts, left = progress.counts, progress.seconds_left
    return {
        "state": _state(progress),
        "working": progress.is_working,
        "total": counts.total,
        "done": counts.done,
        "diverged": counts.diverged,
        "failed": counts.failed,
        "running": progress.running,
        "left": _left(left),
        "workers": [_worker(one) for one in progress.workers],
    }


def metric_choices(metrics: Sequence[str]) -> list[dict[str, Any]]:
    """The metrics that can be drawn, as a list to choose from."""
    return [{"name": Exact(one), "title": quantity(one).title} for one in metrics]


def _left(seconds: float | None) -> str | None:
    """In words; of one that trains no more, and measures or analyses, nobody knows."""
    if not seconds:
        return None
    return f"about {duration(round(seconds))}" if seconds >= 1 else "under 1 s"


def _state(progress: Progress) -> str:
    counts = progress.counts
    if progress.is_working:
        return "running"
    if counts.done == counts.total > 0:
        return "complete"
    return "failed" if counts.failed else "not complete"


def _worker(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "where": str(said["where"]),
        "condition": condition_label({k: str(v) for k, v in said["condition"].items()}),
        "replicate": said["replicate"],
        "epoch": said["epoch"],
        "epochs": said["epochs"],
    }
