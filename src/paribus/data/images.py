"""Decoding image files: PNG, JPEG, BMP and TIFF through Pillow, each checked before it is decoded.

A file's header says how large its picture is, and only a picture of the expected size is decoded:
a small file that would expand without bound is refused by its header. No decoder is tried beside
the four. What is wrong with all files is told together.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paribus.data.dataset import aligned_room
from paribus.errors import DamagedDataError

Mode = Literal["grayscale", "color"]

ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
"""What names of image files end with, in small or capital letters."""

MOST_PIXELS = 1 << 24
"""Pixels in one image at most: 4,096 x 4,096."""

MOST_BYTES = 8 << 30
"""Memory that the images of one folder may take at most."""

_FORMATS = ("BMP", "JPEG", "PNG", "TIFF")
_MODES: Mapping[str, Mode] = {"1": "grayscale", "L": "grayscale", "RGB": "color", "P": "color"}
_SHOWN = 3
_LONGEST = 200


class Kind(NamedTuple):
    """What a file's header says of its picture; `mode` is Pillow's word where we take no such.

    `pictures` is 2 where there are more.
    """

    height: int
    width: int
    mode: Mode | str
    pictures: int = 1

    @property
    def size(self) -> str:
        """The size in words: 32 x 24, rows first."""
        return f"{self.height} x {self.width}"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the picture as an array: color has its channels last."""
        plane = (self.height, self.width)
        return (*plane, 3) if self.mode == "color" else plane


@dataclass(frozen=True)
class _Broken:
    name: str
    reason: str


def read_kind(folder: Path, name: str) -> Kind:
    """The kind of one image, from its header alone.

    Raises `DamagedDataError` naming the file where it is no sound image or has too many pixels.
    """
    with warnings.catch_warnings(action="ignore"):
        found = _looked_at(folder, name, None, None)
    if isinstance(found, _Broken):
        raise DamagedDataError(f"{folder}: broken: {printable(found.name)} ({found.reason})")
    return found


def read_images(folder: Path, names: Sequence[str], expected: Kind) -> NDArray[np.uint8]:
    """All images as one array, (images, height, width) or (images, height, width, 3), 0 to 255.

    Grayscale is stored as it is, black and white as 0 and 255; color is red, green, blue. Raises
    `DamagedDataError` with all that is wrong: files that are broken, and those that are not of the
    expected size and mode.
    """
    pixels = aligned_room((len(names), *expected.shape), np.uint8)
    broken: list[_Broken] = []
    kinds: dict[Kind, list[str]] = {}
    # Pillow warns of large images, which are refused here, and of metadata, which are not used.
    with warnings.catch_warnings(action="ignore"):
        for name, room in zip(names, pixels, strict=True):
            found = _looked_at(folder, name, expected, room)
            if isinstance(found, _Broken):
                broken.append(found)
            else:
                kinds.setdefault(found, []).append(name)
    problems = [*_problems(kinds, expected), *_in_words(broken)]
    if problems:
        raise DamagedDataError("\n".join([f"{folder}: its images cannot be used", *problems]))
    return pixels


def printable(name: str) -> str:
    """A name as it is, where that can be shown; else with escapes and in quotes.

    >>> printable("cat"), printable("c\\nat")
    ('cat', "'c\\\\nat'")
    """
    return name if name.isprintable() else ascii(name)


def some(names: Sequence[str]) -> str:
    """The first few of some names, as they can be shown, and how many more there are."""
    shown = ", ".join(map(printable, names[:_SHOWN]))
    more = len(names) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _looked_at(
    folder: Path, name: str, expected: Kind | None, room: NDArray[np.uint8] | None
) -> Kind | _Broken:
    """A file's kind; where it is the expected one, its picture is put into `room`."""
    try:
        with Image.open(folder / name, formats=_FORMATS) as image:
            kind = _kind(image)
            if kind.height * kind.width > MOST_PIXELS:
                return _Broken(name, f"{kind.size} pixels; {MOST_PIXELS:,} in all are allowed")
            if room is not None and kind == expected:
                stored = image.convert("RGB" if kind.mode == "color" else "L")
                room[...] = np.asarray(stored)
            return kind
    except Image.UnidentifiedImageError:
        return _Broken(name, "not a PNG, JPEG, BMP or TIFF image")
    except Image.DecompressionBombError:
        return _Broken(name, f"more than the {MOST_PIXELS:,} pixels that are allowed")
    except Exception as error:  # what Pillow raises for a broken file is of no one type
        said = getattr(error, "strerror", None) or str(error)
        return _Broken(name, ascii(said[:_LONGEST])[1:-1] or type(error).__name__)


def _kind(image: Image.Image) -> Kind:
    mode: str = _MODES.get(image.mode, image.mode)
    if image.has_transparency_data:
        mode = f"{image.mode} with transparency"
    return Kind(image.height, image.width, mode, 2 if _goes_on(image) else 1)


def _goes_on(image: Image.Image) -> bool:
    """Whether a file has another picture; to count them would take as long as there are many."""
    try:
        image.seek(1)
    except EOFError:
        return False
    image.seek(0)
    return True


def _problems(kinds: Mapping[Kind, list[str]], expected: Kind) -> Iterator[str]:
    sizes: dict[str, list[str]] = {}
    modes: dict[str, list[str]] = {}
    several: list[str] = []
    for kind, names in kinds.items():
        sizes.setdefault(kind.size, []).extend(names)
        modes.setdefault(kind.mode, []).extend(names)
        several += names if kind.pictures != 1 else []
    if set(sizes) - {expected.size}:
        got = f"{'mixed sizes' if len(sizes) > 1 else 'size'}: {_counted(sizes)}"
        yield f"  {got}; all should be {expected.size} (rows x columns)"
    if set(modes) - {expected.mode}:
        got = f"{'mixed modes' if len(modes) > 1 else 'mode'}: {_counted(modes)}"
        yield f"  {got}; all should be {expected.mode}, 8 bits a number and opaque"
    if several:
        yield f"  more than one picture in a file: {some(several)}; one is allowed"


def _counted(names_by: Mapping[str, list[str]]) -> str:
    return ", ".join(
        f"{what} ({len(names):,} of them, such as {printable(names[0])})"
        for what, names in names_by.items()
    )


def _in_words(broken: Sequence[_Broken]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for one in broken:
        reasons.setdefault(one.reason, []).append(one.name)
    return [f"  broken: {some(names)} ({reason})" for reason, names in reasons.items()]
