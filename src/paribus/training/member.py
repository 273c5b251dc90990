"""One run while it trains: where it is, what was measured, whether it is at its end."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data.dataset import split
from paribus.data.labels import corrupted
from paribus.models.base import weights_of
from paribus.models.initialize import initial_network
from paribus.snapshot import Observer
from paribus.spec import fill_traced, split_traced
from paribus.training import program
from paribus.training.checkpoint import Checkpoint
from paribus.training.history import History
from paribus.training.positions import evaluated_positions, feed_order, fixed_batch
from paribus.training.second_phase import Descent
from paribus.training.task import Before, Seconds, Task, Trained


class Fixed(NamedTuple):
    """What the programs are given of one run and never changes: numbers, keys, positions."""

    traced: dict[str, Any]
    dropout: NDArray[np.uint32]
    augmentation: NDArray[np.uint32]
    evaluated: NDArray[np.int32]


class Member:
    """A run's part of training that is on the host and its own, whoever it trains beside."""

    def __init__(self, task: Task) -> None:
        recipe, replicate = task.recipe, task.replicate
        self.task = task
        self.splits = split(task.dataset, recipe.data.validation, replicate)
        share = recipe.data.random_labels
        self.dataset = corrupted(task.dataset, self.splits.train, share, replicate)
        positions = evaluated_positions(recipe, replicate, self.splits)
        self.history = History(recipe, self.dataset, positions, task.observers)
        self.positions = positions
        self.static, self._values = split_traced(recipe)
        evaluated = self.history.positions
        self.fixed = Fixed(
            traced=self.traced_as(np.dtype(recipe.precision)),
            dropout=seeds.words(seeds.stream_key(replicate, "dropout")),
            augmentation=seeds.words(seeds.stream_key(replicate, "augmentation")),
            evaluated=program.padded(evaluated, program.EVALUATION_CHUNK, evaluated[0]),
        )
        self.needs = frozenset(need for one in task.observers for need in one.needs)
        self.seconds = Seconds()
        self.before = Before()
        self.epoch = 0
        self.last = recipe.epochs
        self.phases = 1
        self.previous_epoch: int | None = None
        self.diverged_epoch: int | None = None
        self._typed = fill_traced(self.static, self.fixed.traced)

    @cached_property
    def initial(self) -> Any:
        """The weights that training starts from, as host arrays: fresh ones, unless set."""
        recipe = self.task.recipe
        facts = recipe.data.facts()
        network = initial_network(
            recipe.model,
            facts.shape,
            facts.outputs,
            initialization=recipe.initialization,
            replicate=self.task.replicate,
            dtype=np.dtype(recipe.precision),
        )
        return weights_of(network)

    @cached_property
    def batch(self) -> NDArray[np.int32]:
        """The positions of the training examples that observers look at."""
        return fixed_batch(self.task.recipe, self.task.replicate, self.splits)

    def traced_as(self, dtype: np.dtype[Any]) -> dict[str, Any]:
        """The numbers that enter the compiled programs as arrays."""
        return {path: dtype.type(value) for path, value in self._values.items()}

    def order(self, first: int, last: int) -> NDArray[np.int32]:
        """What is trained on in these epochs."""
        return feed_order(self.task.recipe, self.task.replicate, first, last, self.splits.train)

    @property
    def steps(self) -> int:
        """Steps taken since the start, those of whole epochs."""
        epochs = self.epoch - (self.phases - 1)  # a second phase counts as one, without steps
        return epochs * self.task.recipe.steps_per_epoch

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.diverged_epoch is not None or self.epoch >= self.last

    def add_losses(self, losses: NDArray[np.floating]) -> None:
        """Takes the sums of the objective over whole epochs, until one that ends the run."""
        count = len(self.splits.train)
        for loss in losses:
            self.epoch += 1
            self.history.add_batch_loss(self.epoch, float(loss) / count)
            if not np.isfinite(loss):
                self.diverged_epoch = self.epoch
                return
            if program.ends_run(self._typed, loss):
                self.last = self.epoch
                return

    @property
    def second_phase_due(self) -> bool:
        """Whether the first phase is at its end, and another to begin."""
        wanted = self.task.recipe.second_phase is not None and self.phases == 1
        return wanted and self.ended and self.diverged_epoch is None

    def add_second_phase(self, descent: Descent) -> None:
        """Takes how the second phase went; it is the run's last epoch."""
        self.phases = 2
        self.epoch += 1
        self.last = self.epoch
        self.history.add_descent(self.epoch, descent)

    def evaluation_due(self) -> bool:
        """Whether the splits are to be measured now."""
        if self.diverged_epoch is not None:
            return False
        # At an end that the recipe's schedule does not know, too.
        return self.task.recipe.evaluation_due(self.epoch) or self.epoch == self.last

    def add_evaluation(self, found: tuple[NDArray[np.floating], NDArray[np.int32]]) -> None:
        """Takes each example's loss and predicted class."""
        self.history.add_evaluation(self.epoch, found)
        if not self.history.losses_are_finite():
            self.diverged_epoch = self.epoch
        elif self.history.stop_early():
            self.last = self.epoch

    def observers_due(self) -> tuple[Observer, ...]:
        """Those that are to measure now."""
        if self.diverged_epoch is not None:
            return ()
        known = self.previous_epoch == self.epoch - 1
        last = self.last + 1 if self.second_phase_due else self.last
        return tuple(
            one
            for one in self.task.observers
            if one.due(self.epoch, last) and (known or "previous" not in one.needs)
        )

    def next_due(self, longest: int) -> int:
        """The next epoch after which something is measured, at most `longest` away."""
        recipe = self.task.recipe
        furthest = min(self.epoch + longest, recipe.epochs)
        for epoch in range(self.epoch + 1, furthest):
            if recipe.evaluation_due(epoch) or self._observed(epoch):
                return epoch
        return furthest

    def _observed(self, epoch: int) -> bool:
        """Whether an observer is due at this epoch, or needs its weights at the next."""
        last = self.task.recipe.epochs
        return any(
            one.due(epoch, last) or ("previous" in one.needs and one.due(epoch + 1, last))
            for one in self.task.observers
        )

    def checkpoint(self, done: int, state: Sequence[NDArray[Any]], made_with: str) -> Checkpoint:
        """The run as it is, `done` steps after its last whole epoch."""
        seconds = vars(self.before.seconds + self.seconds)
        took = {"seconds": seconds, "restarts": self.before.restarts}
        return Checkpoint(self.epoch, done, tuple(state), self.history.kept(), made_with, took)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Puts the run where the checkpoint was taken."""
        self.epoch = checkpoint.epoch
        self.history.restore(checkpoint.measured)
        steps = self.steps + checkpoint.done
        seconds = Seconds(**checkpoint.took["seconds"])
        self.before = Before(steps, seconds, checkpoint.took["restarts"] + 1)

    def trained(self, weights: Any) -> Trained:
        """The finished run, given its last weights."""
        return Trained(
            history=self.history,
            network=program.network_of(self.task.recipe, weights),
            splits=self.splits,
            epochs=self.epoch,
            # A run may end before the place that its checkpoint was taken at, having gone idle.
            steps=max(0, self.steps - self.before.steps),
            seconds=self.seconds,
            diverged_epoch=self.diverged_epoch,
            before=self.before,
        )
