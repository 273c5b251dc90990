"""Broken files, made from sound ones: the bounded form of fuzzing, for every run of the tests."""

from hypothesis import strategies as st

# Bounds of numbers of all sizes, and what formats use as signs.
INTERESTING = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff" * 7 + b"\x7f",
    b"\0" * 8,
    b"\x80",
    b"-1",
    b"1e999",
    b"null",
    b"[" * 100,
    b"\n",
    b"/../",
    b"NaN",
)


@st.composite
def broken(draw, seeds: tuple[bytes, ...]) -> bytes:
    """One of some files after up to four changes: bytes flipped, put in, taken out, doubled."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, min(64, len(content) - place)))
        piece = bytes(content[place : place + length])
        match draw(st.integers(0, 6)):
            case 0:
                content[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                new = draw(st.sampled_from(INTERESTING))
                content[place : place + len(new)] = new
            case 2:
                content[place:place] = draw(st.binary(max_size=16) | st.sampled_from(INTERESTING))
            case 3:
                del content[place : place + length]
            case 4:
                content[place:place] = piece
            case 5:
                del content[place:]
            case _:
                content[place:] = draw(st.sampled_from(seeds))[place:]
    return bytes(content)
