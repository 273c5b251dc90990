"""A data set in memory: all examples in one array, splits as indices into it.

One array for training and test examples together, in the type they came in (uint8 for images):
it is put on a device once, and every split is a list of positions in it.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from paribus import seeds
from paribus.errors import DeclarationError, Fault


@dataclass(frozen=True)
class Facts:
    """What a plan needs to know of a data set without reading it.

    `shape` is one example's shape, `outputs` the width of a model's last layer (classes, or
    target dimensions), `train` and `test` the numbers of examples (train before any validation
    split), `bytes` what the arrays take in memory. Inputs stored as uint8 run from 0 to `maximum`;
    float inputs have `maximum` 1 and are used as they are.
    """

    shape: tuple[int, ...]
    outputs: int
    classification: bool
    train: int
    test: int
    bytes: int
    maximum: int = 255


@dataclass(frozen=True)
class Dataset:
    """Examples and targets of all splits, and which of them are for training and for testing.

    `inputs` is (examples, *shape), uint8 or float32; `targets` is int32 (examples,) of class
    indices, or float32 (examples, outputs) where there are no classes. Both become read-only and
    aligned, so that all CPU devices of a process use this one copy. `names` are the files that the
    examples come from, where each has one of its own.
    """

    inputs: NDArray[np.uint8] | NDArray[np.float32]
    targets: NDArray[np.int32] | NDArray[np.float32]
    train: NDArray[np.int32]
    test: NDArray[np.int32]
    fingerprint: str
    classes: tuple[str, ...] = ()
    maximum: int = 255
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", aligned(self.inputs))
        object.__setattr__(self, "targets", aligned(self.targets))

    @property
    def facts(self) -> Facts:
        """The data set's sizes."""
        return Facts(
            shape=self.inputs.shape[1:],
            outputs=len(self.classes) or self.targets.shape[1],
            classification=bool(self.classes),
            train=len(self.train),
            test=len(self.test),
            bytes=self.inputs.nbytes + self.targets.nbytes,
            maximum=self.maximum,
        )


def aligned(array: NDArray[Any], boundary: int = 64) -> NDArray[Any]:
    """The array, read-only, in memory that starts at a multiple of `boundary` bytes.

    XLA uses such memory in place; anything else it copies, once for each device.
    """
    if array.ctypes.data % boundary or not array.flags.c_contiguous:
        copy = aligned_room(array.shape, array.dtype, boundary)
        copy[...] = array
        array = copy
    array.flags.writeable = False
    return array


def aligned_room(shape: tuple[int, ...], dtype: DTypeLike, boundary: int = 64) -> NDArray[Any]:
    """An array to be filled, in memory that `aligned` need not copy."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.empty(size + boundary, np.uint8)
    offset = -room.ctypes.data % boundary
    return room[offset : offset + size].view(dtype).reshape(shape)


@dataclass(frozen=True)
class Splits:
    """Positions of the examples of each split, sorted; they do not overlap."""

    train: NDArray[np.int32]
    validation: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    test: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


def split(dataset: Dataset, validation: int, replicate: int) -> Splits:
    """The splits of one replicate: `validation` examples drawn from the training ones.

    The draw is the replicate's stream "split", so all conditions of a replicate share it.
    Raises `DeclarationError` where no training example would be left.
    """
    count = len(dataset.train)
    if validation >= count:
        problem = f"got {validation}; there are {count} training examples, and one must be left"
        raise DeclarationError("data", [Fault("data.validation", problem)])
    if not validation:
        return Splits(dataset.train, test=dataset.test)
    order = seeds.permutation(seeds.stream_key(replicate, "split"), count)
    held_out, kept = np.sort(order[:validation]), np.sort(order[validation:])
    return Splits(dataset.train[kept], dataset.train[held_out], dataset.test)
