"""Arrays as the store keeps them."""

import json
import struct
import zlib

import numpy as np

from fuzzing.sandbox import told
from paribus.errors import LabError
from paribus.store.arrays import decode, encode


def target(content: bytes) -> None:
    for blob in (content, zlib.compress(content, 1)):
        with told(LabError):
            arrays = decode(blob)
            assert all(encode([array]) for array in arrays)


def packed(header: object, content: bytes = b"") -> bytes:
    """What is compressed in a blob, with any header: the second form that the target reads."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + content


WHOLE = encode([np.arange(6.0).reshape(2, 3), np.array(["a", "bc"]), np.array(True)])
SEEDS = (
    WHOLE,
    zlib.decompress(WHOLE),
    encode([]),
    packed([["<f4", [2]], [">i2", []], ["|b1", [0, 3]], ["<c16", [1]]], bytes(26)),
)
REGRESSIONS = {
    "nothing": b"",
    "a bomb": zlib.compress(packed([["<f4", [1]]], bytes(1 << 24))),
    "a bomb without a header": zlib.compress(bytes(1 << 24)),
    "a header of 4 GB": struct.pack("<I", 2**32 - 1),
    "a header that is no JSON": packed(b"{"),
    "a header that is no text": packed(b"\xff\xfe"),
    "a header nested 100,000 deep": packed(b"[" * 100_000),
    "a header of a number": packed(b"7"),
    "a header of another form": packed([[1, 2, 3]]),
    "a shape above 2**64": packed([["<f4", [2**40, 2**40]]]),
    "a shape of 2**60 and 0": packed([["<f4", [0, 2**60, 2**60]]]),
    "a shape of minus one": packed([["<f4", [-1]]], bytes(8)),
    "a shape of truth values": packed([["<f4", [True]]], bytes(4)),
    "a shape of a hundred dimensions": packed([["<f4", [1] * 100]], bytes(4)),
    "objects": packed([["|O", [1]]], bytes(8)),
    "a structure": packed([["f4,i8", [1]]], bytes(12)),
    "a type of 2**31 characters": packed([["<U2147483647", [1]]]),
    "characters above Unicode": packed([["<U1", [1]]], b"\xff\xff\xff\xff"),
    "a type that is a list": packed([[[["x", "f4"]], [1]]], bytes(4)),
    "bytes that are no truth values": packed([["|b1", [2]]], b"\x07\x80"),
    "an infinite shape": packed(b'[["<f4", [Infinity]]]'),
    "too few bytes": packed([["<f8", [2]]], bytes(15)),
    "too many bytes": packed([["<f8", [2]]], bytes(17)),
    "rubbish after its end": encode([np.zeros(2)]) + b"more",
}
