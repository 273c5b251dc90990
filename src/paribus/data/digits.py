"""Embedded data: the 1,797 handwritten digits that scikit-learn carries, 8 x 8 in 17 grey levels.

They are the test part of the set described in Alpaydin, Kaynak: Cascading classifiers,
Kybernetika 34 (1998). The file is read where scikit-learn has it, without importing scikit-learn,
which takes longer than a whole demo study.
"""

import importlib.util
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict

from paribus import seeds
from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import fingerprint_of_arrays, sha256
from paribus.data.dataset import Dataset, Facts
from paribus.data.gzipped import gunzip
from paribus.errors import DamagedDataError

_EXAMPLES, _SIDE, _CLASSES = 1_797, 8, tuple("0123456789")
_FILE = Path("datasets", "data", "digits.csv.gz")
# Of the text, not of the gzip file, which may be packed anew.
_CSV_BYTES = 264_712
_CSV_SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"


class Digits(DataSpec):
    """1,797 handwritten digits, 8 x 8 grey levels from 0 to 16, ten classes.

    `test` of them form the test split. It is drawn once, from a stream of its own, and is the
    same for all replicates, so that "on the test set" means one thing in every run; what varies
    with the replicate is which of the others are held out for validation.
    """

    kind: Literal["digits"] = "digits"
    test: Annotated[int, Strict(), Field(gt=0, lt=_EXAMPLES)] = 360

    def facts(self) -> Facts:
        return Facts(
            shape=(_SIDE, _SIDE),
            outputs=len(_CLASSES),
            classification=True,
            train=_EXAMPLES - self.test,
            test=self.test,
            bytes=_EXAMPLES * (_SIDE * _SIDE + np.dtype(np.int32).itemsize),
            maximum=16,
        )

    def locate(self, source: Source) -> Location:
        return Location("embedded", None, 0, self.load(source).fingerprint)

    def load(self, source: Source) -> Dataset:  # noqa: ARG002 - embedded: there is one source
        images, labels = read_digits(_package_folder())
        order = seeds.permutation(seeds.stream_key(0, "test", "digits"), _EXAMPLES)
        test, train = np.sort(order[: self.test]), np.sort(order[self.test :])
        arrays = {"inputs": images, "targets": labels, "test": test}
        return Dataset(
            inputs=images,
            targets=labels,
            train=train,
            test=test,
            fingerprint=fingerprint_of_arrays(arrays),
            classes=_CLASSES,
            maximum=16,
        )


def read_digits(package: Path) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Images (1797, 8, 8) and labels (1797,), from the folder of the package scikit-learn.

    Raises `DamagedDataError` where the file is not there or holds something else.
    """
    path = package / _FILE
    advice = "install scikit-learn again"
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DamagedDataError(f"{path}: cannot be read: {error.strerror}; {advice}") from None
    text = gunzip(raw, _CSV_BYTES, str(path))
    if sha256(text) != _CSV_SHA256:
        problem = f"sha256 of its text is {sha256(text)}; expected {_CSV_SHA256}"
        raise DamagedDataError(f"{path}: {problem}; {advice}")
    table = np.loadtxt(text.decode().splitlines(), delimiter=",", dtype=np.uint8)
    images = np.ascontiguousarray(table[:, :-1]).reshape(_EXAMPLES, _SIDE, _SIDE)
    return images, table[:, -1].astype(np.int32)


def _package_folder() -> Path:
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise DamagedDataError("the embedded digits come with scikit-learn; install scikit-learn")
    return Path(found.submodule_search_locations[0])
