"""CIFAR-10, from the binary version that its authors publish.

60,000 colour photographs of 32 x 32 in ten classes. Krizhevsky: Learning multiple layers of
features from tiny images, 2009. The version as Python pickles is not read: unpickling a file runs
whatever code is in it.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Strict

from paribus.data.base import DataSpec, Location, Source
from paribus.data.dataset import Dataset, Facts, aligned_room
from paribus.data.files import Contents, locate_files, read_files
from paribus.data.official import Archive, FileSet, OfficialFile
from paribus.errors import DamagedDataError
from paribus.spec import digest

_SIDE, _CHANNELS, _PER_FILE = 32, 3, 10_000
_RECORD = 1 + _CHANNELS * _SIDE * _SIDE
_BYTES = _PER_FILE * _RECORD
_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
# ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B, in units of 1/65,536.
_LUMA = (19_595, 38_470, 7_471)

CIFAR10_FILES = FileSet(
    name="cifar10",
    title="CIFAR-10",
    files=(
        OfficialFile(
            "data_batch_1.bin",
            _BYTES,
            None,
            "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        ),
        OfficialFile(
            "data_batch_2.bin",
            _BYTES,
            None,
            "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        ),
        OfficialFile(
            "data_batch_3.bin",
            _BYTES,
            None,
            "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        ),
        OfficialFile(
            "data_batch_4.bin",
            _BYTES,
            None,
            "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        ),
        OfficialFile(
            "data_batch_5.bin",
            _BYTES,
            None,
            "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        ),
        OfficialFile(
            "test_batch.bin",
            _BYTES,
            None,
            "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        ),
    ),
    mirrors=("https://www.cs.toronto.edu/~kriz/",),
    archive=Archive(
        OfficialFile(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c32a1d4ab5d03f1284b67883e8d87530",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
        folder="cifar-10-batches-bin",
        pickled=("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    ),
)
_EXAMPLES = len(CIFAR10_FILES.files) * _PER_FILE
_TRAIN = _EXAMPLES - _PER_FILE


class CIFAR10(DataSpec):
    """60,000 colour photographs, 32 x 32 in red, green and blue, ten classes.

    With `grayscale` each is its ITU-R 601 luma, (19595 R + 38470 G + 7471 B + 32768) / 65536
    rounded down: what the imaging library Pillow makes of it. That is other data, with another
    fingerprint.
    """

    kind: Literal["cifar10"] = "cifar10"
    grayscale: Annotated[bool, Strict()] = False

    def facts(self) -> Facts:
        shape = (_SIDE, _SIDE) if self.grayscale else (_SIDE, _SIDE, _CHANNELS)
        return Facts(
            shape=shape,
            outputs=len(_CLASSES),
            classification=True,
            train=_TRAIN,
            test=_EXAMPLES - _TRAIN,
            bytes=_EXAMPLES * (int(np.prod(shape)) + np.dtype(np.int32).itemsize),
        )

    def locate(self, source: Source) -> Location:
        location = locate_files(CIFAR10_FILES, source)
        return replace(location, fingerprint=self._fingerprint(location))

    def load(self, source: Source) -> Dataset:
        contents = read_files(CIFAR10_FILES, source)
        inputs, targets = self._examples(contents)
        return Dataset(
            inputs=inputs,
            targets=targets,
            train=np.arange(_TRAIN, dtype=np.int32),
            test=np.arange(_TRAIN, _EXAMPLES, dtype=np.int32),
            fingerprint=self._fingerprint(contents.location),
            classes=_CLASSES,
        )

    def _fingerprint(self, location: Location) -> str:
        files = location.fingerprint
        return digest({"files": files, "inputs": "ITU-R 601 luma"}) if self.grayscale else files

    def _examples(self, contents: Contents) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        # Filled file by file: beside the files' bytes there is one copy of all images, not two.
        inputs = aligned_room((_EXAMPLES, *self.facts().shape), np.uint8)
        targets = np.empty(_EXAMPLES, np.int32)
        for number, file in enumerate(CIFAR10_FILES.files):
            here = slice(number * _PER_FILE, (number + 1) * _PER_FILE)
            path = f"{contents.location.path}/{file.name}"
            labels, planes = read_records(contents.files[file.name], _PER_FILE, path)
            targets[here] = labels
            inputs[here] = luma(planes) if self.grayscale else planes.transpose(0, 2, 3, 1)
        return inputs, targets


def read_records(
    content: bytes, count: int, name: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Labels (count,) and colour planes (count, 3, 32, 32) of a binary batch, not copied.

    A record is a byte of label and the red, the green and the blue plane, row by row. Raises
    `DamagedDataError`, which begins with `name`, for another length and for a label above 9.
    """
    expected = count * _RECORD
    if len(content) != expected:
        problem = f"{len(content):,} bytes; {count:,} records of {_RECORD:,} are {expected:,}"
        raise DamagedDataError(f"{name}: {problem}; fetch it again")
    records = np.frombuffer(content, np.uint8).reshape(count, _RECORD)
    labels, planes = records[:, 0], records[:, 1:].reshape(count, _CHANNELS, _SIDE, _SIDE)
    wrong = np.flatnonzero(labels >= len(_CLASSES))
    if len(wrong):
        problem = f"record {wrong[0]:,} is of class {labels[wrong[0]]}"
        raise DamagedDataError(f"{name}: {problem}; classes are 0 to {len(_CLASSES) - 1}")
    return labels, planes


def luma(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey levels (count, rows, columns) of colour planes (count, 3, rows, columns).

    In whole numbers, as ITU-R 601 and Pillow have it: (19595 R + 38470 G + 7471 B + 32768) >> 16.
    """
    total = np.full((len(planes), *planes.shape[2:]), 1 << 15, np.uint32)
    for channel, weight in enumerate(_LUMA):
        total += np.multiply(planes[:, channel], weight, dtype=np.uint32)
    total >>= 16
    return total.astype(np.uint8)
