"""Convolution and pooling as their definitions say, one output after the other, in NumPy."""

import numpy as np


def convolution(images, kernel, stride, padding):
    """(channels, height, width, examples) with (outputs, inputs, rows, columns)."""
    sides = (padding, padding)
    images = np.pad(images, ((0, 0), sides, sides, (0, 0)))
    rows, columns = kernel.shape[2:]
    down = (images.shape[1] - rows) // stride + 1
    across = (images.shape[2] - columns) // stride + 1
    out = np.zeros((len(kernel), down, across, images.shape[3]))
    for i in range(down):
        for j in range(across):
            top, left = i * stride, j * stride
            window = images[:, top : top + rows, left : left + columns]
            out[:, i, j] = np.einsum("oiab,iabn->on", kernel, window)
    return out


def pooling(images, kind, size):
    """(channels, height, width, examples), by windows that lie side by side."""
    reduce = {"max": np.max, "average": np.mean}[kind]
    channels, height, width, examples = images.shape
    out = np.zeros((channels, height // size, width // size, examples))
    for i in range(height // size):
        for j in range(width // size):
            window = images[:, i * size : (i + 1) * size, j * size : (j + 1) * size]
            out[:, i, j] = reduce(window, axis=(1, 2))
    return out
