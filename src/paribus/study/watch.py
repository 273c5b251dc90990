"""What a running study tells whoever watches it."""

from typing import Protocol

from paribus.study.plan import Plan, PlannedRun


class Watch(Protocol):
    """Told of a study's progress; `epoch_done` is called from the threads that train."""

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Called before training, and before each further round of a design that has several."""
        ...

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """So many epochs of a run are trained; short epochs are told several at once."""
        ...

    def run_done(self, run: PlannedRun, status: str) -> None:
        """A run is stored ("finished", "diverged") or has failed ("failed")."""
        ...


class Silent:
    """Watches nothing."""

    def planned(self, plan: Plan, to_train: list[PlannedRun]) -> None:
        """Ignored."""

    def epoch_done(self, run: PlannedRun, epoch: int) -> None:
        """Ignored."""

    def run_done(self, run: PlannedRun, status: str) -> None:
        """Ignored."""
