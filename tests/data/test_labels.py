"""Labels drawn at random: how many, which, for whom; and what stays as it is."""

import itertools

import numpy as np
import pytest

from paribus.data import Digits, Function
from paribus.data.base import Source
from paribus.data.dataset import split
from paribus.data.labels import corrupted
from paribus.errors import DeclarationError
from paribus.spec import split_traced

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def digits():
    return Digits().load(Source())


@pytest.fixture(scope="module")
def splits(digits):
    return split(digits, validation=237, replicate=3)


def drawn(digits, splits, share, replicate=3):
    return corrupted(digits, splits.train, share, replicate).targets


def test_without_a_share_it_is_the_data_set_itself(digits, splits):
    assert corrupted(digits, splits.train, 0.0, 3) is digits


def test_inputs_and_all_else_are_shared(digits, splits):
    found = corrupted(digits, splits.train, 0.5, 3)
    assert found.inputs is digits.inputs
    assert found.facts == digits.facts
    assert found.targets.dtype == np.int32
    assert not found.targets.flags.writeable
    assert found.train is digits.train
    assert found.test is digits.test


def test_only_labels_trained_on_are_replaced(digits, splits):
    targets = drawn(digits, splits, 1.0)
    for kept in (splits.validation, splits.test):
        np.testing.assert_array_equal(targets[kept], digits.targets[kept])
    assert np.mean(targets[splits.train] == digits.targets[splits.train]) < 0.2


@pytest.mark.parametrize("share", SHARES)
def test_that_share_is_replaced_by_all_classes_alike(digits, share):
    # With one label for all, one in ten of those replaced is as it was.
    same = type(digits)(**vars(digits) | {"targets": np.zeros_like(digits.targets)})
    changed = np.mean(
        [
            np.mean(corrupted(same, same.train, share, replicate).targets[same.train] != 0)
            for replicate in range(40)
        ]
    )
    assert changed == pytest.approx(0.9 * share, abs=0.01)
    if share:
        new = corrupted(same, same.train, share, 0).targets[same.train]
        counts = np.bincount(new[new != 0], minlength=10)[1:] / len(same.train)
        np.testing.assert_allclose(counts, share / 10, atol=0.03)


def test_a_smaller_share_is_a_part_of_a_larger(digits, splits):
    before = digits.targets
    for smaller, larger in itertools.pairwise(SHARES):
        few, many = (drawn(digits, splits, share) for share in (smaller, larger))
        changed = few != before
        np.testing.assert_array_equal(few[changed], many[changed])
        assert changed.sum() < (many != before).sum()


def test_an_example_has_its_new_label_whatever_else_is_held_out(digits):
    few, many = (
        corrupted(digits, split(digits, count, 3).train, 1.0, 3).targets for count in (100, 200)
    )
    both = np.intersect1d(split(digits, 100, 3).train, split(digits, 200, 3).train)
    np.testing.assert_array_equal(few[both], many[both])


def test_they_are_the_replicates_own_and_always_the_same(digits, splits):
    # Pinned: other labels would silently give every stored number another meaning.
    targets = drawn(digits, splits, 0.5, replicate=0)
    assert targets[splits.train[:12]].tolist() == [0, 1, 5, 3, 1, 4, 0, 0, 1, 2, 3, 4]
    np.testing.assert_array_equal(targets, drawn(digits, splits, 0.5, replicate=0))
    assert not np.array_equal(targets, drawn(digits, splits, 0.5, replicate=1))


def test_the_fingerprint_tells_shares_and_replicates_apart(digits, splits):
    found = {
        corrupted(digits, splits.train, share, replicate).fingerprint
        for share in SHARES[1:]
        for replicate in (0, 1)
    }
    assert len(found | {digits.fingerprint}) == 9


class TestDeclared:
    @pytest.mark.parametrize("share", [0, 0.25, 1, 1.0])
    def test_all_shares_from_none_to_all_are_allowed(self, share):
        assert Digits(random_labels=share).random_labels == share

    @pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan"), "half", True, None])
    def test_anything_else_is_refused(self, wrong):
        with pytest.raises(DeclarationError, match="random_labels: got"):
            Digits(random_labels=wrong)

    def test_without_classes_there_is_nothing_to_draw(self):
        with pytest.raises(DeclarationError) as caught:
            Function(name="sinc", random_labels=0.5)
        assert str(caught.value) == (
            "Function: 1 fault\n  random_labels: got 0.5; these data have no classes to draw "
            "labels from; allowed here: 0"
        )

    def test_the_share_enters_no_compiled_program(self):
        assert split_traced(Digits(random_labels=0.5))[1] == {}

    def test_bare_leaves_what_is_loaded(self):
        spec = Digits(test=100, validation=10, random_labels=0.5)
        assert spec.bare() == Digits(test=100)
