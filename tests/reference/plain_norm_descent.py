"""Descent of the gradient norm of a small tanh network as its definitions say, in NumPy."""

import numpy as np


def loss(weights, data):
    """Mean squared error of a network 1 -> units -> 1 with tanh."""
    return np.mean((_outputs(weights, data[0])[0] - data[1]) ** 2)


def gradient(weights, data):
    """Its gradient, by hand."""
    inputs, targets = data
    outputs, hidden = _outputs(weights, inputs)
    error = 2 * (outputs - targets) / len(inputs)
    last = weights[2 * _units(weights) : -1]
    back = error[:, None] * last * (1 - hidden**2)
    return np.concatenate([inputs @ back, back.sum(0), error @ hidden, [error.sum()]])


def hessian(weights, data):
    """Its Hessian, column by column: the gradient's derivative along the imaginary axis.

    Im g(w + ih e) / h is exact to rounding, because nothing is subtracted.
    """
    tiny = 1e-30
    unit = 1j * tiny * np.eye(len(weights))
    return np.stack([gradient(weights + step, data).imag / tiny for step in unit], axis=1)


def damped_step(slope, curvature, damping):
    """Levenberg-Marquardt: the least-squares solution d of [H; sqrt(c) I] d = [-g; 0]."""
    factor = np.sqrt(damping) * np.linalg.norm(curvature, 2)
    matrix = np.concatenate([curvature, factor * np.eye(len(slope))])
    return np.linalg.lstsq(matrix, np.concatenate([-slope, 0 * slope]), rcond=0)[0]


def levenberg_marquardt(weights, data, dampings, steps):
    """The gradient norms along so many steps, each the best of those with these dampings."""
    norms = [np.linalg.norm(gradient(weights, data))]
    for _ in range(steps):
        slope, curvature = gradient(weights, data), hessian(weights, data)
        tried = [weights + damped_step(slope, curvature, damping) for damping in dampings]
        weights = min(tried, key=lambda one: np.linalg.norm(gradient(one, data)))
        norms.append(np.linalg.norm(gradient(weights, data)))
    return weights, np.array(norms)


def _units(weights):
    return (len(weights) - 1) // 3


def _outputs(weights, inputs):
    units = _units(weights)
    hidden = np.tanh(np.outer(inputs, weights[:units]) + weights[units : 2 * units])
    return hidden @ weights[2 * units : -1] + weights[-1], hidden
