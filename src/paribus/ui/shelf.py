"""Results as read last, kept until their study has changed: many requests, one reading."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paribus.errors import NothingStoredError, ParibusError
from paribus.store.catalogue import Catalogue
from paribus.store.counts import StudyCounts
from paribus.store.lab import Lab
from paribus.store.records import StudyEntry
from paribus.ui.follower import SHARE
from paribus.ui.moments import LOG, Progress, Study

# What loads pandas and the library of charts is imported where it is first used, so that the
# server is there at once.
if TYPE_CHECKING:
    import pandas as pd

    from paribus.claims.findings import Finding
    from paribus.report.contents import Contents
    from paribus.report.figures import Figure
    from paribus.results.tidy import StudyResults

LEAST_SECONDS = 2.0
KEPT = 3
RENDERED = 24
FIGURES = 8


@dataclass
class Held:
    """A study as it was read: its plan, its counts, its results (None where no run is stored).

    `version` is what pages made of it are called. `seconds` is what reading it, and making pages
    of it, has taken of the processor; `before` is what it took when it was read the last time.
    """

    entry: StudyEntry
    counts: StudyCounts
    results: "StudyResults | None"
    version: str = ""
    seconds: float = 0.0
    before: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _rendered: OrderedDict[Any, str] = field(default_factory=OrderedDict)
    _figures: dict[Any, "Sequence[Figure]"] = field(default_factory=dict)

    @cached_property
    def layer_metrics(self) -> frozenset[str]:
        """Names of what was measured over epochs in each layer."""
        return _names(self.results.layers) if self.results else frozenset()

    @cached_property
    def metrics(self) -> Sequence[str]:
        """Names of all that was measured over epochs, the primary metric first."""
        if self.results is None:
            return []
        primary = self.entry.document["primary"]
        known = _names(self.results.metrics) | self.layer_metrics
        return sorted(known, key=lambda name: (name != primary, name))

    @cached_property
    def found(self) -> "Sequence[Finding]":
        """What became of the claims; nothing where no run is stored."""
        from paribus.claims.findings import findings  # noqa: PLC0415

        return findings(self.results) if self.results else ()

    @cached_property
    def contents(self) -> "Contents":
        """Findings and exhibits; nothing where no run is stored."""
        from paribus.report.contents import Contents, contents  # noqa: PLC0415

        return contents(self.results, self.found) if self.results else Contents()

    def rendered(self, what: Any, render: Callable[[], str]) -> str:
        """What `render` gives, made once for as long as the study stays as it is."""
        with self.lock:
            if what not in self._rendered:
                begun = time.thread_time()
                self._rendered[what] = render()
                self.seconds += time.thread_time() - begun
                if len(self._rendered) > RENDERED:
                    self._rendered.popitem(last=False)
            return self._rendered[what]

    def figures(self, what: Any, draw: "Callable[[], Sequence[Figure]]") -> "Sequence[Figure]":
        """Those that `draw` gives: a page and its charts are made of the same, for one view."""
        with self.lock:
            if what not in self._figures:
                if len(self._figures) > FIGURES:
                    self._figures.clear()
                self._figures[what] = draw()
            return self._figures[what]


@dataclass
class Shelf:
    """The studies of a lab that were asked for last. Safe to use from several threads.

    While a study is trained it is read again, and its page made again, so rarely that this takes a
    small share of the time, however many follow it; when it ends, at once.
    """

    lab: Lab
    clock: Callable[[], float] = time.monotonic
    verdicts: dict[Study, tuple[str, Mapping[str, int] | None]] = field(default_factory=dict)
    _held: OrderedDict[Study, Held] = field(default_factory=OrderedDict)
    _told: dict[Study, tuple[str, float]] = field(default_factory=dict)
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def version(self, study: Study, progress: Progress) -> str:
        """The version that all pages of a study are to show now."""
        with self._telling:
            told, at = self._told.get(study, ("", float("-inf")))
            rest = max(LEAST_SECONDS, SHARE * self.seconds(study))
            if told != progress.version and (not progress.is_working or self.clock() - at >= rest):
                told = progress.version
                self._told[study] = (told, self.clock())
            return told

    def study(self, study: Study, progress: Progress) -> Held:
        """A study of that version; one that is not trained, as it is now.

        Raises `UnknownNameError` or `NothingStoredError` for one that the lab does not have,
        `LabError` where it cannot be read.
        """
        with self._reading:
            version, held = self.version(study, progress), self._held.get(study)
            if held is None or held.version != version or not progress.is_working:
                held = self._held[study] = self._read(study, version, held)
            self._held.move_to_end(study)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
            return held

    def judge(self, study: Study, progress: Progress) -> bool:
        """Count the verdicts of a study where they are not of this version; whether it did."""
        known, version = self.verdicts.get(study), self.version(study, progress)
        if known is not None and known[0] == version:
            return False
        self.verdicts[study] = (version, self._counted(study, progress))
        return True

    def seconds(self, study: Study) -> float:
        """What reading a study once, and making pages of it, takes of the processor."""
        held = self._held.get(study)
        # Of one that was just read again the pages are still to be made.
        return max(held.seconds, held.before) if held else 0.0

    def _read(self, study: Study, version: str, before: Held | None) -> Held:
        """A study as it is now; the one of before where nothing has changed."""
        begun = time.thread_time()
        with Catalogue.open(self.lab, create=False, upgrade=False) as catalogue:
            entry = catalogue.study(*study)
            counts = next(one for one in catalogue.counts() if (one.name, one.scale) == study)
            found = version, entry, vars(counts)  # with what is no part of their equality
            if before and found == (before.version, before.entry, vars(before.counts)):
                return before
            results = _results_of(catalogue, study)
        spent = before.seconds if before else 0.0
        return Held(entry, counts, results, version, time.thread_time() - begun, spent)

    def _counted(self, study: Study, progress: Progress) -> Mapping[str, int] | None:
        try:
            held = self.study(study, progress)
            with held.lock:
                return Counter(one.verdict for one in held.found)
        except ParibusError:
            return None
        except Exception:  # the page of the study shows what is wrong; others are counted
            LOG.exception("verdicts of %s (%s) could not be counted", *study)
            return None


def _names(measured: "pd.DataFrame") -> frozenset[str]:
    return frozenset(map(str, measured["metric"].unique()))


def _results_of(catalogue: Catalogue, study: Study) -> "StudyResults | None":
    from paribus.results.load import load_results  # noqa: PLC0415

    try:
        return load_results(catalogue, *study)
    except NothingStoredError:
        return None
