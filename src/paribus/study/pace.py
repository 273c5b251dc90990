"""How fast runs are trained, learned from those that were: the basis of the time left.

What is learned belongs to a cohort, whose runs cost the same; what is not known of a cohort is
taken from the others, in seconds per unit of cost (`paribus.study.cost`).
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import fmean, geometric_mean

from paribus.study.plan import PlannedRun

FORGETTING = 0.8
"""What an earlier run of a cohort weighs, against the one after it."""

OWN_SECONDS = 5.0
"""A run that has been watched for so long is judged by its own pace, not by its cohort's."""

OVERDUE = 0.25
"""Compiling that is overdue will yet take this share of what it has taken."""

_SHARES = 30


@dataclass
class Running:
    """A run in training, and when it was heard of.

    It began at `begun`, with `epoch` epochs done; `first` and `last` are the times and epochs of
    the first and the last word of it since. `cold`: its program had to be made or loaded first.
    """

    run: PlannedRun
    cohort: int
    cost: float
    begun: float
    where: str = ""
    epoch: int = 0
    cold: bool = False
    first: tuple[float, int] | None = None
    last: tuple[float, int] | None = None

    def heard(self, now: float, epoch: int) -> None:
        """Takes note of so many epochs."""
        self.last = (now, epoch)
        self.first = self.first or self.last

    @property
    def done(self) -> int:
        """Epochs that are trained."""
        return self.epoch if self.last is None else self.last[1]

    @property
    def share(self) -> float:
        """The share of its epochs that is trained; 0 where their number is not known."""
        return min(1.0, self.done / self.run.epochs) if self.run.epochs else 0.0

    @property
    def watched(self) -> float:
        """Seconds between the first and the last word of it."""
        return 0.0 if self.first is None or self.last is None else self.last[0] - self.first[0]

    @property
    def own_pace(self) -> float | None:
        """Seconds per unit of cost in that time."""
        if self.first is None or self.last is None:
            return None
        cost = self.cost_of(self.last[1] - self.first[1])
        return self.watched / cost if cost else None

    def cost_of(self, epochs: int) -> float:
        """What so many of its epochs cost; 0 where their number is not known."""
        return self.cost * epochs / self.run.epochs if self.run.epochs else 0.0

    @property
    def whole(self) -> tuple[float, float]:
        """Of a run that has ended: what it cost since it began, and the share that it took."""
        if self.run.epochs is None:
            return self.cost, 1.0
        return self.cost_of(self.done - self.epoch), self.share


@dataclass
class _Recent:
    """A mean in which the last values weigh most."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, value: float) -> None:
        self.total = FORGETTING * self.total + value
        self.weight = FORGETTING * self.weight + 1

    @property
    def mean(self) -> float:
        return self.total / self.weight if self.weight else 0.0


@dataclass
class Pace:
    """What runs that ended have taught."""

    _warm: dict[int, _Recent] = field(default_factory=dict)
    _cold: dict[int, float] = field(default_factory=dict)
    _compiling: _Recent = field(default_factory=_Recent)
    _shares: dict[int, deque[float]] = field(default_factory=dict)
    _all_shares: deque[float] = field(default_factory=lambda: deque(maxlen=_SHARES))

    def learn(self, run: Running, now: float) -> None:
        """Learns from a run that has ended now."""
        seconds, (cost, share) = now - run.begun, run.whole
        if cost <= 0:
            return
        self._shares.setdefault(run.cohort, deque(maxlen=_SHARES)).append(share)
        self._all_shares.append(share)
        if not run.cold:
            self._warm.setdefault(run.cohort, _Recent()).add(seconds / cost)
            return
        if run.own_pace is not None:
            self._cold[run.cohort] = run.own_pace
        known = self._of(run.cohort) or self.of_all
        if known is not None:
            self._compiling.add(max(0.0, seconds - known * cost))
        self._cold.setdefault(run.cohort, seconds / cost if known is None else known)

    @property
    def compiling(self) -> float:
        """Seconds that a cold run takes longer than others."""
        return self._compiling.mean

    @property
    def of_all(self) -> float | None:
        """Seconds per unit of cost, over all cohorts met."""
        paces = [pace for number in self._cold | self._warm if (pace := self._of(number))]
        return geometric_mean(paces) if paces else None

    def seconds_of(self, cohort: int, cost: float, typical: float) -> float:
        """What a run of a cohort takes, `typical` being the pace where that is not known."""
        shares = self._shares.get(cohort) or self._all_shares or [1.0]
        return fmean(shares) * cost * (self._of(cohort) or typical)

    def seconds_left(self, run: Running, now: float, typical: float) -> float:
        """What a run in training will yet take."""
        own = run.own_pace
        pace = self._of(run.cohort) or own or typical
        if own is not None and run.watched > OWN_SECONDS:
            pace = own
        left = (self._last_share(run) - run.share) * run.cost * pace
        if run.last is not None:
            return max(0.0, left - (now - run.last[0]))
        waited = now - run.begun
        if not run.cold:
            return max(0.0, left - waited)
        # Compiling that takes longer than it did for others takes a while longer.
        return left + max(self.compiling - waited, OVERDUE * waited)

    def _of(self, cohort: int) -> float | None:
        warm = self._warm.get(cohort)
        return self._cold.get(cohort) if warm is None else warm.mean

    def _last_share(self, run: Running) -> float:
        known = self._shares.get(run.cohort) or self._all_shares or [1.0]
        longer = [share for share in known if share > run.share]
        return fmean(longer) if longer else (1 + run.share) / 2
