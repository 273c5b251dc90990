"""Named random streams: every random choice of a run comes from its replicate, never its cohort.

A stream is named by what it decides ("initialization", "order", "split", "dropout", ...) and
opened for one replicate. The condition has no part in it, so runs of one replicate are paired:
same split, same order, same initial weights where shapes agree. The bits come from Philox, a
counter-based generator whose output NumPy guarantees (`random_raw`); what is made of them is
written here, but for the normal distribution's inverse, which is SciPy's: its version is in every
run's provenance.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def stream_key(replicate: int, name: str, *index: int | str) -> int:
    """The 128-bit key of a stream: SHA-256 of its name, the replicate and the index within it."""
    text = "/".join(["paribus", str(replicate), name, *map(str, index)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def bits(key: int, count: int) -> NDArray[np.uint64]:
    """The first `count` 64-bit words of the stream."""
    # Philox does not broadcast over keys; building one costs 20 us.
    return np.random.Philox(key=key).random_raw(count)


def uniform(key: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers uniform on (0, 1), 53 bits each; neither end is reached."""
    raw = bits(key, int(np.prod(shape, dtype=np.int64))).reshape(shape)
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(key: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Standard normal numbers, by the inverse of the distribution function."""
    return ndtri(uniform(key, shape))


def permutation(key: int, count: int) -> NDArray[np.int32]:
    """A random order of 0 .. count-1: the order of `count` random words."""
    # Stable, so that a tie (one in 10^10 orders of 60,000) is the same on every machine.
    return np.argsort(bits(key, count), kind="stable").astype(np.int32)


def words(key: int) -> NDArray[np.uint32]:
    """The stream as a two-word key for JAX's threefry generator."""
    return bits(key, 1).view(np.uint32)
