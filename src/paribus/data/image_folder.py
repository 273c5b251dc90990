"""A user's own images: a folder of one folder for each class, in `train/` and `val/` or `test/`.

A run is known by the images and not by where they lie: the folder's path is no part of a recipe's
JSON, and so of no key, no store and no report. What stands for it is the fingerprint, which is of
the decoded arrays, labels and names of classes: of what is trained on. So the same pictures as
PNG and as BMP, here or on another machine, are one run; and a JPEG that another version of its
decoder opens to other numbers is another.
"""

import math
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import fingerprint_of_arrays
from paribus.data.dataset import Dataset, Facts
from paribus.data.folders import TESTS, TRAIN, Listing, list_images
from paribus.data.images import MOST_BYTES, Kind, Mode, printable, read_images, read_kind
from paribus.errors import DamagedDataError, DataError, DeclarationError, Fault
from paribus.spec import digest


class ImageFolder(DataSpec):
    """Images of one size in `folder`/train/CLASS/ and `folder`/val/CLASS/ (or test/CLASS/).

    PNG, JPEG, BMP or TIFF, all of them as `mode` says; classes are the names of the folders,
    sorted. The folder is looked at when this is declared: names, and the first image's header.
    """

    kind: Literal["image_folder"] = "image_folder"
    folder: Annotated[Path, Field(exclude=True)]
    mode: Mode

    @field_validator("folder")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        try:
            return folder.expanduser().absolute()
        except RuntimeError as error:  # "~somebody" who is not there
            raise ValueError(f"got {str(folder)!r}; {error}") from None

    def facts(self) -> Facts:
        return self._declared

    # Kept, so that a run in training does not depend on what becomes of the folder.
    @cached_property
    def _declared(self) -> Facts:
        return _facts(self.folder, self.mode)

    def locate(self, source: Source) -> Location:
        dataset = self.load(source)
        size = sum((self.folder / name).stat().st_size for name in dataset.names)
        return Location("own files", self.folder, size, dataset.fingerprint)

    def load(self, source: Source) -> Dataset:  # noqa: ARG002 - it says itself where it is
        facts, listing = self.facts(), list_images(self.folder)
        if listing.problems:
            raise DamagedDataError(in_lines(self.folder, listing))
        kind = Kind(facts.shape[0], facts.shape[1], self.mode)
        dataset = dataset_of(self.folder, listing, kind)
        if dataset.facts != facts:
            raise DamagedDataError(f"{self.folder}: has changed since it was declared; run again")
        return dataset


def dataset_of(folder: Path, listing: Listing, kind: Kind) -> Dataset:
    """The images of a folder, which should all be of one kind, as a data set.

    Raises `DamagedDataError` with everything that is wrong with them.
    """
    inputs = read_images(folder, listing.names, kind)
    targets = np.array(listing.labels, np.int32)
    count, train = len(targets), len(listing.train)
    test = np.arange(train, count, dtype=np.int32)
    arrays = fingerprint_of_arrays({"inputs": inputs, "targets": targets, "test": test})
    return Dataset(
        inputs=inputs,
        targets=targets,
        train=np.arange(train, dtype=np.int32),
        test=test,
        fingerprint=digest({"arrays": arrays, "classes": listing.classes}),
        classes=listing.classes,
        names=listing.names,
    )


def facts_of(kind: Kind, listing: Listing) -> Facts:
    """The sizes of a data set that is made of these images."""
    count = len(listing.names)
    return Facts(
        shape=kind.shape,
        outputs=len(listing.classes),
        classification=True,
        train=len(listing.train),
        test=len(listing.test),
        bytes=count * (math.prod(kind.shape) + np.dtype(np.int32).itemsize),
    )


def in_lines(folder: Path, listing: Listing) -> str:
    """What is wrong with a folder, as one message."""
    return "\n".join([f"{folder}: cannot be used", *(f"  {one}" for one in listing.problems)])


Stamps = tuple[tuple[str, int], ...]


# Every recipe of a study makes its own declaration, and a folder may hold many files.
@lru_cache(maxsize=16)
def _listed(folder: Path, changed: Stamps) -> Listing:  # noqa: ARG001 - changed: part of the key
    listing = list_images(folder)
    if listing.problems:
        faults = [Fault("folder", f"{folder}: {problem}") for problem in listing.problems]
        raise DeclarationError("ImageFolder", faults)
    return listing


def _facts(folder: Path, mode: Mode) -> Facts:
    listing = _listed(folder, _changed(folder))
    try:
        kind = read_kind(folder, listing.names[0])
    except DataError as error:
        raise DeclarationError("ImageFolder", [Fault("folder", str(error))]) from None
    facts = facts_of(kind, listing)
    faults = [*_mode_faults(kind, listing.names[0], mode), *_size_faults(facts)]
    if faults:
        raise DeclarationError("ImageFolder", faults)
    return facts


def _mode_faults(kind: Kind, name: str, mode: Mode) -> list[Fault]:
    if kind.mode == mode:
        return []
    allowed = "'grayscale' or 'color', whichever all images are, 8 bits a number and opaque"
    return [Fault("mode", f"got {mode!r}; {printable(name)} is {kind.mode}; allowed: {allowed}")]


def _size_faults(facts: Facts) -> list[Fault]:
    if facts.bytes <= MOST_BYTES:
        return []
    count = f"{facts.train + facts.test:,} images of {math.prod(facts.shape):,} numbers"
    return [Fault("folder", f"{count} are {facts.bytes:,} bytes; allowed: {MOST_BYTES:,}")]


def _changed(folder: Path) -> Stamps:
    """When each folder's list of names changed last."""
    try:
        splits = [folder, *(folder / name for name in (TRAIN, *TESTS) if (folder / name).is_dir())]
        inner = [one for split in splits[1:] for one in sorted(split.iterdir())]
        return tuple((str(one), one.lstat().st_mtime_ns) for one in [*splits, *inner])
    except OSError:
        return ()
