"""Augmentation of one image as its definitions say, pixel by pixel, in NumPy."""

import math

import numpy as np


def resized_crop(image, box):
    """The box (top, left, height, width) cut out, then resized: rows first, then columns."""
    top, left, height, width = box
    cut = image[top : top + height, left : left + width]
    rows = resized(cut, image.shape[0])
    return resized(rows.swapaxes(0, 1), image.shape[1]).swapaxes(0, 1)


def resized(image, size):
    """Bilinear with antialiasing along the first axis: means of pixels by a triangle filter."""
    length = len(image)
    reach = max(length / size, 1)  # wider than a pixel only where the image gets smaller
    out = np.zeros((size, *image.shape[1:]))
    for i in range(size):
        centre = (i + 0.5) * length / size - 0.5
        weights = [max(1 - abs(j - centre) / reach, 0) for j in range(length)]
        for j in range(length):
            out[i] += weights[j] / sum(weights) * image[j]
    return out


def shifted_crop(image, offset, padding):
    """Zeros on all sides, then the part of the image's own size from the offset on."""
    height, width = image.shape[:2]
    wide = np.zeros((height + 2 * padding, width + 2 * padding, *image.shape[2:]))
    wide[padding : padding + height, padding : padding + width] = image
    return wide[offset[0] : offset[0] + height, offset[1] : offset[1] + width]


def flipped(image):
    """Left and right exchanged."""
    return np.stack([image[:, -1 - column] for column in range(image.shape[1])], axis=1)


def draw_box(random, size, scale, ratio):
    """torchvision's `RandomResizedCrop.get_params`: (top, left, height, width)."""
    height, width = size
    for _ in range(10):
        area = height * width * random.uniform(*scale)
        aspect = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return random.integers(0, height - h + 1), random.integers(0, width - w + 1), h, w
    w, h = width, height
    if width / height < ratio[0]:
        h = round(w / ratio[0])
    elif width / height > ratio[1]:
        w = round(h * ratio[1])
    return (height - h) // 2, (width - w) // 2, h, w
