"""Image files: PNG, JPEG, BMP, TIFF."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from fuzzing.sandbox import scratch, told
from paribus.data.images import Kind, read_images, read_kind
from paribus.errors import DamagedDataError

MODES = ("grayscale", "color")
MOST_SEEN = 10_000


def target(content: bytes) -> None:
    folder = scratch()
    (folder / "image").write_bytes(content)
    with told(DamagedDataError):
        kind = read_kind(folder, "image")
        if kind.mode in MODES and kind.height * kind.width <= MOST_SEEN:
            one = Kind(kind.height, kind.width, kind.mode)
            assert read_images(folder, ["image"], one).shape == (1, *kind.shape)


def saved(form: str, mode: str = "L", **options) -> bytes:
    channels = {"L": (), "RGB": (3,), "P": (), "1": (), "RGBA": (4,)}[mode]
    pixels = np.arange(6 * 5 * 4, dtype=np.uint8)[: 30 * max(1, *channels, 1)]
    array = pixels.reshape(6, 5, *channels)
    image = Image.fromarray(array > 3 if mode == "1" else array, mode=None)
    if mode == "P":
        image = image.convert("P")
    room = io.BytesIO()
    image.save(room, form, **options)
    return room.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    length, crc = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return length + kind + content + crc


def png(width: int, height: int, *between: bytes, packed: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    end = chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + end


def tiff(pictures: int, width: int = 1, height: int = 1, circle: bool = False) -> bytes:
    """A TIFF of so many pictures of 8 bits, each with the same strip; or that lead in a circle."""
    tags = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (278, height))
    tags += ((279, 1),)
    size, first = 2 + 12 * len(tags) + 4, 16
    found = [b"II*\0", struct.pack("<I", first), bytes(8)]
    for number in range(pictures):
        last = number == pictures - 1
        following = (first if circle else 0) if last else first + size * (number + 1)
        found.append(struct.pack("<H", len(tags)))
        found += [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags]
        found.append(struct.pack("<I", following))
    return b"".join(found)


SEEDS = (
    saved("PNG"),
    saved("PNG", "RGB"),
    saved("PNG", "P"),
    saved("PNG", "1"),
    saved("PNG", "RGBA"),
    saved("JPEG"),
    saved("JPEG", "RGB", progressive=True),
    saved("BMP"),
    saved("BMP", "RGB"),
    saved("TIFF"),
    saved("TIFF", "RGB", compression="tiff_lzw"),
    saved("TIFF", "RGB", compression="tiff_adobe_deflate"),
    saved("TIFF", "1", compression="group4"),
    tiff(2),
)
REGRESSIONS = {
    "a PNG of 100,000 x 100,000": png(100_000, 100_000),
    "a TIFF of 100,000 x 100,000": tiff(1, 100_000, 100_000),
    "a PNG that expands to more than its size": png(5, 5, packed=zlib.compress(bytes(1 << 24))),
    "a PNG with a text that expands without end": png(
        5, 5, chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(1 << 26)))
    ),
    "a PNG with a profile that expands without end": png(
        5, 5, chunk(b"iCCP", b"note\0\0" + zlib.compress(bytes(1 << 26)))
    ),
    "a PNG with a text of a megabyte": png(5, 5, chunk(b"tEXt", b"note\0" + b"a" * (1 << 20))),
    "a TIFF whose pictures lead in a circle": tiff(3, circle=True),
    "a TIFF of 20,000 pictures": tiff(20_000),
    "nothing": b"",
}
