"""Handwritten Gurmukhi digits: 32 x 32 black on white, an image folder of known sizes.

1,000 images for training, 100 of each digit, and 178 for testing. No place is known that publishes
them officially, so nothing is downloaded and no copy is called verified: it is a local one, whose
files are compared with a `SHA256SUMS` where one lists them. The fingerprint is that of an image
folder, of the decoded images.
"""

from pathlib import Path
from typing import ClassVar, Literal

from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import SUMS, listed_below, sha256
from paribus.data.dataset import Dataset, Facts
from paribus.data.files import VARIABLE, data_root, read_errors_named
from paribus.data.folders import Listing, list_images
from paribus.data.image_folder import dataset_of, facts_of, in_lines
from paribus.data.images import Kind, some
from paribus.errors import DamagedDataError, MissingDataError

NAME = "gurmukhi"
_KIND = Kind(32, 32, "grayscale")
_TRAIN, _TEST = 1_000, 178
_CLASSES = tuple("0123456789")
FINGERPRINT = "b265b0f4c4ed7a17ad28243028ed6677704b2d4b50034330c68990e9d8ce1aae"
"""That of the images as they are passed on; a copy may have another."""


class Gurmukhi(DataSpec):
    """1,178 handwritten Gurmukhi digits, 32 x 32 grey levels (0 and 255), ten classes."""

    PUBLISHED: ClassVar[bool] = False

    kind: Literal["gurmukhi"] = NAME

    def facts(self) -> Facts:
        return Facts(
            shape=_KIND.shape,
            outputs=len(_CLASSES),
            classification=True,
            train=_TRAIN,
            test=_TEST,
            bytes=(_TRAIN + _TEST) * (_KIND.height * _KIND.width + 4),
        )

    def locate(self, source: Source) -> Location:
        with read_errors_named(data_root(source)):
            folder = _folder(source)
            if folder is None:
                return Location("absent", None, 0, FINGERPRINT)
            dataset = _read(folder, source)
            size = sum((folder / name).stat().st_size for name in dataset.names)
            return Location("local copy", folder, size, dataset.fingerprint)

    def load(self, source: Source) -> Dataset:
        with read_errors_named(data_root(source)):
            folder = _folder(source)
            if folder is None:
                raise MissingDataError(_missing_message(source))
            return _read(folder, source)


def _folder(source: Source) -> Path | None:
    """The folder that holds the images, if there is one."""
    root = data_root(source)
    homes = [root / NAME, *([root] if root.resolve().name == NAME else [])]
    return next((home for home in homes if (home / "train").is_dir()), None)


def _read(folder: Path, source: Source) -> Dataset:
    listing = list_images(folder)
    if listing.problems:
        raise DamagedDataError(in_lines(folder, listing))
    _check_counts(folder, listing)
    _check_sums(folder, listing, data_root(source))
    return dataset_of(folder, listing, _KIND)


def _check_counts(folder: Path, listing: Listing) -> None:
    got = facts_of(_KIND, listing)
    if (listing.classes, got.train, got.test) == (_CLASSES, _TRAIN, _TEST):
        return
    has = f"classes {', '.join(listing.classes)}; {got.train:,} and {got.test:,} images"
    expected = f"classes {', '.join(_CLASSES)}; {_TRAIN:,} in train/ and {_TEST:,} in val/"
    advice = "your own images are ImageFolder's"
    raise DamagedDataError(f"{folder}: has {has}; the Gurmukhi digits are {expected} ({advice})")


def _check_sums(folder: Path, listing: Listing, root: Path) -> None:
    sums = listed_below(folder, root)
    wrong = [
        name
        for name in listing.names
        if name in sums and sha256((folder / name).read_bytes()) != sums[name]
    ]
    if wrong:
        problem = f"not the bytes that {SUMS} lists: {some(wrong)}"
        raise DamagedDataError(f"{folder}: {problem}; copy them again, or correct the list")


def _missing_message(source: Source) -> str:
    home = (source.folder or Path("FOLDER")) / NAME
    lines = [
        "The Gurmukhi digits are not here, and there is no place to download them from.",
        f"Looked in {data_root(source) / NAME}",
        "Put images of 32 x 32 pixels in black and white or grayscale into",
        f"  {home}/train/0 to {home}/train/9  ({_TRAIN:,} in all, 100 in each)",
        f"  {home}/val/0 to {home}/val/9  ({_TEST} in all)",
    ]
    if source.folder is None:
        lines.append(f"and name the folder: --data-dir FOLDER, or {VARIABLE}=FOLDER")
    return "\n".join(lines)
