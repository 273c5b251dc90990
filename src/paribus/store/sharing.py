"""What the drivers of a lab tell each other through it: who trains what, and who is alive."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from paribus.store import leases
from paribus.store.database import Database, chunks
from paribus.store.records import Driver


class Sharing:
    """The part of a catalogue that drivers share work by; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether several drivers may train in the lab at once; False of a folder."""
        return self._database.shared

    def lease(self, keys: Sequence[str], driver: str, dead: Collection[str] = ()) -> list[str]:
        """Lease runs to a driver; those of the keys, in order, that are now its own to train.

        They are not stored, and leased to nobody else, unless to one of the `dead`: drivers whose
        `beats` the caller has watched for long enough by its own clock. The `add_run` and
        `record_failure` of a key end its lease.
        """
        return self._database.write(leases.take_leases, keys, driver, dead)

    def leases(self, keys: Sequence[str]) -> dict[str, str]:
        """The driver of each of these runs that is leased, dead ones among them."""
        found: dict[str, str] = {}
        for chunk in chunks(keys):
            found |= self._database.read(leases.select_leases, chunk)
        return found

    def release(self, driver: str) -> None:
        """End all leases of a driver, and forget it."""
        self._database.write(leases.release_driver, driver)

    def beat(self, driver: str, document: Mapping[str, Any]) -> None:
        """Say that a driver is alive, and in `document` (JSON-ready) what it does.

        In a shared lab no other driver that stores much, or is stuck, keeps it waiting.
        """
        self._database.note(leases.beat_driver, driver, document)

    def drivers(self) -> list[Driver]:
        """The drivers of the lab, and those that ended without saying so, by id."""
        return self._database.read(leases.select_drivers)

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other drivers of a shared lab out of what asks for the same, for a short while.

        Waits for its turn. In a folder it does nothing: `hold` keeps the others out. Raises
        `LabHeldError` where the turn does not come.
        """
        return self._database.exclusive()
