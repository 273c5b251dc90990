"""The heartbeat of a driver: once a second the lab is told that it lives, and what it does.

It has a thread of its own, so that a long compilation is not taken for death, and a connection of
its own, because catalogues belong to their threads.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from paribus.errors import ParibusError
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab
from paribus.study.progress import Progress

BEAT_SECONDS = 1.0

# A lab that does not answer must not hold up the end of a command.
_GRACE_SECONDS = 5.0

LOG = logging.getLogger("paribus.study.heartbeat")


@contextmanager
def beating(lab: Lab, driver: str, progress: Progress, on: str = "threads") -> Iterator[None]:
    """Inside, the driver beats in the lab about once a second with the document of its progress.

    `on` says what its workers are. A lab that cannot be reached is tried again at each beat, and
    stops nothing. Afterwards no beat follows; the last one stays until the driver is released.
    """
    heart = _Heart(lab, driver, progress, on)
    thread = threading.Thread(target=heart.beat, name="paribus-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        heart.stopped.set()
        thread.join(_GRACE_SECONDS)


@dataclass
class _Heart:
    lab: Lab
    driver: str
    progress: Progress
    on: str
    stopped: threading.Event = field(default_factory=threading.Event)
    _catalogue: Catalogue | None = None
    _away: bool = False

    def beat(self) -> None:
        while not self.stopped.is_set():
            try:
                self._beat()
            except Exception as error:  # whatever ails the lab, training goes on
                self._miss(error)
            self.stopped.wait(BEAT_SECONDS)
        self._close()

    def _beat(self) -> None:
        if self._catalogue is None:
            self._catalogue = Catalogue.open(self.lab, create=False)
        self._catalogue.beat(self.driver, self._document())
        if self._away:
            self._away = False
            LOG.info("lab is back", extra={"facts": {"driver": self.driver}})

    def _document(self) -> dict[str, object]:
        process = {"host": socket.gethostname(), "pid": os.getpid(), "on": self.on}
        return self.progress.document() | process

    def _miss(self, error: Exception) -> None:
        self._close()
        if not self._away:
            self._away = True
            known = isinstance(error, ParibusError)
            message = str(error) if known else f"{type(error).__name__}: {error}"
            facts = {"driver": self.driver, "message": message}
            LOG.warning("lab is away", extra={"facts": facts})

    def _close(self) -> None:
        if self._catalogue is not None:
            with suppress(Exception):  # a connection that is broken already
                self._catalogue.close()
        self._catalogue = None
