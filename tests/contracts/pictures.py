"""Pictures of noise, for tests of training where any data will do: as a data set of a recipe."""

from typing import Literal

import numpy as np

from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import fingerprint_of_arrays
from paribus.data.dataset import Dataset, Facts
from paribus.spec import Count


class Pictures(DataSpec):
    """Ten classes of 32 x 32 pictures in red, green and blue; `flat`: each of a single colour."""

    kind: Literal["pictures"] = "pictures"
    examples: Count
    flat: bool = False

    def facts(self) -> Facts:
        pixels = 32 * 32 * 3
        return Facts((32, 32, 3), 10, True, self.examples - 1, 1, self.examples * (pixels + 4))

    def locate(self, source: Source) -> Location:
        return Location("embedded", None, 0, self.load(source).fingerprint)

    def load(self, source: Source) -> Dataset:
        random = np.random.default_rng(0)
        sides = (1, 1) if self.flat else (32, 32)
        colours = random.integers(0, 256, (self.examples, *sides, 3), dtype=np.uint8)
        inputs = np.broadcast_to(colours, (self.examples, 32, 32, 3)).copy()
        targets = random.integers(0, 10, self.examples, dtype=np.int32)
        return Dataset(
            inputs,
            targets,
            train=np.arange(self.examples - 1, dtype=np.int32),
            test=np.array([self.examples - 1], np.int32),
            fingerprint=fingerprint_of_arrays({"inputs": inputs, "targets": targets}),
            classes=tuple("0123456789"),
        )
