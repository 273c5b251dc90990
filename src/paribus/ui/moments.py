"""How far the studies of a lab are at one moment, and what is trained there now."""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import DamagedLabError, ParibusError
from paribus.store.catalogue import Catalogue
from paribus.store.counts import StudyCounts
from paribus.store.lab import Lab
from paribus.store.working import nothing_works, working_in

LOG = logging.getLogger("paribus.ui")

Study = tuple[str, str]
"""A study's name and scale."""


@dataclass(frozen=True)
class Progress:
    """How far one study is, as `paribus status` counts it, and what its workers do.

    `driven` says that a driver is at it, though it may not have begun, or analyse all that it has.
    """

    counts: StudyCounts
    running: int
    seconds_left: float | None
    workers: tuple[Mapping[str, Any], ...]
    driven: bool = False

    @property
    def version(self) -> str:
        """Changes with the plan, with all that is stored of runs or fails, and with training.

        With analyses too: which of them are stored is part of the plan.
        """
        one = self.counts
        runs = f"{one.total}-{one.done}-{one.diverged}-{one.failed}"
        working = "w" if self.is_working else "r"
        return f"{runs}-{working}-{one.plan or 0:x}-{one.rows:x}"

    @property
    def is_working(self) -> bool:
        """Whether a driver is at this study now."""
        return self.driven or self.seconds_left is not None or self.running > 0


@dataclass(frozen=True)
class Moment:
    """All studies of a lab, in their order; or the `trouble` for which it cannot be read."""

    studies: Mapping[Study, Progress] = field(default_factory=dict)
    trouble: str = ""


def read_moment(lab: Lab, catalogue: Catalogue) -> Moment:
    """The lab as it is now, without reading a run.

    Raises `LabError` where it cannot be read.
    """
    try:
        working = working_in(lab, catalogue)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DamagedLabError(
            f"what the drivers of {catalogue.lab} say of themselves cannot be read: {error!r}"
        ) from error
    return Moment(
        {
            (one.name, one.scale): _progress(one, working.get((one.name, one.scale)))
            for one in catalogue.counts()
        }
    )


def _progress(counts: StudyCounts, working: Mapping[str, Any] | None) -> Progress:
    said = working or nothing_works()
    workers = tuple(said["workers"])
    return Progress(counts, said["running"], said["seconds_left"], workers, working is not None)


@dataclass
class Reader:
    """Reads a lab again and again over one connection, in one thread.

    `seconds` is what reading took of the processor the last time; opening the lab is not in it.
    """

    lab: Lab
    seconds: float = 0.0
    _catalogue: Catalogue | None = None

    def read(self) -> Moment:
        """The lab as it is now; one that cannot be read is opened anew the next time.

        Never raises: the page is to go on when the lab is back, whatever ails it now.
        """
        try:
            if self._catalogue is None:
                self._catalogue = Catalogue.open(self.lab, create=False, upgrade=False)
            begun = time.thread_time()
            moment = read_moment(self.lab, self._catalogue)
            self.seconds = time.thread_time() - begun
            return moment
        except ParibusError as error:
            self.close()
            return Moment(trouble=str(error))
        except Exception as error:
            LOG.exception("the lab could not be read")
            self.close()
            return Moment(trouble=f"The lab could not be read: {type(error).__name__}.")

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._catalogue is not None:
            with suppress(Exception):  # a connection that is broken already
                self._catalogue.close()
        self._catalogue = None
