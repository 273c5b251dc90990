"""Folders of images: names and kinds of what lies in them."""

import os
from contextlib import suppress
from pathlib import Path

from fuzzing.sandbox import fresh, told
from fuzzing.targets.images import saved
from paribus.data import ImageFolder
from paribus.data.base import Source
from paribus.data.folders import list_images
from paribus.errors import DataError, DeclarationError

PICTURE = saved("PNG")
MOST_ENTRIES = 40


def target(content: bytes) -> None:
    """Entries are parted by zero bytes; the first byte of each says what kind it is."""
    home = fresh("images")
    for line in content.split(b"\0")[:MOST_ENTRIES]:
        # What no file system takes is no entry.
        with suppress(OSError, ValueError):
            make(home, line[:1], line[1:])
    listing = list_images(home)
    with told(ValueError):
        if listing.problems:
            raise ValueError("\n".join(listing.problems))
    with told(DeclarationError, DataError):
        ImageFolder(folder=home, mode="grayscale").load(Source())


def make(home: Path, kind: bytes, name: bytes) -> None:
    parts = [os.fsdecode(part) for part in name.split(b"/") if part not in (b"", b".", b"..")]
    if not parts:
        return
    path = home.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case b"d":
            path.mkdir()
        case b"l":
            path.symlink_to(path.name)
        case b"u":
            path.symlink_to("..")
        case b"o":
            path.symlink_to("/")
        case b"p":
            os.mkfifo(path)
        case b"b":
            _write(path, b"no picture")
        case _:
            _write(path, PICTURE)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:  # of a pipe that is there it would wait for a reader
        file.write(content)


def entries(*lines: bytes) -> bytes:
    return b"\0".join(lines)


SOUND = tuple(
    b"f%s/%s/1.png" % (split, label) for split in (b"train", b"val") for label in (b"a", b"b")
)
SEEDS = (
    entries(*SOUND),
    entries(*SOUND, b"ftest/a/1.png"),
    entries(*SOUND, b"ltrain/c", b"otrain/d", b"utrain/a/2.png", b"ptrain/a/3.png"),
    entries(*SOUND, b"btrain/b/4.png", b"dtrain/a/deep", b"ftrain/loose.png", b"dval/c"),
)
REGRESSIONS = {
    "a class named with a line break": entries(*SOUND, b"ftrain/c\nd/1.png", b"fval/c\nd/1.png"),
    "a class named with an escape": entries(*SOUND, b"ftrain/\x1b[2J/1.png", b"fval/c/1.png"),
    "a class named with bytes that are no text": entries(
        *SOUND, b"ftrain/\xff/1.png", b"fval/\xff/1.png"
    ),
    "an image named with bytes that are no text": entries(*SOUND, b"btrain/a/\xff.png"),
    "a loose file named with bytes that are no text": entries(*SOUND, b"btrain/\xff\n"),
    "a link to itself": entries(*SOUND, b"ltrain/a/2.png", b"ltrain/c", b"lval/c"),
    "train as a link to itself": entries(b"ltrain", b"lval"),
    "folders 500 deep": entries(*SOUND, b"d" + b"train/a" + b"/x" * 500),
    "a pipe named as an image": entries(*SOUND, b"ptrain/a/2.png"),
}
