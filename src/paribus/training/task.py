"""What one run is asked to do, and what comes back of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paribus.data.dataset import Dataset, Splits
from paribus.snapshot import Observer
from paribus.training.checkpoint import Checkpoint
from paribus.training.history import History
from paribus.training.recipe import Recipe


class StoppedError(Exception):
    """The run was asked to stop before its end; what it took until then."""

    def __init__(self, steps: int, seconds: "Seconds") -> None:
        super().__init__(f"cancelled after {steps} steps")
        self.steps = steps
        self.seconds = seconds


@dataclass(frozen=True)
class Task:
    """One run to train, from its start or from a checkpoint.

    `watch` is called with the number of epochs done, `cancelled` asked between calls. About every
    `checkpoint_seconds` a checkpoint goes to `save`.
    """

    recipe: Recipe
    replicate: int
    dataset: Dataset
    observers: tuple[Observer, ...] = ()
    watch: Callable[[int], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False
    checkpoint: Checkpoint | None = None
    checkpoint_seconds: float = float("inf")
    save: Callable[[Checkpoint], None] = lambda _: None


@dataclass
class Seconds:
    """Wall-clock seconds of one run on its lane, by phase; of runs side by side each a share."""

    compile: float = 0.0
    train: float = 0.0
    evaluate: float = 0.0
    probe: float = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


@dataclass(frozen=True)
class Before:
    """Steps and seconds of a run until its checkpoint, and how often it was started again."""

    steps: int = 0
    seconds: Seconds = field(default_factory=Seconds)
    restarts: int = 0


@dataclass(frozen=True)
class Trained:
    """A finished run: its measurements by epoch, its last network, what it took.

    `steps` and `seconds` are those since it was last started; `before` holds what it had taken
    until the checkpoint that it went on from.
    """

    history: History
    network: Any
    splits: Splits
    epochs: int
    steps: int
    seconds: Seconds
    diverged_epoch: int | None
    before: Before
