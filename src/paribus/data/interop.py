"""Data sets of PyTorch and of Hugging Face, read into arrays once.

Neither library is imported: an object of theirs says all that is needed of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.data.arrays import Arrays
from paribus.errors import DeclarationError, Fault
from paribus.spec import written


def from_torch(
    train: Any, test: Any, *, channels_first: bool = True, classes: Iterable[str] = ()
) -> Arrays:
    """Two map-style `torch.utils.data.Dataset` of pairs (input, target), as `Arrays`.

    Inputs are tensors, arrays or images, of one shape and type; targets are classes (whole
    numbers) or numbers to be fitted (floats). Tensors of three axes are PyTorch's images, with
    channels first, unless told otherwise; they come out as (height, width, channels). Each example
    is read once: what a transform draws at random is drawn once and for all. Raises
    `DeclarationError` with what is wrong with either.
    """

    def read(name: str, dataset: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            problem = f"got {written(dataset)}; should be a map-style Dataset, with len() and [i]"
            raise _WrongSplitError(name, problem)
        pairs = (dataset[index] for index in range(len(dataset)))
        inputs, targets = [], []
        for number, pair in enumerate(pairs):
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                problem = f"example {number} is {written(pair)}; should be (input, target)"
                raise _WrongSplitError(name, problem)
            try:
                inputs.append(_image(pair[0], channels_first=channels_first))
                targets.append(np.asarray(pair[1]))
            except (TypeError, ValueError, RuntimeError) as error:  # a tensor with gradients, too
                problem = f"example {number} cannot be made an array of NumPy: {error}"
                raise _WrongSplitError(name, problem) from None
        return _stacked(name, inputs, targets)

    return _made("from_torch", read, {"train": train, "test": test}, tuple(classes))


def from_hugging_face(
    dataset: Any, *, input: str, target: str, train: str = "train", test: str = "test"
) -> Arrays:
    """Two splits of a `datasets.DatasetDict`, as `Arrays`; `input` and `target` name columns.

    `dataset` may also be a dict of two `datasets.Dataset`. Inputs are images or arrays of one
    shape and type, targets classes (whose names are taken over) or numbers. Raises
    `DeclarationError` for splits or columns that are not there, and with what is wrong in them.
    """
    if not isinstance(dataset, Mapping):
        problem = f"got {written(dataset)}; should be a DatasetDict with {train!r} and {test!r}"
        advice = "of one Dataset, dataset.train_test_split(test_size=0.2, seed=0) makes it"
        raise DeclarationError("from_hugging_face", [Fault("dataset", f"{problem}; {advice}")])

    def read(name: str, split: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if split not in dataset:
            raise _WrongSplitError(
                name, f"there is no split {split!r}; there are: {', '.join(dataset)}"
            )
        rows = dataset[split].with_format("numpy")
        missing = [column for column in (input, target) if column not in rows.column_names]
        if missing:
            known = ", ".join(rows.column_names)
            raise _WrongSplitError(name, f"has no column {', '.join(missing)}; there are: {known}")
        inputs = [_image(row[input], channels_first=False) for row in rows]
        return _stacked(name, inputs, [np.asarray(one) for one in rows[target]])

    names = _class_names(dataset.get(train), target)
    return _made("from_hugging_face", read, {"train": train, "test": test}, names)


class _WrongSplitError(Exception):
    """What is wrong with a split."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.fault = Fault(name, problem)


def _made(subject: str, read: Any, splits: Mapping[str, Any], classes: tuple[str, ...]) -> Arrays:
    arrays, faults = {}, []
    for name, split in splits.items():
        try:
            arrays[name] = read(name, split)
        except _WrongSplitError as wrong:
            faults.append(wrong.fault)
    if faults:
        raise DeclarationError(subject, faults)
    return Arrays(train=arrays["train"], test=arrays["test"], classes=classes)


def _image(value: Any, *, channels_first: bool) -> NDArray[Any]:
    """One input as an array; a tensor of three axes with its channels moved to the end."""
    array = np.asarray(value)
    if channels_first and array.ndim == 3 and hasattr(value, "dim"):
        array = np.moveaxis(array, 0, -1)
    # Python's own numbers, as in a list, are in double precision.
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _stacked(
    name: str, inputs: list[NDArray[Any]], targets: list[NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    for what, arrays in (("inputs", inputs), ("targets", targets)):
        kinds = dict.fromkeys(f"{one.dtype} of shape {one.shape}" for one in arrays)
        if len(kinds) != 1:
            found = ", ".join([*kinds][:3]) or "none"
            raise _WrongSplitError(
                name, f"has {what} of {len(kinds)} kinds ({found}); should be of one"
            )
    return np.stack(inputs), np.stack(targets)


def _class_names(rows: Any, target: str) -> tuple[str, ...]:
    feature = getattr(rows, "features", {}).get(target)
    return tuple(getattr(feature, "names", None) or ())
