"""What probes measure of a perceptron, in NumPy on its exported weights: slow and obvious.

Layers are pairs (weight, bias) from the input on. Derivatives are central differences, one number
at a time.
"""

from typing import Any, NamedTuple

import numpy as np

STEP = 1e-6


def relu(x):
    return np.maximum(x, 0)


class Case(NamedTuple):
    """A trained run: its layers now, an epoch ago and at the start, and its examples.

    `batch`, `train` and `test` are pairs of inputs (examples, numbers) and targets.
    """

    layers: list
    previous: list
    initial: list
    activation: Any
    loss: Any
    l2: float
    batch: tuple
    train: tuple
    test: tuple

    def losses(self, layers, inputs, targets):
        return self.loss(outputs(layers, inputs, self.activation), targets)

    def objective(self, layers):
        penalty = self.l2 * sum((weight**2).sum() for weight, _ in layers)
        return self.losses(layers, *self.batch).mean() + penalty


def hidden(layers, inputs, activation):
    """What goes into the activation of each hidden layer, and what comes out."""
    found, values = [], inputs
    for weight, bias in layers[:-1]:
        sums = values @ weight.T + bias
        values = activation(sums)
        found.append((sums, values))
    return found


def outputs(layers, inputs, activation):
    values = hidden(layers, inputs, activation)[-1][1] if len(layers) > 1 else inputs
    weight, bias = layers[-1]
    return values @ weight.T + bias


def cross_entropy(outputs, targets):
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_softmax[np.arange(len(targets)), targets]


def mean_squared_error(outputs, targets):
    return ((outputs - targets) ** 2).mean(axis=1)


def slopes(layers, function):
    """The derivative of a function of the layers by each weight and bias, in their shapes."""
    found = []
    for number, layer in enumerate(layers):
        for part, array in enumerate(layer):
            slope = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                ends = []
                for sign in (1, -1):
                    moved = [[one.copy() for one in pair] for pair in layers]
                    moved[number][part][place] += sign * STEP
                    ends.append(function(moved))
                slope[place] = (ends[0] - ends[1]) / (2 * STEP)
            found.append(slope)
    return list(zip(found[::2], found[1::2], strict=True))


def norm(array):
    return np.sqrt((array**2).sum())


def gradient(case):
    found = slopes(case.layers, case.objective)
    total = sum((slope**2).sum() for pair in found for slope in pair)
    return {
        "gradient/norm": [norm(weight) for weight, _ in found],
        "gradient/mean": [weight.mean() for weight, _ in found],
        "gradient/absolute_mean": [np.abs(weight).mean() for weight, _ in found],
        "gradient/total_norm": np.sqrt(total),
    }


def weights(case):
    return {
        "weight/norm": [norm(weight) for weight, _ in case.layers],
        "weight/mean": [weight.mean() for weight, _ in case.layers],
    }


def update_ratio(case):
    pairs = zip(case.layers, case.previous, strict=True)
    return {"update/ratio": [norm(now - then) / norm(then) for (now, _), (then, _) in pairs]}


def weight_change(case):
    pairs = [(now, start) for (now, _), (start, _) in zip(case.layers, case.initial, strict=True)]
    return {
        "change/norm": [norm(now - start) for now, start in pairs],
        "change/relative_norm": [norm(now - start) / norm(start) for now, start in pairs],
    }


def first_layer_change(case):
    return {"change/first_layer": case.layers[0][0] - case.initial[0][0]}


def all_weights(case):
    numbers = [number for layer in case.layers for part in layer for number in part.ravel()]
    return {"weights/all": numbers}


def sensitivity(case):
    return {
        "sensitivity/test": _sensitivity(case, *case.test),
        "sensitivity/train": _sensitivity(case, *case.train),
    }


def _sensitivity(case, inputs, targets):
    squares = np.zeros(len(inputs))
    for number in range(inputs.shape[1]):
        ends = []
        for sign in (1, -1):
            moved = inputs.copy()
            moved[:, number] += sign * STEP
            ends.append(case.losses(case.layers, moved, targets))
        squares += ((ends[0] - ends[1]) / (2 * STEP)) ** 2
    return np.sqrt(squares).mean()


def curve(case):
    inputs, targets = case.train
    fitted = outputs(case.layers, inputs, case.activation)
    return {
        "outputs/input": inputs[:, 0],
        "outputs/fitted": fitted[:, 0],
        "outputs/target": targets[:, 0],
    }


def tanh_units(case, examples, margin, share):
    """Units of a tanh network: none is dead; saturated are those near -1 or 1."""
    inputs, _ = case.train
    chosen = inputs[[number * len(inputs) // examples for number in range(examples)]]
    saturated = []
    for _, values in hidden(case.layers, chosen, np.tanh):
        often = [np.mean(abs(unit) >= 1 - 2 * margin) >= share for unit in values.T]
        saturated.append(np.mean(often))
    return {"units/dead": np.zeros(len(saturated)), "units/saturated": saturated}


def relu_units(case):
    """Units of a relu network: dead are those that are never above 0; none is saturated."""
    dead = [
        np.mean([all(value <= 0 for value in unit) for unit in sums.T])
        for sums, _ in hidden(case.layers, case.train[0], relu)
    ]
    return {"units/dead": dead, "units/saturated": np.zeros(len(dead))}
