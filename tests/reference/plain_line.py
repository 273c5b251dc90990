"""A relu network's loss and accuracy along the line between two sets of weights, in NumPy."""

import numpy as np


def outputs(weights, inputs):
    """Layer by layer, relu between them."""
    activation, last = inputs, len(weights) // 2
    for layer in range(1, last + 1):
        activation = activation @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        if layer < last:
            activation = np.maximum(activation, 0)
    return activation


def loss_and_accuracy(weights, inputs, targets):
    """Mean cross-entropy, and the share of examples that are classified rightly."""
    found = outputs(weights, inputs)
    shifted = found - found.max(axis=1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_softmax[np.arange(len(targets)), targets].mean()
    return loss, (found.argmax(axis=1) == targets).mean()


def along_line(first, second, places, inputs, targets):
    """Losses and accuracies of (1 - a) first + a second."""
    pairs = []
    for a in places:
        mixed = {name: (1 - a) * first[name] + a * second[name] for name in first}
        pairs.append(loss_and_accuracy(mixed, inputs, targets))
    return np.array(pairs).T
