"""Which examples a run trains on, measures and probes, in which order: its replicate's choice."""

import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data.dataset import Splits
from paribus.training.program import padded
from paribus.training.recipe import Recipe

Positions = NDArray[np.int32]


def epoch_order(recipe: Recipe, replicate: int, epoch: int, train: Positions) -> Positions:
    """The positions of each step's examples in one epoch, (steps, batch), -1 as padding.

    Drawn from the replicate's stream "order", so conditions of a replicate see the same order. A
    full batch is not shuffled.
    """
    if recipe.steps_per_epoch == 1:
        return train[None]
    key = seeds.stream_key(replicate, "order", epoch)
    shuffled = train[seeds.permutation(key, len(train))]
    return padded(shuffled, recipe.batch, -1).reshape(-1, recipe.batch)


def feed_order(
    recipe: Recipe, replicate: int, first: int, last: int, train: Positions
) -> Positions:
    """The orders of the epochs `first` to `last`, filled up to the rows of a whole feed."""
    if recipe.steps_per_epoch == 1:
        return epoch_order(recipe, replicate, first, train)
    epochs = [epoch_order(recipe, replicate, epoch, train) for epoch in range(first, last + 1)]
    filling = [epochs[-1]] * (recipe.epochs_per_feed - len(epochs))
    return np.concatenate(epochs + filling)


def evaluated_positions(recipe: Recipe, replicate: int, splits: Splits) -> dict[str, Positions]:
    """The positions of the examples measured, by split; empty splits are left out."""
    train = splits.train
    if len(train) > recipe.evaluate_train:
        key = seeds.stream_key(replicate, "evaluation")
        train = train[np.sort(seeds.permutation(key, len(train))[: recipe.evaluate_train])]
    found = {"train": train, "validation": splits.validation, "test": splits.test}
    return {name: positions for name, positions in found.items() if len(positions)}


def fixed_batch(recipe: Recipe, replicate: int, splits: Splits) -> Positions:
    """The batch of training examples that probes look at."""
    key = seeds.stream_key(replicate, "probe")
    return splits.train[seeds.permutation(key, len(splits.train))[: recipe.batch]]
