"""Checkpoints of runs in training."""

import json
import struct

import numpy as np
import safetensors.numpy

from fuzzing.sandbox import told
from paribus.training.checkpoint import FORMAT, Checkpoint, CheckpointError


def target(content: bytes) -> None:
    with told(CheckpointError):
        found = Checkpoint.from_bytes(content)
        assert min(found.place) >= 0
        assert isinstance(found.made_with, str)
        assert found.fits(found.state)
        assert isinstance(dict(found.took), dict)


SOUND = Checkpoint(
    epoch=2,
    done=14,
    state=(np.zeros((2, 3), np.float32), np.array(7, np.int32)),
    measured={"train/loss": np.ones(2)},
    made_with="jax 0.10",
    took={"train": 1.5},
)
FACTS = {"epoch": 2, "done": 14, "measured": [], "made_with": "", "took": {}}


def file(header: bytes, content: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + content


def with_facts(facts: object, **arrays) -> bytes:
    text = facts if isinstance(facts, str) else json.dumps(facts)
    return safetensors.numpy.save(
        arrays or {"state/0": np.zeros(1)}, {"format": FORMAT, "facts": text}
    )


SEEDS = (
    SOUND.to_bytes(),
    Checkpoint(0, 0, (), {}, "").to_bytes(),
    with_facts(FACTS),
)
REGRESSIONS = {
    "nothing": b"",
    "a header of 2**60 bytes": struct.pack("<Q", 2**60) + b"{}",
    "a header of 2**64 - 1 bytes": b"\xff" * 8,
    "a header nested 100,000 deep": file(b"[" * 100_000),
    "facts nested 100,000 deep": with_facts("[" * 100_000),
    "facts of a list": with_facts([]),
    "an infinite epoch": with_facts(FACTS | {"epoch": float("inf")}),
    "an epoch that is no number": with_facts(FACTS | {"epoch": float("nan")}),
    "an epoch before the first": with_facts(FACTS | {"epoch": -1}),
    "half an epoch": with_facts(FACTS | {"epoch": 0.5}),
    "an epoch in words": with_facts(FACTS | {"epoch": "1"}),
    "an epoch of 5,000 digits": with_facts('{"epoch": ' + "9" * 5_000 + "}"),
    "times of a list": with_facts(FACTS | {"took": [1]}),
    "times of a number": with_facts(FACTS | {"took": 7}),
    "measurements of a number": with_facts(FACTS | {"measured": 7}),
    "measurements that are not there": with_facts(FACTS | {"measured": ["x"]}),
    "measurements of lists": with_facts(FACTS | {"measured": [[]]}),
    "arrays of a type that NumPy has not": file(
        b'{"state/0":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', bytes(2)
    ),
    "a state that begins at 1": with_facts(FACTS, **{"state/1": np.zeros(1)}),
    "a shape above 2**64": file(
        b'{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
    ),
}
