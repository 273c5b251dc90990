"""Repeated examples: against all pairs, on made-up data, and on the real data sets."""

import dataclasses

import numpy as np
import pytest

from paribus.data import CIFAR10, MNIST, Digits, Function, Gurmukhi
from paribus.data.base import Source
from paribus.data.dataset import Dataset
from paribus.data.leaks import Leaks, Repeated, find_leaks
from reference.plain_leaks import plain_counts


def made(inputs, targets, train, names=(), classes=("a", "b", "c")):
    positions = np.arange(len(inputs), dtype=np.int32)
    return Dataset(
        inputs=np.array(inputs, np.uint8)[:, None],
        targets=np.array(targets, np.int32),
        train=positions[np.isin(positions, train)],
        test=positions[~np.isin(positions, train)],
        fingerprint="0" * 64,
        classes=classes,
        names=names,
    )


def counts(leaks):
    names = [field.name for field in dataclasses.fields(Leaks)]
    assert names == ["repeated"]
    wanted = ("train_repeats", "test_repeats", "shared", "leaked", "conflicting")
    return {name: getattr(leaks, name) for name in wanted}


@pytest.mark.parametrize("levels", [2, 10, 60, 1_000_000])
@pytest.mark.parametrize("seed", range(5))
def test_they_are_those_of_all_pairs(levels, seed):
    rng = np.random.Generator(np.random.Philox(seed))
    inputs = rng.integers(0, min(levels, 256), (40, 1 if levels <= 256 else 8), dtype=np.uint8)
    dataset = made(inputs, rng.integers(0, 3, 40), rng.permutation(40)[:25])
    found = counts(find_leaks(dataset))
    assert found == plain_counts(dataset)
    assert any(found.values()) == (levels <= 60)


def test_each_repeated_input_is_told_with_its_examples():
    names = tuple(f"{n}.png" for n in range(8))
    inputs = [5, 7, 5, 7, 5, 1, 9, 9]
    dataset = made(inputs, [0, 1, 2, 1, 0, 0, 0, 0], train=[0, 1, 2, 5], names=names)
    leaks = find_leaks(dataset)
    assert leaks.repeated == (
        Repeated((0, 2), (4,), (0, 2, 0), ("0.png", "2.png", "4.png")),
        Repeated((1,), (3,), (1, 1), ("1.png", "3.png")),
        Repeated((), (6, 7), (0, 0), ("6.png", "7.png")),
    )
    assert leaks.notice == (
        "identical examples: 1 repeated in train, such as 0.png = 2.png; "
        "1 repeated in test, such as 6.png = 7.png; "
        "2 in both train and test (2 test examples), such as 0.png = 4.png; "
        "1 under several labels, such as 0.png = 2.png"
    )


def test_examples_without_files_are_called_by_their_positions():
    leaks = find_leaks(made([5, 6, 7, 5], [0, 0, 0, 0], train=[0, 1]))
    (one,) = leaks.repeated
    assert one.names == ("example 0", "example 3")
    assert leaks.notice == (
        "identical examples: 1 in both train and test (1 test examples), "
        "such as example 0 = example 3"
    )


def test_an_example_of_a_conflict_has_two_labels():
    leaks = find_leaks(made([5, 5, 5], [1, 1, 0], train=[0, 1]))
    assert "under several labels, such as example 0 = example 2" in leaks.notice


@pytest.mark.parametrize("spec", [Digits(), Function(name="sinc"), Function(name="square")])
def test_embedded_data_have_none(spec):
    leaks = find_leaks(spec.load(Source()))
    assert leaks == Leaks()
    assert leaks.notice is None


def test_inputs_that_are_no_images_are_compared_too():
    dataset = Function(name="sinc", examples=3).load(Source())
    inputs = dataset.inputs.copy()
    inputs[4] = inputs[1]
    leaks = find_leaks(dataclasses.replace(dataset, inputs=inputs))
    assert leaks.repeated == (Repeated((1,), (4,), (), ("example 1", "example 4")),)


class TestReal:
    def test_gurmukhi_repeats_images_within_test_and_across(self, real_gurmukhi):
        leaks = find_leaks(Gurmukhi().load(real_gurmukhi))
        assert counts(leaks) == {
            "train_repeats": 0,
            "test_repeats": 4,
            "shared": 2,
            "leaked": 4,
            "conflicting": 0,
        }
        assert [one.names for one in leaks.repeated] == [
            ("train/8/53.bmp", "val/8/13.tiff", "val/8/2.tiff"),
            ("train/8/56.bmp", "val/8/16.tiff", "val/8/19.tiff"),
            ("val/8/14.tiff", "val/8/20.tiff"),
            ("val/8/15.tiff", "val/8/18.tiff"),
        ]

    def test_mnist_has_none(self, real):
        assert find_leaks(MNIST().load(real)) == Leaks()

    def test_cifar10_has_none(self, real_cifar10):
        assert find_leaks(CIFAR10().load(real_cifar10)) == Leaks()
