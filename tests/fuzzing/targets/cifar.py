"""Records of the binary CIFAR-10."""

from fuzzing.sandbox import told
from paribus.data.cifar import luma, read_records
from paribus.errors import DamagedDataError

PIXELS = bytes(range(256)) * 12


def target(content: bytes) -> None:
    with told(DamagedDataError):
        for count in (1, 2):
            labels, planes = read_records(content, count, "data_batch_1.bin")
            assert labels.max() <= 9
            assert luma(planes).shape == (count, 32, 32)


SEEDS = (bytes([3]) + PIXELS, (bytes([9]) + PIXELS) * 2)
REGRESSIONS = {"a class of 10": bytes([10]) + PIXELS, "nothing": b""}
