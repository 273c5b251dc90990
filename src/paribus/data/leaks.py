"""Examples that a data set has more than once: within a split, in both, under several labels.

A test example that is also trained on is no test of anything but memory, and one input with two
labels bounds the accuracy that can be reached. Inputs are compared byte by byte, through their
BLAKE2 hashes of 16 bytes: each is read once.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.data.dataset import Dataset


@dataclass(frozen=True)
class Repeated:
    """One input that several examples have: their positions, by split, labels and names.

    `labels` (none where there are no classes) and `names` are those of the training examples, then
    of the test ones; an example is called by its file, or "example 17".
    """

    train: tuple[int, ...]
    test: tuple[int, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Leaks:
    """All inputs that a data set holds more than once, in the order of their first positions."""

    repeated: tuple[Repeated, ...] = ()

    @property
    def train_repeats(self) -> int:
        """Training examples beyond the first of each input."""
        return sum(max(0, len(one.train) - 1) for one in self.repeated)

    @property
    def test_repeats(self) -> int:
        """Test examples beyond the first of each input."""
        return sum(max(0, len(one.test) - 1) for one in self.repeated)

    @property
    def shared(self) -> int:
        """Inputs that are in the training and in the test split."""
        return sum(bool(one.train and one.test) for one in self.repeated)

    @property
    def leaked(self) -> int:
        """Test examples whose input is in the training split too."""
        return sum(len(one.test) for one in self.repeated if one.train)

    @property
    def conflicting(self) -> int:
        """Inputs that have several labels."""
        return sum(len(set(one.labels)) > 1 for one in self.repeated)

    @property
    def notice(self) -> str | None:
        """One line that says what was found, with an example of each; None if nothing was."""
        across = f"in both train and test ({self.leaked:,} test examples)"
        found = {
            f"{self.train_repeats:,} repeated in train": [
                one.names[:2] for one in self.repeated if len(one.train) > 1
            ],
            f"{self.test_repeats:,} repeated in test": [
                one.names[len(one.train) :][:2] for one in self.repeated if len(one.test) > 1
            ],
            f"{self.shared:,} {across}": [
                (one.names[0], one.names[len(one.train)])
                for one in self.repeated
                if one.train and one.test
            ],
            f"{self.conflicting:,} under several labels": [
                (one.names[0], one.names[_first_other(one.labels)])
                for one in self.repeated
                if len(set(one.labels)) > 1
            ],
        }
        parts = [
            f"{what}, such as {' = '.join(names[0])}" for what, names in found.items() if names
        ]
        return f"identical examples: {'; '.join(parts)}" if parts else None


def find_leaks(dataset: Dataset) -> Leaks:
    """The inputs that occur more than once among a data set's training and test examples.

    An input is what is stored, before normalization; labels are those of `dataset` as it is. Takes
    about as long as hashing its bytes.
    """
    rows = np.ascontiguousarray(dataset.inputs).reshape(len(dataset.inputs), -1)
    in_test = np.zeros(len(rows), bool)
    in_test[dataset.test] = True
    first: dict[bytes, int] = {}
    others: dict[int, list[int]] = {}
    for position in np.sort(np.concatenate([dataset.train, dataset.test])).tolist():
        same = hashlib.blake2b(rows[position].data, digest_size=16).digest()
        earlier = first.setdefault(same, position)
        if earlier != position:
            others.setdefault(earlier, []).append(position)
    found = sorted(others.items())
    return Leaks(tuple(_repeated(dataset, [one, *rest], in_test) for one, rest in found))


def _first_other(labels: tuple[int, ...]) -> int:
    return next(number for number, label in enumerate(labels) if label != labels[0])


def _repeated(dataset: Dataset, positions: list[int], in_test: NDArray[np.bool_]) -> Repeated:
    train = [one for one in positions if not in_test[one]]
    test = [one for one in positions if in_test[one]]
    names = dataset.names
    return Repeated(
        train=tuple(train),
        test=tuple(test),
        labels=tuple(dataset.targets[train + test].tolist()) if dataset.classes else (),
        names=tuple(names[one] if names else f"example {one:,}" for one in train + test),
    )
