"""Arrays as bytes and back, bit for bit, and never through pickle.

A blob is zlib over: the length of a header (4 bytes, little-endian), the header (JSON: dtype and
shape of each array), and the arrays' bytes in C order, one after the other.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# bool, signed, unsigned, float, complex and fixed-width strings: what bytes alone can say.
KINDS = "biufcU"

_LENGTH = struct.Struct("<I")


def encode(arrays: Sequence[NDArray[Any]]) -> bytes:
    """The arrays as one compressed blob.

    Raises `TypeError` for a dtype that is not made of plain numbers or fixed-width strings.
    """
    for array in arrays:
        if array.dtype.kind not in KINDS:
            raise TypeError(
                f"cannot store an array of dtype {array.dtype}: allowed are booleans, integers, "
                "floats, complex numbers and fixed-width strings. Convert it with astype first."
            )
    header = json.dumps([[array.dtype.str, array.shape] for array in arrays]).encode()
    parts = [_LENGTH.pack(len(header)), header, *(array.tobytes() for array in arrays)]
    return zlib.compress(b"".join(parts))


def decode(blob: bytes) -> list[NDArray[Any]]:
    """The arrays of a blob that `encode` made and whose checksum held; they are writable."""
    raw = zlib.decompress(blob)
    (length,) = _LENGTH.unpack_from(raw)
    offset = _LENGTH.size + length
    arrays = []
    for dtype, shape in json.loads(raw[_LENGTH.size : offset]):
        # The buffer is neither aligned nor writable; the copy is both.
        array = np.ndarray(shape, np.dtype(dtype), buffer=raw, offset=offset).copy()
        arrays.append(array)
        offset += array.nbytes
    return arrays
