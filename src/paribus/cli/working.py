"""What the drivers of a lab do now, by study, as they say of themselves at each heartbeat."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from paribus.outgoing import printable
from paribus.store.catalogue import Catalogue
from paribus.store.hold import is_held
from paribus.store.lab import Lab

FRESH_SECONDS = 30.0
"""A driver that has not been heard of for as long is not shown as working."""

Working = dict[str, Any]
"""`running`, `seconds_left` and `workers` of one study, as in the rows of `paribus status`."""

_KEYS = ("where", "condition", "replicate", "epoch", "epochs")


def working_in(lab: Lab, catalogue: Catalogue) -> dict[tuple[str, str], Working]:
    """What is trained in a lab now, by study and scale."""
    documents = [
        driver.document for driver in catalogue.drivers() if driver.age_seconds < FRESH_SECONDS
    ]
    if not documents or not (catalogue.shared or is_held(lab)):
        return {}
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for document in documents:
        found.setdefault((document["study"], document["scale"]), []).append(document)
    return {study: _together(of_study) for study, of_study in found.items()}


def nothing_works() -> Working:
    """That of a study that nobody trains."""
    return {"running": 0, "seconds_left": None, "workers": []}


def worker_lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each worker: where it is, what it trains and how far that is."""
    lines = []
    for row in rows:
        for worker in row["workers"]:
            labels = [f"{name}={label}" for name, label in worker["condition"].items()]
            told = [
                f"{worker['where']}: {row['study']} ({row['scale']})",
                *labels,
                f"replicate {worker['replicate']}",
                f"epoch {worker['epoch']:,} of {worker['epochs']:,}",
            ]
            lines.append(", ".join(told))
    return [printable(line) for line in lines]


def _together(documents: Sequence[Mapping[str, Any]]) -> Working:
    return {
        "running": sum(document["running"] for document in documents),
        "seconds_left": _shared_out([document["seconds_left"] for document in documents]),
        "workers": [
            {"on": document["on"]} | {key: one[key] for key in _KEYS}
            for document in documents
            for one in document["workers"]
        ],
    }


def _shared_out(seconds: Sequence[float | None]) -> float | None:
    """The time that drivers take together, each of which says what it would take alone."""
    known = [one for one in seconds if one is not None]
    if not known or min(known) <= 0:
        return 0.0 if known else None
    return round(1 / sum(1 / one for one in known), 1)
