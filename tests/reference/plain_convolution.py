"""Convolution and pooling as their definitions say, one output after the other, in NumPy."""

import numpy as np


def convolution(images, kernel, stride, padding):
    """(channels, height, width, examples) with (outputs, inputs, rows, columns).

    `stride` and `padding` are pairs: of rows, then of columns.
    """
    above, left = padding
    images = np.pad(images, ((0, 0), (above, above), (left, left), (0, 0)))
    rows, columns = kernel.shape[2:]
    down = (images.shape[1] - rows) // stride[0] + 1
    across = (images.shape[2] - columns) // stride[1] + 1
    out = np.zeros((len(kernel), down, across, images.shape[3]))
    for i in range(down):
        for j in range(across):
            row, column = i * stride[0], j * stride[1]
            window = images[:, row : row + rows, column : column + columns]
            out[:, i, j] = np.einsum("oiab,iabn->on", kernel, window)
    return out


def pooling(images, kind, size):
    """(channels, height, width, examples), by windows of size[0] x size[1] side by side."""
    reduce = {"max": np.max, "average": np.mean}[kind]
    channels, height, width, examples = images.shape
    high, wide = size
    out = np.zeros((channels, height // high, width // wide, examples))
    for i in range(height // high):
        for j in range(width // wide):
            window = images[:, i * high : (i + 1) * high, j * wide : (j + 1) * wide]
            out[:, i, j] = reduce(window, axis=(1, 2))
    return out
