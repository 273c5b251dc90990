import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.store.arrays import MOST_BYTES, decode, encode

DTYPES = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?"),
    npst.complex_number_dtypes(endianness="?"),
    npst.unicode_string_dtypes(endianness="?"),
)
ARRAYS = npst.arrays(DTYPES, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))


@settings(deadline=None)
@given(st.lists(ARRAYS, max_size=4))
def test_every_array_comes_back_bit_for_bit(arrays):
    back = decode(encode(arrays))

    assert len(back) == len(arrays)
    for got, expected in zip(back, arrays, strict=True):
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        assert got.tobytes() == expected.tobytes()
        assert got.flags.writeable
        assert got.flags.aligned


def test_nan_keeps_its_payload():
    strange = np.array([0x7FC00001, 0xFFC12345, 0x7F800001], np.uint32).view(np.float32)

    (back,) = decode(encode([strange]))

    assert back.view(np.uint32).tolist() == [0x7FC00001, 0xFFC12345, 0x7F800001]


def test_a_view_with_strides_is_stored_as_what_it_shows():
    view = np.arange(24).reshape(4, 6)[::2, ::-3].T

    (back,) = decode(encode([view]))

    np.testing.assert_array_equal(back, view)


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a", None], object),
        np.array([b"raw"]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(1, [("x", "f4")]),
    ],
)
def test_what_is_not_plain_numbers_or_strings_is_refused(array):
    with pytest.raises(TypeError, match=r"cannot store an array of dtype .* Convert it"):
        encode([array])


def test_more_than_could_be_read_again_is_refused():
    much = np.broadcast_to(np.uint8(0), (MOST_BYTES + 1,))  # takes one byte

    with pytest.raises(ValueError, match=r"cannot store arrays of 2,147,483,649 bytes"):
        encode([much])
