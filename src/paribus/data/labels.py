"""Labels replaced at random: how much a network learns where there is nothing to learn.

Zhang et al., Understanding deep learning requires rethinking generalization,
https://arxiv.org/abs/1611.03530.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paribus import seeds
from paribus.data.checksums import fingerprint_of_arrays
from paribus.data.dataset import Dataset
from paribus.spec import digest


def corrupted(
    dataset: Dataset, positions: NDArray[np.int32], share: float, replicate: int
) -> Dataset:
    """The data set with that share of the labels at `positions` drawn anew, from all classes.

    `positions` are those trained on (`Splits.train`); all other labels stay: what is measured on
    validation and test examples is about the true classes. round(share * positions) labels are
    replaced, each by a class that is uniform among all, so that one in `classes` is the true one
    again. Drawn from the replicate's stream "labels": which come first, and what each example's
    new label is, depend on neither share nor condition, so those replaced at 0.25 are, with the
    same new labels, among those replaced at 0.5. The inputs are the same array, not a copy; the
    fingerprint is another, unless the share is 0. For data with classes.
    """
    if share == 0:
        return dataset
    assert dataset.classes
    count = len(dataset.inputs)
    turn = seeds.bits(seeds.stream_key(replicate, "labels", "turn"), count)[positions]
    # The remainder is uniform up to one part in 10^18.
    drawn = seeds.bits(seeds.stream_key(replicate, "labels", "class"), count) % np.uint64(
        len(dataset.classes)
    )
    replaced = positions[np.argsort(turn, kind="stable")[: round(share * len(positions))]]
    targets = dataset.targets.copy()
    targets[replaced] = drawn[replaced]
    labels = fingerprint_of_arrays({"targets": targets})
    content = {"data": dataset.fingerprint, "labels": labels}
    return replace(dataset, targets=targets, fingerprint=digest(content))
