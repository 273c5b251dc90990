"""The page of one run: all that is stored of it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paribus.errors import NothingStoredError, UnknownNameError
from paribus.report.quantities import duration
from paribus.report.recipe import plain
from paribus.results.provenance import origins
from paribus.results.tidy import condition_label, positions
from paribus.spec import leaves
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.store.records import Measurement, Member, StoredRun
from paribus.ui.moments import Study
from paribus.ui.pages import Exact, address, render

BEGINNING = 4
"""So many letters of a key find runs that may have been meant."""
EPOCHS = 400
"""The most epochs that the table of a run shows."""


def run_page(lab: Lab, study: Study, key: str) -> str:
    """The page of a run of a study, trained or not.

    Raises `UnknownNameError` for a run that is not part of the study.
    """
    member, run, failure = find_run(lab, study, key)
    return render(
        "run.html",
        {
            "study": {"name": study[0], "scale": study[1]},
            "base": Exact(address(study)),
            "key": key,
            "title": f"{condition_label(member.condition)}, replicate {member.replicate}",
            "condition": [
                {"name": name, "text": label} for name, label in member.condition.items()
            ],
            "replicate": member.replicate,
            "failure": failure,
            "run": None if run is None else _stored(run),
        },
    )


def run_record(lab: Lab, study: Study, key: str) -> dict[str, Any]:
    """All that is stored of a run, JSON-ready; numbers that are not finite are None.

    Of artifacts the sizes alone. Raises as `run_page`.
    """
    member, run, failure = find_run(lab, study, key)
    record: dict[str, Any] = {
        "key": key,
        "study": study[0],
        "scale": study[1],
        "condition": dict(member.condition),
        "replicate": member.replicate,
        "status": run.status if run else "failed" if failure else "not trained",
        "failure": failure,
    }
    if run is None:
        return record
    return record | {
        "seed_replicate": run.replicate,
        "fingerprint": run.fingerprint,
        "parameters": run.parameters,
        "diverged_epoch": run.diverged_epoch,
        "recipe": run.recipe,
        "provenance": run.provenance,
        "artifacts": {name: len(content) for name, content in run.artifacts.items()},
        "measurements": [_measured(one) for one in run.measurements if "weight" not in one.dims],
    }


def find_run(lab: Lab, study: Study, key: str) -> tuple[Member, StoredRun | None, str | None]:
    """A run's place in a study, what is stored of it, and the message of its last failure."""
    with Catalogue.open(lab, create=False, upgrade=False) as catalogue:
        members = {one.key: one for one in catalogue.study(*study).members}
        if key not in members:
            near = [one for one in members if one.startswith(key[:BEGINNING] or "-")][:3]
            advice = f"Those that begin so: {', '.join(near)}" if near else "None begins so"
            raise UnknownNameError(f"run of study {study[0]}", key, near, advice)
        try:
            run = catalogue.run(key)
        except NothingStoredError:
            run = None
        return members[key], run, catalogue.failures([key]).get(key)


def _stored(run: StoredRun) -> dict[str, Any]:
    series = [one for one in run.measurements if one.dims == ("epoch",)]
    arrays = [one for one in run.measurements if one.dims != ("epoch",)]
    return {
        "status": run.status,
        "diverged_epoch": run.diverged_epoch,
        "facts": _facts(run),
        "recipe": [{"name": name, "text": plain(value)} for name, value in leaves(run.recipe)],
        "origin": [
            {"name": one.title, "text": " | ".join(one.values)}
            for one in origins([run.provenance])
            if one.values
        ],
        "seconds": [
            {"name": name, "text": duration(float(value))}
            for name, value in (run.provenance.get("seconds") or {}).items()
        ],
        "trained": [str(run.provenance.get(name, "")) for name in ("started", "finished")],
        "epochs": _by_epoch(series),
        "arrays": [_described(one) for one in arrays],
        "artifacts": [
            {"name": name, "text": f"{len(content):,} bytes"}
            for name, content in run.artifacts.items()
        ],
    }


def _facts(run: StoredRun) -> list[dict[str, str]]:
    """What is known beside its condition; a user's own trainer says nothing of its model."""
    told = {
        "Trained numbers": f"{run.parameters:,}" if run.parameters else "",
        "Seeded as replicate": str(run.replicate),
        "Data fingerprint": run.fingerprint,
        "Trained by": _trainer(run),
    }
    return [{"name": name, "text": text} for name, text in told.items() if text]


def _trainer(run: StoredRun) -> str:
    made = run.provenance.get("made_by") or {}
    return f"{made['function']} (code {made['code'][:12]})" if "function" in made else ""


def _by_epoch(series: Sequence[Measurement]) -> dict[str, Any]:
    """A row per epoch, a column per measurement; of many epochs some, evenly spread."""
    values = {
        one.name: dict(zip(positions(one, "epoch").tolist(), one.values.tolist(), strict=True))
        for one in series
    }
    epochs = sorted({epoch for one in values.values() for epoch in one})
    step = -(-len(epochs) // EPOCHS) or 1
    shown = [epoch for place, epoch in enumerate(epochs) if place % step == 0]
    if epochs and shown[-1] != epochs[-1]:
        shown.append(epochs[-1])
    return {
        "heads": list(values),
        "rows": [(epoch, [_number(one.get(epoch)) for one in values.values()]) for epoch in shown],
        "count": len(epochs),
    }


def _described(one: Measurement) -> dict[str, str]:
    shape = " \u00d7 ".join(
        f"{size:,} {dim}" for dim, size in zip(one.dims, one.values.shape, strict=True)
    )
    value = _number(one.values.item()) if one.values.size == 1 else _range(one)
    return {"name": one.name, "shape": shape or "one number", "value": value}


def _range(one: Measurement) -> str:
    if not np.issubdtype(one.values.dtype, np.number) or not one.values.size:
        return ""
    known = one.values[np.isfinite(one.values)]
    if not known.size:
        return "none finite"
    return f"{_number(known.min())} to {_number(known.max())}"


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{float(value):.6g}"


def _measured(one: Measurement) -> Mapping[str, Any]:
    return {
        "name": one.name,
        "dims": list(one.dims),
        "coords": {name: np.asarray(at).tolist() for name, at in one.coords.items()},
        "values": _finite(one.values.tolist()),
    }


def _finite(values: Any) -> Any:
    if isinstance(values, list):
        return [_finite(one) for one in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values
