"""The idx format of MNIST and its kin: a magic number, the dimensions, then the elements.

Two zero bytes, a type code, the number of dimensions; each dimension as a big-endian 32-bit
number; the elements, the last dimension fastest. Only unsigned bytes (type code 8) are read: the
data sets that come as idx files have no others.
"""

import math
import struct

import numpy as np
from numpy.typing import NDArray

from paribus.data.gzipped import MAGIC, gunzip
from paribus.errors import DamagedDataError

_UNSIGNED_BYTE = 8
_MOST_DIMENSIONS = 8
_LONGEST_HEADER = 4 + 4 * _MOST_DIMENSIONS


def read_idx(raw: bytes, most: int, name: str) -> NDArray[np.uint8]:
    """The array in an idx file, gzipped or not, of at most `most` elements (read-only).

    Raises `DamagedDataError`, which begins with `name`, for anything that is not exactly such a
    file; a gzip file is expanded only as far as `most` allows.
    """
    content = gunzip(raw, most + _LONGEST_HEADER, name) if raw.startswith(MAGIC) else raw
    shape = _shape(content, name)
    start, count = 4 + 4 * len(shape), math.prod(shape)
    found = len(content) - start
    if found != count:
        how = "truncated" if found < count else "too long"
        dims = " x ".join(map(str, shape))
        raise DamagedDataError(
            f"{name}: {how}: {found:,} elements, but its header says {dims} = {count:,}; "
            "fetch it again"
        )
    # A size of 0 leaves no elements, but the others may still be above what an array can have.
    if math.prod(filter(None, shape)) > most:
        got = f"{count:,} elements" if count else f"sizes {' x '.join(map(str, shape))}"
        raise DamagedDataError(f"{name}: {got}; at most {most:,} are expected")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _shape(content: bytes, name: str) -> tuple[int, ...]:
    if len(content) < 4 or content[:2] != b"\0\0":
        start = content[:4].hex(" ") or "nothing"
        raise DamagedDataError(
            f"{name}: not an idx file: it begins with {start}; an idx file of bytes begins with "
            "00 00 08 and its number of dimensions; fetch it again"
        )
    kind, dimensions = content[2], content[3]
    if kind != _UNSIGNED_BYTE:
        problem = f"elements of type code {kind:#04x}; only unsigned bytes (0x08) are read"
    elif not 1 <= dimensions <= _MOST_DIMENSIONS:
        problem = f"{dimensions} dimensions; 1 to {_MOST_DIMENSIONS} are read"
    elif len(content) < 4 + 4 * dimensions:
        problem = f"truncated: it ends within the sizes of its {dimensions} dimensions"
    else:
        return struct.unpack_from(f">{dimensions}I", content, 4)
    raise DamagedDataError(f"{name}: {problem}; fetch it again")
