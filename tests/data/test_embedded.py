import gzip
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import load_digits

from paribus.data import Digits, Function
from paribus.data.base import Source
from paribus.data.digits import read_digits
from paribus.errors import DamagedDataError, DeclarationError

HERE = Source()


class TestDigits:
    def test_they_are_those_of_scikit_learn(self):
        dataset, theirs = Digits().load(HERE), load_digits()
        np.testing.assert_array_equal(dataset.inputs, theirs.images)
        np.testing.assert_array_equal(dataset.targets, theirs.target)
        assert dataset.inputs.max() == dataset.maximum == 16
        assert dataset.classes == tuple(map(str, theirs.target_names))

    def test_the_test_split_is_fixed(self):
        # Pinned: another draw would silently give every stored number another meaning.
        dataset = Digits().load(HERE)
        assert dataset.test[:6].tolist() == [9, 17, 19, 20, 33, 36]
        assert dataset.fingerprint.startswith("abeb704e33401fcc")

    def test_all_classes_are_in_the_test_split(self):
        dataset = Digits().load(HERE)
        counts = np.bincount(dataset.targets[dataset.test], minlength=10)
        assert counts.min() >= 20

    def test_a_larger_test_split_holds_the_smaller(self):
        small, large = Digits(test=100).load(HERE), Digits(test=101).load(HERE)
        assert len(set(large.test) - set(small.test)) == 1
        assert set(small.test) < set(large.test)
        assert small.fingerprint != large.fingerprint

    @pytest.mark.parametrize("test", [0, 1797])
    def test_both_splits_must_hold_something(self, test):
        with pytest.raises(DeclarationError, match="test: got"):
            Digits(test=test)

    def test_scikit_learn_is_not_imported(self):
        code = (
            "import sys; from paribus.data import Digits; from paribus.data.base import Source; "
            "Digits().load(Source()); sys.exit('sklearn' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_a_missing_file_is_one_message(self, tmp_path):
        with pytest.raises(DamagedDataError) as caught:
            read_digits(tmp_path)
        path = tmp_path / "datasets" / "data" / "digits.csv.gz"
        assert str(caught.value) == (
            f"{path}: cannot be read: No such file or directory; install scikit-learn again"
        )

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (gzip.compress(b"1,2\n"), "sha256 of its text is"),
            (gzip.compress(b"1" * 300_000), "expands to more than the 264,712 bytes"),
            (b"1,2\n", "not a sound gzip file"),
        ],
        ids=["other text", "too long", "no gzip"],  # bytes in a name carry the time of packing
    )
    def test_an_altered_file_is_one_message(self, tmp_path, content, problem):
        path = tmp_path / "datasets" / "data" / "digits.csv.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        with pytest.raises(DamagedDataError) as caught:
            read_digits(tmp_path)
        assert str(caught.value).startswith(f"{path}: {problem}")


def sinc(x):
    angle = 5 * math.pi * x
    return math.sin(angle) / angle


def square(x):
    """By the intervals as one would write them down."""
    fifths = [Fraction(i, 5) for i in range(6)]
    if x in fifths:
        return 0
    (interval,) = [i for i in range(5) if fifths[i] < x < fifths[i + 1]]
    return [1, -1, 1, -1, 1][interval]


class TestFunction:
    @pytest.mark.parametrize("examples", [1, 7, 1000])
    @pytest.mark.parametrize(("name", "function"), [("sinc", sinc), ("square", square)])
    def test_points_and_values_are_those_of_plain_mathematics(self, name, function, examples):
        dataset = Function(name=name, examples=examples).load(HERE)
        points = [Fraction(i, examples) for i in range(1, examples + 1)]
        middles = [x - Fraction(1, 2 * examples) for x in points]
        for split, expected in [(dataset.train, points), (dataset.test, middles)]:
            np.testing.assert_array_equal(
                dataset.inputs[split, 0], np.array([float(x) for x in expected], np.float32)
            )
            # Absolute too: at its zeros sin(5 pi x) in float64 is 1e-16, and ours exactly 0.
            np.testing.assert_allclose(
                dataset.targets[split, 0],
                [float(function(x)) for x in expected],
                rtol=1e-7 if name == "sinc" else 0,
                atol=1e-15 if name == "sinc" else 0,
            )

    @pytest.mark.parametrize("name", ["sinc", "square"])
    def test_both_are_exactly_zero_at_the_fifths(self, name):
        dataset = Function(name=name).load(HERE)
        zeros = dataset.train[dataset.targets[dataset.train, 0] == 0]
        np.testing.assert_array_equal(zeros, [199, 399, 599, 799, 999])
        assert not (dataset.targets[dataset.test] == 0).any()

    def test_targets_are_single_precision_columns(self):
        dataset = Function(name="sinc", examples=4).load(HERE)
        assert dataset.inputs.shape == dataset.targets.shape == (8, 1)
        assert dataset.inputs.dtype == dataset.targets.dtype == np.float32
        assert dataset.classes == ()

    def test_at_most_a_million_points_are_told_apart(self):
        assert (
            len(np.unique(Function(name="square", examples=10**6).load(HERE).inputs)) == 2 * 10**6
        )
        with pytest.raises(DeclarationError, match="examples: got 1000001"):
            Function(name="square", examples=10**6 + 1)

    def test_an_unknown_function_is_refused(self):
        with pytest.raises(DeclarationError, match="did you mean 'sinc'"):
            Function(name="sin")
