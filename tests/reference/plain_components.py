"""Principal components by the singular value decomposition of all points at once, in NumPy."""

import numpy as np


def components(points, count):
    """Coordinates (points, count) and shares of the variance; the largest coordinate positive."""
    centred = points - points.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    coordinates = left[:, :count] * sizes[:count]
    for column in coordinates.T:
        if column[np.argmax(np.abs(column))] < 0:
            column *= -1
    return coordinates, (sizes**2 / (sizes**2).sum())[:count]
