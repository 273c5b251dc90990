"""What the drivers of a lab do now, by study, as they say of themselves at each heartbeat."""

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.store.catalogue import Catalogue
from paribus.store.hold import is_held
from paribus.store.lab import Lab

Working = dict[str, Any]
"""`running`, `seconds_left` and `workers` of one study, as in the rows of `paribus status`."""

_KEYS = ("where", "condition", "replicate", "epoch", "epochs")


def working_in(lab: Lab, catalogue: Catalogue) -> dict[tuple[str, str], Working]:
    """What is trained in a lab now, by study and scale."""
    documents = [driver.document for driver in catalogue.drivers() if driver.is_heard]
    if not documents or not (catalogue.shared or is_held(lab)):
        return {}
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for document in documents:
        found.setdefault((document["study"], document["scale"]), []).append(document)
    return {study: _together(of_study) for study, of_study in found.items()}


def nothing_works() -> Working:
    """That of a study that nobody trains."""
    return {"running": 0, "seconds_left": None, "workers": []}


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
