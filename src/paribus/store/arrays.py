"""Arrays as bytes and back, bit for bit, and never through pickle.

A blob is zlib over: the length of a header (4 bytes, little-endian), the header (JSON: dtype and
shape of each array), and the arrays' bytes in C order, one after the other.
"""

import json
import math
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from paribus.errors import DamagedLabError

# bool, signed, unsigned, float, complex and fixed-width strings: what bytes alone can say.
KINDS = "biufcU"

MOST_BYTES = 2 << 30
"""Bytes that the arrays of one blob may take: above what a database takes in one value."""

_MOST_HEADER = 1 << 20
_MOST_DIMENSIONS = 64
_LENGTH = struct.Struct("<I")
_DTYPE = re.compile(r"[<>|](?:[biufc]|U(?=[1-9]))\d{1,7}")


class _Form(NamedTuple):
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.shape)


def encode(arrays: Sequence[NDArray[Any]]) -> bytes:
    """The arrays as one compressed blob.

    Raises `TypeError` for a dtype that is not made of plain numbers or fixed-width strings, and
    `ValueError` for more than `MOST_BYTES`.
    """
    if (count := sum(array.nbytes for array in arrays)) > MOST_BYTES:
        raise ValueError(f"cannot store arrays of {count:,} bytes: {MOST_BYTES:,} are allowed")
    for array in arrays:
        if array.dtype.kind not in KINDS:
            raise TypeError(
                f"cannot store an array of dtype {array.dtype}: allowed are booleans, integers, "
                "floats, complex numbers and fixed-width strings. Convert it with astype first."
            )
    header = _header(tuple((array.dtype.str, array.shape) for array in arrays))
    parts = [_LENGTH.pack(len(header)), header, *(array.tobytes() for array in arrays)]
    return zlib.compress(b"".join(parts))


def decode(blob: bytes, what: str = "an array of the store") -> list[NDArray[Any]]:
    """The arrays of a blob that `encode` made; they are writable.

    Expands no further than the blob's own header says, and to `MOST_BYTES` at most. Raises
    `DamagedLabError`, which begins with `what`, for anything that `encode` does not make.
    """
    try:
        return _decoded(blob)
    except (zlib.error, struct.error, ValueError, TypeError, RecursionError) as error:
        raise _damaged(what, error) from None


def decode_weights(
    content: bytes, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name, which are those of a network.

    `shapes` are those that it should have. Raises `DamagedLabError` for other ones, and for bytes
    that are no such file.
    """
    try:
        arrays = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _damaged("a run's weights", error) from None
    found = {name: array.shape for name, array in arrays.items()}
    if shapes is not None and found != dict(shapes):
        raise _damaged("a run's weights", f"they are {found}; they should be {dict(shapes)}")
    return arrays


@lru_cache(maxsize=1024)  # as `_forms`
def _header(forms: tuple[tuple[str, tuple[int, ...]], ...]) -> bytes:
    return json.dumps(forms).encode()


def _damaged(what: str, problem: object) -> DamagedLabError:
    return DamagedLabError(
        f"{what} is damaged: {_shown(problem)}. `paribus check` finds what else is, and "
        "`paribus check --repair` makes it again."
    )


def _decoded(blob: bytes) -> list[NDArray[Any]]:
    stream = zlib.decompressobj()
    (length,) = _LENGTH.unpack(stream.decompress(blob, _LENGTH.size))
    if not 0 < length <= _MOST_HEADER:
        raise ValueError(f"a header of {length:,} bytes; 1 to {_MOST_HEADER:,} are allowed")
    forms = _forms(stream.decompress(stream.unconsumed_tail, length))
    count = sum(form.bytes for form in forms)
    # Never more than one byte above what the header says, whatever the blob would expand to.
    raw = stream.decompress(stream.unconsumed_tail, count + 1)
    if len(raw) != count or not stream.eof or stream.unused_data:
        raise ValueError(f"it does not hold the {count:,} bytes that its header says")
    starts = accumulate((form.bytes for form in forms), initial=0)
    # The buffer is neither aligned nor writable; the copies are both.
    return [
        _sound(np.ndarray(form.shape, form.dtype, buffer=raw, offset=start).copy())
        for form, start in zip(forms, starts, strict=False)
    ]


@lru_cache(maxsize=1024)  # most blobs have one of a few headers
def _forms(header: bytes) -> tuple[_Form, ...]:
    forms = tuple(_form(dtype, shape) for dtype, shape in json.loads(header))
    # An axis of length 0 makes no room for the others.
    count = sum(form.dtype.itemsize * math.prod(filter(None, form.shape)) for form in forms)
    if count > MOST_BYTES:
        raise ValueError(f"arrays of {count:,} bytes; {MOST_BYTES:,} are allowed")
    return forms


def _form(dtype: Any, shape: Any) -> _Form:
    if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise ValueError(f"an array of type {dtype!r}; allowed are numbers and words")
    if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS:
        raise ValueError(f"an array of the shape {shape!r}")
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"an array of the shape {shape}; sides are whole numbers from 0 on")
    return _Form(np.dtype(dtype), tuple(shape))


def _sound(array: NDArray[Any]) -> NDArray[Any]:
    """The array, unless its bytes are none of its type's: those cannot be shown or compared."""
    if array.dtype.kind == "b" and (array.view(np.uint8) > 1).any():
        raise ValueError("truth values that are neither true nor false")
    if array.dtype.kind == "U":
        points = np.ascontiguousarray(array).view(f"{array.dtype.byteorder}u4")
        if (points > 0x10FFFF).any():
            raise ValueError("characters that are not in Unicode")
    return array


def _shown(problem: object) -> str:
    """What is wrong in a line that can be shown, whatever bytes it tells of."""
    text = str(problem)
    return ascii(text[:200])[1:-1] if len(text) > 200 or not text.isprintable() else text
