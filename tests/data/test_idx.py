import gzip
import math
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.gzipped import gunzip
from paribus.data.idx import read_idx
from paribus.errors import DamagedDataError

NAME = "some/labels-idx1-ubyte"


def idx(*shape, kind=8, content=None):
    count = math.prod(shape)
    header = struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return header + (bytes(i % 256 for i in range(count)) if content is None else content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(5,), (3, 2, 4), (0,), (2, 0, 3)])
def test_shape_and_elements_come_back(pack, shape):
    array = read_idx(pack(idx(*shape)), most=24, name=NAME)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, np.arange(math.prod(shape)).reshape(shape))


BROKEN = {
    "empty": (b"", "not an idx file: it begins with nothing"),
    "cut within the magic number": (idx(5)[:3], "not an idx file: it begins with 00 00 08;"),
    "other magic number": (b"\x89PNG....", "not an idx file: it begins with 89 50 4e 47;"),
    "a page": (b"<!DOCTYPE html>", "not an idx file: it begins with 3c 21 44 4f;"),
    "floats": (idx(2, kind=0x0D), "elements of type code 0x0d; only unsigned bytes"),
    "no dimensions": (b"\0\0\x08\0", "0 dimensions; 1 to 8 are read"),
    "many dimensions": (b"\0\0\x08\xff" + bytes(2000), "255 dimensions; 1 to 8 are read"),
    "cut within the header": (idx(2, 2)[:9], "truncated: it ends within the sizes of its 2 dim"),
    "too short": (idx(7, 3)[:-1], "truncated: 20 elements, but its header says 7 x 3 = 21"),
    "too long": (idx(7, 3) + b"\0", "too long: 22 elements, but its header says 7 x 3 = 21"),
    "enormous sizes": (
        idx(2**32 - 1, 2**32 - 1, content=b""),
        "truncated: 0 elements, but its header says 4294967295 x 4294967295 = 18,446,744,065",
    ),
    "more than expected": (idx(25), "25 elements; at most 24 are expected"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(("raw", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_what_is_wrong(pack, raw, problem):
    with pytest.raises(DamagedDataError) as caught:
        read_idx(pack(raw), most=24, name=NAME)
    message = str(caught.value)
    assert message.startswith(f"{NAME}: ")
    # Where the gzip file holds too much to be unpacked at all, that is what is said.
    assert problem in message or (pack is gzip.compress and "expands to more than" in message)


def flipped(raw, position):
    return raw[:position] + bytes([raw[position] ^ 0xFF]) + raw[position + 1 :]


PACKED = gzip.compress(idx(24), mtime=0)
BROKEN_GZIP = {
    "cut": (PACKED[:-9], "is truncated: the gzip stream stops after"),
    "cut within the trailer": (PACKED[:-1], "is truncated: the gzip stream stops after 32 bytes"),
    "cut within the header": (PACKED[:5], "is truncated: the gzip stream stops after 0 bytes"),
    "wrong checksum": (flipped(PACKED, -6), "not a sound gzip file"),
    "wrong header": (flipped(PACKED, 2), "not a sound gzip file"),
    "trailing bytes": (PACKED + b"more", "has 4 bytes after the end of its gzip stream"),
    "second member": (PACKED + PACKED, f"has {len(PACKED)} bytes after the end"),
}


@pytest.mark.parametrize(("raw", "problem"), BROKEN_GZIP.values(), ids=BROKEN_GZIP)
def test_a_broken_gzip_file_is_named_with_what_is_wrong(raw, problem):
    with pytest.raises(DamagedDataError) as caught:
        read_idx(raw, most=24, name=NAME)
    assert str(caught.value).startswith(f"{NAME}: {problem}")


def test_a_bomb_is_expanded_no_further_than_expected():
    bomb = gzip.compress(idx(1 << 26, content=bytes(1 << 26)))
    assert len(bomb) < 1 << 17
    tracemalloc.start()
    with pytest.raises(DamagedDataError, match="expands to more than the 1,060 bytes"):
        read_idx(bomb, most=1024, name=NAME)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def test_content_of_exactly_the_limit_passes():
    assert gunzip(gzip.compress(b"a" * 1000), 1000, NAME) == b"a" * 1000
    with pytest.raises(DamagedDataError, match="expands to more than the 999 bytes"):
        gunzip(gzip.compress(b"a" * 1000), 999, NAME)


small = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(lambda shape: idx(*shape))
mangled = st.builds(
    lambda raw, at, with_, cut: (raw[: at % len(raw)] + with_ + raw[at % len(raw) :])[:cut],
    small | small.map(gzip.compress),
    st.integers(0, 60),
    st.binary(max_size=4),
    st.integers(0, 80),
)


@given(st.binary() | st.binary().map(lambda tail: b"\0\0\x08" + tail) | small | mangled)
def test_any_bytes_give_an_array_or_damaged_data(raw):
    try:
        array = read_idx(raw, most=700, name=NAME)
    except DamagedDataError as error:
        assert str(error).startswith(f"{NAME}: ")  # noqa: PT017 - both outcomes are right
    else:
        assert array.size <= 700
        assert array.tobytes() in (raw if raw[:2] == b"\0\0" else gzip.decompress(raw))
