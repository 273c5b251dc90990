"""One reader for all who follow a lab, so that ten open pages cost a study no more than one.

A lab is read about once a second while a page is open, and less often where that takes long:
reading takes a small share of the processor at most. What has changed goes to all pages at once.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from paribus.store.lab import Lab
from paribus.ui.moments import Moment, Progress, Reader, Study

PAUSE_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 15.0
SHARE = 30
"""While a study is trained, work for the page rests so many times as long as it computed."""

Judge = Callable[[Study, Progress], bool]
"""Counts the verdicts of a study where that has not been done; whether it has done it now."""


@dataclass
class Follower:
    """Reads a lab while somebody listens, and tells all who do. Lives in one event loop.

    `judge` is called in a thread of its own while somebody asks for verdicts. `moment` is the lab
    as it was read last, however long ago.
    """

    lab: Lab
    judge: Judge
    moment: Moment | None = None
    closing: bool = False
    _next: float = float("-inf")
    _listeners: int = 0
    _asking: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def recent(self) -> Moment | None:
        """The lab as it was read last, unless it should have been read again."""
        return self.moment if time.monotonic() < self._next + PAUSE_SECONDS else None

    async def follow(self) -> None:
        """Read the lab until cancelled."""
        reader = Reader(self.lab)
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "paribus-reader") as thread:
            try:
                while True:
                    await self._wanted.wait()
                    begun = time.perf_counter()
                    self._publish(await loop.run_in_executor(thread, reader.read))
                    # A server far away is waited for, which takes nothing from the training.
                    waited = time.perf_counter() - begun
                    rest = max(PAUSE_SECONDS, waited, SHARE * reader.seconds)
                    self._next = time.monotonic() + rest
                    await asyncio.sleep(rest)
            finally:
                thread.submit(reader.close)

    async def count_verdicts(self) -> None:
        """Have verdicts counted, one study after the other, until cancelled."""
        while True:
            await self._wanted.wait()
            counted, spent = (
                await asyncio.to_thread(self._judge_one) if self._asking else (False, 0)
            )
            if counted and self.moment:
                self._publish(replace(self.moment))
            busy = self.moment and any(one.is_working for one in self.moment.studies.values())
            await asyncio.sleep(max(PAUSE_SECONDS, SHARE * spent) if busy or not counted else 0)

    async def moments(self, asking: bool) -> AsyncGenerator[Moment | None, None]:
        """Each moment as it is read, from the last one on; None now and then, to keep a line open.

        Ends when the server does. `asking` is for verdicts.
        """
        self._listeners += 1
        self._asking += asking
        self._wanted.set()
        try:
            if self.recent is not None:
                yield self.recent
            while not self.closing:
                told = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), KEEP_ALIVE_SECONDS)
                    told = self.moment
                if not self.closing:
                    yield told
        finally:
            self._listeners -= 1
            self._asking -= asking
            if not self._listeners:
                self._wanted.clear()

    def close(self) -> None:
        """End all that listen; called in the event loop."""
        self.closing = True
        self._wake()

    def _publish(self, moment: Moment) -> None:
        self.moment = moment
        self._wake()

    def _wake(self) -> None:
        # Whoever waits now is woken; who comes later waits for the next.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _judge_one(self) -> tuple[bool, float]:
        begun, moment = time.thread_time(), self.moment
        studies = moment.studies if moment else {}
        counted = any(self.judge(study, progress) for study, progress in studies.items())
        return counted, time.thread_time() - begun
