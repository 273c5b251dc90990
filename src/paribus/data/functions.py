"""Embedded data: functions of one variable on (0, 1], for regression.

Training points are i/n and test points the midpoints (i - 1/2)/n, for i = 1 .. n. Both functions
are made of u = 5x, whose integer part is exact because the points are fractions of integers: where
a sign changes or a zero lies is decided by integers, not by rounding.
"""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, Strict

from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import fingerprint_of_arrays
from paribus.data.dataset import Dataset, Facts

_HALF_WAVES = 5
_MOST = 1_000_000


class Function(DataSpec):
    """A function on (0, 1], sampled at `examples` training points and as many test points.

    * `sinc`: sin(5 pi x) / (5 pi x)
    * `square`: sgn(sin(5 pi x)), that is 1 on (0, 1/5), (2/5, 3/5) and (4/5, 1), -1 on
      (1/5, 2/5) and (3/5, 4/5), and 0 at 1/5, 2/5, 3/5, 4/5 and 1.

    At most a million points, which float32 still tells apart.
    """

    kind: Literal["function"] = "function"
    name: Literal["sinc", "square"]
    examples: Annotated[int, Strict(), Field(gt=0, le=_MOST)] = 1000

    def facts(self) -> Facts:
        return Facts(
            shape=(1,),
            outputs=1,
            classification=False,
            train=self.examples,
            test=self.examples,
            bytes=2 * self.examples * 2 * np.dtype(np.float32).itemsize,
            maximum=1,
        )

    def locate(self, source: Source) -> Location:
        return Location("embedded", None, 0, self.load(source).fingerprint)

    def load(self, source: Source) -> Dataset:  # noqa: ARG002 - embedded: there is one source
        count = self.examples
        index = np.arange(1, count + 1, dtype=np.int64)
        halves = np.concatenate([2 * index, 2 * index - 1])
        function = {"sinc": _sinc, "square": _square}[self.name]
        inputs = (halves / (2 * count)).astype(np.float32)[:, None]
        targets = function(halves, 2 * count).astype(np.float32)[:, None]
        test = np.arange(count, 2 * count, dtype=np.int32)
        arrays = {"inputs": inputs, "targets": targets, "test": test}
        return Dataset(
            inputs=inputs,
            targets=targets,
            train=np.arange(count, dtype=np.int32),
            test=test,
            fingerprint=fingerprint_of_arrays(arrays),
            maximum=1,
        )


def _sinc(numerator: NDArray[np.int64], denominator: int) -> NDArray[np.float64]:
    sign, within = _half_wave(numerator, denominator)
    angle = np.pi * _HALF_WAVES * (numerator / denominator)
    return sign * np.sin(np.pi * (within / denominator)) / angle


def _square(numerator: NDArray[np.int64], denominator: int) -> NDArray[np.float64]:
    sign, within = _half_wave(numerator, denominator)
    return np.where(within == 0, 0.0, sign)


def _half_wave(
    numerator: NDArray[np.int64], denominator: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sign of the half wave that each point is in, and how far into it (of `denominator`)."""
    which, within = np.divmod(_HALF_WAVES * numerator, denominator)
    return 1.0 - 2.0 * (which % 2), within
