"""Central differences as their definition says, one coordinate after the other, in NumPy."""

import numpy as np


def central_differences(loss, arrays, step=6e-6):
    """(loss(w + h) - loss(w - h)) / 2h for each number of a dictionary of arrays.

    The step is the cube root of the machine's precision.
    """
    slopes = {name: np.zeros(array.shape) for name, array in arrays.items()}
    for name, array in arrays.items():
        for place in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = {other: values.copy() for other, values in arrays.items()}
                moved[name][place] += sign * step
                ends.append(loss(moved))
            slopes[name][place] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def relative_error(one, other):
    """||one - other|| / (||one|| + ||other||)."""
    size = np.sqrt(np.sum(np.square(one))) + np.sqrt(np.sum(np.square(other)))
    return 0.0 if size == 0 else np.sqrt(np.sum(np.square(one - other))) / size
