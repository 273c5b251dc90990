"""The other drivers of a lab that several share: which are dead, and what is left to us."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from paribus.store.catalogue import Catalogue

PATIENCE_SECONDS = 30.0
"""A driver whose heart has not beaten for so long, by our own clock, is dead."""


@dataclass
class Peers:
    """What this driver knows of the others. `clock` gives seconds and is never stepped."""

    driver: str
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, tuple[int, float]] = field(default_factory=dict)

    def leased(self, catalogue: Catalogue, keys: Sequence[str]) -> list[str]:
        """Those of the runs that are now leased to us; all of them in a lab that is ours alone."""
        if not catalogue.shared:
            return list(keys)
        owners = set(catalogue.leases(keys).values()) - {self.driver}
        dead = owners & self.dead(catalogue, owners) if owners else set[str]()
        return catalogue.lease(keys, self.driver, dead)

    def dead(self, catalogue: Catalogue, owners: set[str]) -> set[str]:
        """Those of the drivers whose hearts we have seen stand still for long enough.

        One that has no heartbeat at all has left, and forgot to let go of its leases.
        """
        now, beating = self.clock(), {one.id: one.beats for one in catalogue.drivers()}
        for driver, beats in beating.items():
            known = self._beats.get(driver)
            if known is None or known[0] != beats:
                self._beats[driver] = beats, now
        return {
            owner
            for owner in owners
            if owner not in beating or now - self._beats[owner][1] > PATIENCE_SECONDS
        }
