"""What travels with a script: examples, the order of each epoch, weights, as PyTorch has them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset, split
from paribus.data.labels import corrupted
from paribus.interop.layers import Arrays
from paribus.models.base import named_weights, skeleton
from paribus.models.cnn import CNN
from paribus.models.initialize import initialize
from paribus.training.positions import epoch_order
from paribus.training.recipe import Recipe


def examples(recipe: Recipe, seed: int, dataset: Dataset) -> Arrays:
    """Inputs and targets of each split that is not empty, inputs in the type they are stored in.

    Labels that the recipe replaces at random are replaced; images of a convolutional network are
    (examples, channels, height, width).
    """
    splits = split(dataset, recipe.data.validation, seed)
    dataset = corrupted(dataset, splits.train, recipe.data.random_labels, seed)
    found = {}
    for name, positions in vars(splits).items():
        if len(positions):
            inputs = dataset.inputs[positions]
            found[f"{name}_inputs"] = _channels_first(inputs, recipe)
            found[f"{name}_targets"] = dataset.targets[positions]
    return found


def order(recipe: Recipe, seed: int, dataset: Dataset, epochs: int) -> NDArray[np.int32]:
    """The examples of each epoch in the order of training, (epochs, examples), as rows of `train`.

    Batches follow each other; the last of an epoch is smaller where they do not fit.
    """
    train = split(dataset, recipe.data.validation, seed).train
    rows = []
    for epoch in range(1, epochs + 1):
        positions = epoch_order(recipe, seed, epoch, train).ravel()
        rows.append(np.searchsorted(train, positions[positions >= 0]))
    return np.stack(rows).astype(np.int32)


def initial_weights(recipe: Recipe, seed: int) -> Arrays:
    """The weights that training starts from, by our names."""
    facts = recipe.data.facts()
    empty = skeleton(recipe.model, facts.shape, facts.outputs)
    dtype = np.dtype(recipe.precision)
    return named_weights(initialize(empty, recipe.initialization, seed, dtype))


def _channels_first(inputs: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    if not isinstance(recipe.model, CNN):
        return inputs
    images = inputs[:, None] if inputs.ndim == 3 else inputs.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(images)
