"""Fashion-MNIST and MNIST, from the files that their authors publish.

Each is 60,000 training and 10,000 test images of 28 x 28 grey levels in ten classes.

Xiao, Rasul, Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning
algorithms, 2017, arXiv:1708.07747. LeCun, Cortes, Burges: The MNIST database of handwritten
digits, 1998.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.data.base import DataSpec, Location, Source
from paribus.data.dataset import Dataset, Facts, aligned_room
from paribus.data.files import Contents, locate_files, read_files
from paribus.data.idx import read_idx
from paribus.data.official import FileSet, OfficialFile
from paribus.errors import DamagedDataError

_TRAIN, _TEST, _SIDE, _CLASSES = 60_000, 10_000, 28, 10
_PARTS = {"train": slice(0, _TRAIN), "t10k": slice(_TRAIN, _TRAIN + _TEST)}

FASHION_MNIST_FILES = FileSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    files=(
        OfficialFile(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        OfficialFile(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "25c81989df183df01b3e8a0aad5dffbe",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        OfficialFile(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "bef4ecab320f06d8554ea6380940ec79",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        OfficialFile(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "bb300cfdad3c16e7a12a480ee83cd310",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
)

MNIST_FILES = FileSet(
    name="mnist",
    title="MNIST",
    files=(
        OfficialFile(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        OfficialFile(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "d53e105ee54ea40749a09fcbcd1e9432",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        OfficialFile(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "9fb629c4189551a2d022fa330f9573f3",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        OfficialFile(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "ec29112dd5afa0611ce80d1b7f02629c",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)

_GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_DIGITS = tuple("0123456789")


class FashionMNIST(DataSpec):
    """70,000 pictures of garments, 28 x 28 grey levels, ten classes."""

    kind: Literal["fashion_mnist"] = "fashion_mnist"

    def facts(self) -> Facts:
        return _facts()

    def locate(self, source: Source) -> Location:
        return locate_files(FASHION_MNIST_FILES, source)

    def load(self, source: Source) -> Dataset:
        return _dataset(read_files(FASHION_MNIST_FILES, source), _GARMENTS)


class MNIST(DataSpec):
    """70,000 handwritten digits, 28 x 28 grey levels, ten classes."""

    kind: Literal["mnist"] = "mnist"

    def facts(self) -> Facts:
        return _facts()

    def locate(self, source: Source) -> Location:
        return locate_files(MNIST_FILES, source)

    def load(self, source: Source) -> Dataset:
        return _dataset(read_files(MNIST_FILES, source), _DIGITS)


def _facts() -> Facts:
    per_example = _SIDE * _SIDE + np.dtype(np.int32).itemsize
    return Facts(
        shape=(_SIDE, _SIDE),
        outputs=_CLASSES,
        classification=True,
        train=_TRAIN,
        test=_TEST,
        bytes=(_TRAIN + _TEST) * per_example,
    )


def _dataset(contents: Contents, classes: tuple[str, ...]) -> Dataset:
    # Filled part by part: beside the files' bytes there is one copy of all images, not two.
    images = aligned_room((_TRAIN + _TEST, _SIDE, _SIDE), np.uint8)
    labels = np.empty(_TRAIN + _TEST, np.int32)
    for part, here in _PARTS.items():
        count = here.stop - here.start
        images[here] = _part(contents, f"{part}-images-idx3", (count, _SIDE, _SIDE))
        labels[here] = _part(contents, f"{part}-labels-idx1", (count,), _CLASSES)
    return Dataset(
        inputs=images,
        targets=labels,
        train=np.arange(_TRAIN, dtype=np.int32),
        test=np.arange(_TRAIN, _TRAIN + _TEST, dtype=np.int32),
        fingerprint=contents.location.fingerprint,
        classes=classes,
    )


def _part(
    contents: Contents, stem: str, shape: tuple[int, ...], values: int = 256
) -> NDArray[np.uint8]:
    """One file's array. The shape is checked because a local copy may hold anything."""
    name = f"{stem}-ubyte.gz"
    path = f"{contents.location.path}/{name}"
    array = read_idx(contents.files[name], int(np.prod(shape)), path)
    if array.shape != shape:
        raise DamagedDataError(f"{path}: its array is {array.shape}; it should be {shape}")
    if array.max() >= values:
        raise DamagedDataError(f"{path}: holds {array.max()}; classes are 0 to {values - 1}")
    return array
