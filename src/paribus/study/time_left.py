"""The time that a running study will yet take, played through from the pace of its runs so far."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from math import ceil

from paribus.study.ahead import Round
from paribus.study.forecast import Waiting, seconds_until_done
from paribus.study.pace import Pace, Running
from paribus.study.plan import PlannedRun

_STARTS = 20
"""The most runs at once when each of so many last ones began is how many lanes there are."""

_NONE = -1
"""The cohort of a lane that has not been at any."""


@dataclass
class TimeLeft:
    """What is known of runs that wait, train and have ended. `clock` gives seconds.

    Not thread-safe: `paribus.study.progress` guards it.
    """

    clock: Callable[[], float]
    running: dict[str, Running] = field(default_factory=dict)
    _pace: Pace = field(default_factory=Pace)
    _ahead: list[Round] = field(default_factory=list)
    _numbers: dict[Hashable, int] = field(default_factory=dict)  # of cohorts, as submitted
    _costs: dict[int, float] = field(default_factory=dict)
    _waiting: dict[int, int] = field(default_factory=dict)
    _met: set[tuple[str, int]] = field(default_factory=set)  # workers, and cohorts of theirs
    _at: dict[str, int] = field(default_factory=dict)  # the last cohort of each worker
    _lanes: deque[int] = field(default_factory=lambda: deque(maxlen=_STARTS))

    def plan(self, to_train: list[PlannedRun], ahead: list[Round]) -> float:
        """These are the runs that wait or train; what of them is not done costs so much."""
        self._ahead = ahead
        self._waiting = {}
        cost = 0.0
        for run in to_train:
            number = self._numbers.setdefault(run.cohort, len(self._numbers))
            if number not in self._costs:
                self._costs[number] = run.cost
            found = self.running.get(run.key)
            if found is None:
                self._waiting[number] = self._waiting.get(number, 0) + 1
            cost += self._costs[number] * (1 if found is None else 1 - found.share)
        return cost

    def start(self, run: PlannedRun, where: str, epoch: int) -> Running:
        """A run begins; one that has begun before does so again, elsewhere."""
        number = self._numbers[run.cohort]
        if run.key not in self.running:
            self._waiting[number] -= 1
        cold = (where, number) not in self._met
        self._met.add((where, number))
        self._at[where] = number
        begun = self.clock()
        found = Running(run, number, self._costs[number], begun, where, epoch, cold)
        self.running[run.key] = found
        self._lanes.append(len(self.running))
        return found

    def end(self, run: PlannedRun, failed: bool) -> Running:
        """A run has ended; nothing is learned from one that failed."""
        found = self.running.pop(run.key)
        if not failed:
            self._pace.learn(found, self.clock())
        return found

    def seconds(self) -> float | None:
        """Seconds until the last run has ended; None while there is nothing to go by."""
        now = self.clock()
        paces = (self._pace.of_all, *(run.own_pace for run in self.running.values()))
        typical = next((pace for pace in paces if pace is not None), None)
        waits = any(self._waiting.values())
        if not waits and not self.running:
            return 0.0
        if typical is None:
            return None
        left = [
            (self._pace.seconds_left(run, now, typical), run.cohort)
            for run in self.running.values()
        ]
        lanes = max(self._lanes, default=1)
        if waits:
            left += self._idle(lanes - len(left))
        until = seconds_until_done(left, list(self._groups(typical)))
        return until + sum(self._seconds_of(one, typical, lanes) for one in self._ahead)

    def _seconds_of(self, ahead: Round, typical: float, lanes: int) -> float:
        compiled_by_one = ahead.chance * ceil(ahead.cohorts / lanes)
        return ahead.cost * typical / lanes + compiled_by_one * self._pace.compiling

    def _idle(self, lanes: int) -> list[tuple[float, int]]:
        """So many lanes between two runs, with the cohorts that they have been at."""
        busy = {run.where for run in self.running.values()}
        at = [cohort for where, cohort in self._at.items() if where not in busy]
        return [(0.0, cohort) for cohort in [*at, *[_NONE] * lanes][:lanes]]

    def _groups(self, typical: float) -> Iterator[Waiting]:
        for number, runs in self._waiting.items():
            if runs:
                seconds = self._pace.seconds_of(number, self._costs[number], typical)
                yield Waiting(number, runs, seconds, self._pace.compiling)
