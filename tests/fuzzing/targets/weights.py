"""A run's last weights, as the store keeps them."""

import struct

import numpy as np
import safetensors.numpy

from fuzzing.sandbox import told
from paribus.errors import LabError
from paribus.store.arrays import decode_weights

SHAPES = {"1.weight": (2, 3), "1.bias": (2,)}
WHOLE = {name: np.ones(shape, np.float32) for name, shape in SHAPES.items()}


def target(content: bytes) -> None:
    with told(LabError):
        decode_weights(content)
    with told(LabError):
        found = decode_weights(content, SHAPES)
        assert {name: array.shape for name, array in found.items()} == SHAPES


def file(header: bytes, content: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + content


SEEDS = (
    safetensors.numpy.save(WHOLE),
    safetensors.numpy.save(WHOLE, {"format": "np"}),
    safetensors.numpy.save({}),
)
REGRESSIONS = {
    "nothing": b"",
    "a header of 2**60 bytes": struct.pack("<Q", 2**60) + b"{}",
    "a header nested 100,000 deep": file(b"[" * 100_000),
    "a type that NumPy has not": file(
        b'{"1.bias":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}', b"\0"
    ),
    "a shape above 2**64": file(
        b'{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
    ),
    "a shape of 2**63 and 0": file(
        b'{"x":{"dtype":"F32","shape":[9223372036854775808,0],"data_offsets":[0,0]}}'
    ),
    "another layer": safetensors.numpy.save({"2.weight": np.ones(2)}),
    "another shape": safetensors.numpy.save(WHOLE | {"1.bias": np.ones(3)}),
    "words for numbers": safetensors.numpy.save(WHOLE | {"1.bias": np.ones(2, bool)}),
    "a name with an escape": file(
        b'{"\\u001b[2J":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)
    ),
}
