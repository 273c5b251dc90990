"""Finding the images of a folder: `train/<class>/*` and `val/<class>/*` or `test/<class>/*`.

Only names are looked at here, no image is opened. Everything is in the order of names, so that it
is the same on every machine. Names that begin with a dot are passed over. A symbolic link is
followed where it leads to something inside the folder; one that leads out of it is a fault, since
what it shows may change unseen.
"""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from paribus.data.images import ENDINGS, printable, some

TRAIN = "train"
TESTS = ("val", "test")

_OUT = "symbolic links that lead out of the folder"
_NOWHERE = "symbolic links that lead nowhere"
_LOOSE = "in no class's folder"
_UNSPEAKABLE = "names of classes with control characters or bytes that are not UTF-8"
_INNER = "folders among a class's images"
_UNKNOWN = f"not an image by its name (allowed: {', '.join(ENDINGS)})"
_NO_FILE = "no ordinary file"


@dataclass(frozen=True)
class Listing:
    """A folder's images by name (`train/0/1.png`), class by class, and what is wrong with it.

    Each problem is a phrase that may follow the folder's path. Where there are any, there are no
    names.
    """

    classes: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All images, those for training first."""
        return self.train + self.test

    @property
    def labels(self) -> list[int]:
        """The class of each image."""
        number = {name: index for index, name in enumerate(self.classes)}
        return [number[name.split("/")[1]] for name in self.names]


class _Odd(NamedTuple):
    reason: str
    name: str


class _Split(NamedTuple):
    """The images of each class of a split, and what has no place in it."""

    name: str
    classes: Mapping[str, tuple[str, ...]]
    odd: tuple[_Odd, ...]


def list_images(folder: Path) -> Listing:
    """The images of a folder and all faults of its layout together; opens none of them."""
    try:
        if not folder.is_dir():
            what = "is no folder" if folder.exists() else "is not there"
            layout = f"{TRAIN}/<class>/ and {' or '.join(f'{name}/<class>/' for name in TESTS)}"
            return Listing(problems=(f"{what}; allowed: a folder with {layout}",))
        tests = [name for name in TESTS if (folder / name).is_dir()]
        splits = [_split(folder, name) for name in (TRAIN, *tests) if (folder / name).is_dir()]
    except OSError as error:
        where = printable(str(error.filename))
        return Listing(problems=(f"cannot be read: {where}: {error.strerror}",))
    problems = [*_missing(splits, tests), *_odd(splits), *_classes(splits, tests)]
    if problems:
        return Listing(problems=tuple(problems))
    train, test = (tuple(chain.from_iterable(one.classes.values())) for one in splits)
    return Listing(tuple(splits[0].classes), train, test)


def _split(folder: Path, name: str) -> _Split:
    home = folder.resolve()
    classes: dict[str, tuple[str, ...]] = {}
    odd: list[_Odd] = []
    reason = _link_fault(folder / name, home)
    if reason:
        return _Split(name, {}, (_Odd(reason, name),))
    for entry in _entries(folder / name):
        here = f"{name}/{entry.name}"
        reason = _link_fault(entry, home) or _class_fault(entry)
        if reason:
            odd.append(_Odd(reason, here))
            continue
        images = []
        for image in _entries(Path(entry)):
            fault = _image_fault(image, home)
            if fault:
                odd.append(_Odd(fault, f"{here}/{image.name}"))
            else:
                images.append(f"{here}/{image.name}")
        classes[entry.name] = tuple(images)
    return _Split(name, classes, tuple(odd))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(
            (entry for entry in entries if not entry.name.startswith(".")),
            key=lambda entry: entry.name,
        )


def _link_fault(entry: os.DirEntry[str] | Path, home: Path) -> str | None:
    if not entry.is_symlink():
        return None
    try:
        target = Path(entry).resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: links that go round in a circle
        return _NOWHERE
    return None if target.is_relative_to(home) else _OUT


def _class_fault(entry: os.DirEntry[str]) -> str | None:
    if not entry.is_dir():
        return _LOOSE
    # A class's name is shown in tables and reports, and kept in the store.
    odd = any(unicodedata.category(one) in ("Cc", "Cs") for one in entry.name)
    return _UNSPEAKABLE if odd else None


def _image_fault(entry: os.DirEntry[str], home: Path) -> str | None:
    fault = _link_fault(entry, home)
    if fault:
        return fault
    if entry.is_dir():
        return _INNER
    if not entry.name.lower().endswith(ENDINGS):
        return _UNKNOWN
    return None if entry.is_file() else _NO_FILE


def _missing(splits: list[_Split], tests: list[str]) -> Iterator[str]:
    if TRAIN not in [one.name for one in splits]:
        yield f"has no folder {TRAIN}/, with a folder of images for each class"
    if not tests:
        yield f"has no folder {' or '.join(f'{name}/' for name in TESTS)} to test on"
    if len(tests) > 1:
        both = " and ".join(f"{name}/" for name in tests)
        advice = "move one away; examples for validation are held out of the training ones"
        yield f"has {both}, and one of them is the test split: {advice}"


def _odd(splits: list[_Split]) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for split in splits:
        for one in split.odd:
            names.setdefault(one.reason, []).append(one.name)
    for reason, found in names.items():
        yield f"{reason}: {some(found)}"


def _classes(splits: list[_Split], tests: list[str]) -> Iterator[str]:
    empty = [
        f"{one.name}/{label}"
        for one in splits
        for label, images in one.classes.items()
        if not images
    ]
    if empty:
        yield f"classes without an image: {some(empty)}"
    by_name = {one.name: set(one.classes) for one in splits}
    for one in splits:
        if not one.classes and not one.odd:
            yield f"{one.name}/ has no folder of a class"
    train = by_name.get(TRAIN, set())
    if len(train) == 1:
        yield f"{TRAIN}/ has one class; two or more are needed"
    for name in tests:
        test = by_name[name]
        if test and train - test:
            yield f"classes of {TRAIN}/ that are not in {name}/: {some(sorted(train - test))}"
        if train and test - train:
            yield f"classes of {name}/ that are not in {TRAIN}/: {some(sorted(test - train))}"
