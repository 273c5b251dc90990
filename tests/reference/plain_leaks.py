"""Repeated examples by comparing every pair: what `find_leaks` should find, however slowly."""

import numpy as np


def plain_counts(dataset):
    """Counts by the words of their definitions, over all pairs of examples."""
    train, test = dataset.train.tolist(), dataset.test.tolist()

    def same(a, b):
        return np.array_equal(dataset.inputs[a], dataset.inputs[b])

    def repeats(split):
        return sum(any(same(one, other) for other in split[:n]) for n, one in enumerate(split))

    def distinct(positions):
        return [
            one for n, one in enumerate(positions) if not any(same(one, p) for p in positions[:n])
        ]

    def labels(one):
        return {int(dataset.targets[p]) for p in train + test if same(one, p)}

    leaked = [one for one in test if any(same(one, other) for other in train)]
    return {
        "train_repeats": repeats(train),
        "test_repeats": repeats(test),
        "shared": len(distinct(leaked)),
        "leaked": len(leaked),
        "conflicting": sum(len(labels(one)) > 1 for one in distinct(train + test)),
    }
