"""idx files, gzipped or not."""

import gzip
import struct

from fuzzing.sandbox import told
from paribus.data.idx import read_idx
from paribus.errors import DamagedDataError

MOST = 1_000


def target(content: bytes) -> None:
    with told(DamagedDataError):
        array = read_idx(content, MOST, "some-idx3-ubyte.gz")
        assert array.size <= MOST


def idx(*sizes: int, content: bytes | None = None, kind: int = 8) -> bytes:
    count = 1
    for size in sizes:
        count *= size
    header = bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
    return header + (bytes(range(count)) if content is None else content)


SEEDS = (
    idx(4, 5, 3),
    idx(7),
    gzip.compress(idx(4, 5, 3), mtime=0),
    gzip.compress(idx(7), compresslevel=0, mtime=0),
)
REGRESSIONS = {
    "sizes whose product is above 2**64": idx(*[2**32 - 1] * 8, content=b""),
    "sizes of 4 GB": idx(2**16, 2**16, content=b"\0"),
    "a gzip file that expands without end": gzip.compress(bytes(1 << 24), mtime=0),
    "a shape that NumPy has not, without an element": idx(0, *[2**32 - 1] * 7, content=b""),
}
