"""Which runs go to a lane together, and from where each goes on."""

from collections.abc import Hashable, Mapping, Sequence

from paribus.snapshot import Observer
from paribus.store.catalogue import Catalogue
from paribus.study.plan import PlannedRun
from paribus.training.checkpoint import Checkpoint, CheckpointError
from paribus.training.lane import Lane, made_by


def side_by_side(
    runs: list[PlannedRun], checkpoints: Mapping[str, Checkpoint], lane: Lane
) -> list[list[PlannedRun]]:
    """The runs in lists that are given to a lane as a whole, in the order of their firsts.

    On CPUs each run alone; elsewhere all runs of a cohort that are at one place.
    """
    if lane.widest == 1:
        return [[run] for run in runs]
    found: dict[Hashable, list[PlannedRun]] = {}
    for run in runs:
        checkpoint = checkpoints.get(run.key)
        place = None if checkpoint is None else checkpoint.place
        found.setdefault((run.cohort, place), []).append(run)
    return list(found.values())


def usable_checkpoints(
    catalogue: Catalogue, runs: list[PlannedRun], lane: Lane, observers: Sequence[Observer]
) -> dict[str, Checkpoint]:
    """The checkpoints of these runs by key, as far as they were made as this lane would go on.

    Other versions or another processor may round differently, and a run would be neither the one
    nor the other: it is trained from its start.
    """
    made_with = made_by(lane, observers)
    found = {}
    for key, content in catalogue.checkpoints({run.key for run in runs}).items():
        try:
            checkpoint = Checkpoint.from_bytes(content)
        except CheckpointError:
            continue
        if checkpoint.made_with == made_with:
            found[key] = checkpoint
    return found
