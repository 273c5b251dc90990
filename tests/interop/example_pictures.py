"""A folder of colour pictures, as somebody might have one."""

import itertools

import numpy as np
from PIL import Image


def fill(folder):
    """Ten colour pictures of two classes for each split."""
    colours = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
    names = itertools.product(("train", "test"), ("cat", "dog"), range(10))
    for array, (part, label, number) in zip(colours, names, strict=True):
        place = folder / part / label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(place / f"{number}.png")
    return folder
