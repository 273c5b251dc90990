"""Labs in memory whose studies are exported: an ordinary one, one that diverged, hostile ones."""

from dataclasses import replace
from zlib import crc32

import numpy as np

from paribus.store.catalogue import Catalogue
from paribus.store.records import Measurement, Member
from report.example_lab import CLAIMS, claimed
from results.example_studies import (
    ACTIVATIONS,
    BEST,
    classification,
    cut,
    entry,
    factor,
    stored,
)

HOSTILE = (
    "../../outside",
    "a/b",
    "a-b",
    "<script>alert(1)</script>",
    "ReLU",
    "relu",
    "..",
    "größe ☃",
    "x" * 400,
    "x" * 401,
    "con\x1b[2J\u202e",
    "%2e%2e",
)


def catalogue_of(study, runs):
    """A lab in memory that holds one study."""
    made = Catalogue.in_memory()
    made.put_study(study)
    for run in runs:
        made.add_run(run)
    return made


def activations(replicates=2, epochs=20, labels=4, **document):
    """Activations with claims, as they are in a lab; the last `labels` of four."""
    chosen = ACTIVATIONS | {"labels": ACTIVATIONS["labels"][-labels:]}
    study = entry([chosen], replicates, claims=claimed(*CLAIMS), **document)
    return catalogue_of(study, ordinary_runs(study, epochs))


def ordinary_runs(study, epochs=20):
    """Finished runs of all members, each with the same numbers whatever else there is."""
    for member in study.members:
        best = BEST.get(next(iter(member.condition.values()), ""), 0.95)
        seed = crc32(member.key.encode())
        yield stored(member, classification(best, 0.4, seed, epochs))


def diverging():
    """As `activations`, but the second replicate of relu diverged in epoch 7."""
    study = entry([ACTIVATIONS | {"labels": ["sigmoid", "relu"]}], 2)
    runs = list(ordinary_runs(study))
    place = next(n for n, run in enumerate(runs) if run.key == "relu-1")
    left = [
        _ending_in(one, np.inf) if one.name == "train/loss" else one
        for one in cut(runs[place].measurements, 6)
    ]
    runs[place] = stored(study.members[place], left, status="diverged", diverged_epoch=7)
    return catalogue_of(study, runs)


def _ending_in(measurement, value):
    values = measurement.values.copy()
    values[-2:] = np.nan, value
    return replace(measurement, values=values)


def hostile():
    """A factor and labels that no folder and no tracker takes as they are, and a metric so named.

    The recipe has a value that is too long for a tracker, and a name that is none.
    """
    study = entry([factor("../<b>", list(HOSTILE), "model.activation")], 1)
    runs = []
    for number, member in enumerate(study.members):
        odd = Measurement("../<i>metric</i>", np.arange(3.0), coords={"epoch": np.arange(3)})
        recipe = {"../a": "<script>", "long": "y" * 9000, "": "empty", "none": None}
        run = stored(member, [*classification(0.9, 0.4, number, 3), odd], recipe=recipe)
        runs.append(replace(run, key=f"hostile-{number}"))
    members = tuple(
        Member(f"hostile-{number}", member.condition, member.replicate)
        for number, member in enumerate(study.members)
    )
    return catalogue_of(replace(study, members=members), runs)
