"""Which runs go to a lane together."""

from collections.abc import Hashable, Mapping
from contextlib import suppress

from paribus.store.catalogue import Catalogue
from paribus.study.plan import PlannedRun
from paribus.training.checkpoint import Checkpoint, CheckpointError


def side_by_side(
    runs: list[PlannedRun], catalogue: Catalogue, widest: int
) -> list[list[PlannedRun]]:
    """The runs in lists that are given to a lane as a whole, in the order of their firsts.

    Where a lane has room for one, each run alone; else all runs of a cohort that are at one place.
    """
    if widest == 1:
        return [[run] for run in runs]
    found: dict[Hashable, list[PlannedRun]] = {}
    places = _places(catalogue, runs)
    for run in runs:
        found.setdefault((run.cohort, places.get(run.key)), []).append(run)
    return list(found.values())


def _places(catalogue: Catalogue, runs: list[PlannedRun]) -> Mapping[str, tuple[int, int]]:
    """Where stored checkpoints are, read one after the other: they are large."""
    found: dict[str, tuple[int, int]] = {}
    for key in catalogue.checkpointed(run.key for run in runs):
        for content in catalogue.checkpoints([key]).values():
            with suppress(CheckpointError):
                found[key] = Checkpoint.from_bytes(content).place
    return found
