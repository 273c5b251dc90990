"""A user's own arrays as a data set: known by their content, and never written anywhere.

A recipe's JSON has their fingerprint and sizes alone, and so has all that is made of it: keys, the
store, reports. Where a recipe travels to another process the arrays stay behind; the data set is
sent there once, by itself.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from paribus.data.base import DataSpec, Location, Source
from paribus.data.checksums import fingerprint_of_arrays
from paribus.data.dataset import Dataset, Facts
from paribus.errors import DeclarationError, Fault, MissingDataError
from paribus.spec import digest, written

MOST_CLASSES = 100_000
"""A larger label is rather a mistake."""


class Examples:
    """Inputs and targets of one split: equal to others of the same content.

    A pickle of it has no arrays. `inputs` is (examples, *shape), uint8 or float32; `targets` is
    int32 (examples,), or float32 (examples, outputs).
    """

    def __init__(self, inputs: NDArray[Any], targets: NDArray[Any]) -> None:
        self.arrays: tuple[NDArray[Any], NDArray[Any]] | None = (inputs, targets)
        self.count = len(inputs)
        self.shape = inputs.shape[1:]
        self.dtype = inputs.dtype.name
        self.outputs = targets.shape[1] if targets.ndim == 2 else None
        self.largest = int(targets.max()) if targets.ndim == 1 else None
        self.digest = fingerprint_of_arrays({"inputs": inputs, "targets": targets})

    def __deepcopy__(self, known: Any) -> "Examples":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"arrays": None}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Examples) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Examples({self.count:,} of {self.dtype} {self.shape}, {self.digest[:12]})"

    @property
    def bytes(self) -> int:
        """What the arrays take in memory."""
        each = int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize
        return self.count * (each + 4 * (self.outputs or 1))


def _examples(value: Any) -> Examples:
    if isinstance(value, Examples):
        return value
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"got {written(value)}; should be a pair of arrays (inputs, targets)")
    problems: list[str] = []
    inputs = _checked(value[0], _inputs, problems)
    targets = _checked(value[1], _targets, problems)
    if inputs is not None and targets is not None and len(inputs) != len(targets):
        problems.append(f"has {len(inputs):,} inputs and {len(targets):,} targets")
    if problems or inputs is None or targets is None:
        raise ValueError("; ".join(problems))
    return Examples(inputs, targets)


def _checked(value: Any, check: Any, problems: list[str]) -> NDArray[Any] | None:
    try:
        return check(np.asarray(value))
    except (ValueError, TypeError) as error:  # of NumPy, too: rows of unequal length
        problems.append(str(error))
        return None


def _inputs(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim < 2 or not array.size:
        problem = f"has inputs of shape {array.shape}"
        raise ValueError(f"{problem}; should be (examples, ...), such as x[:, None] for numbers")
    if array.dtype == np.uint8:
        return array.copy()  # what is declared stays as it is, whatever becomes of the caller's
    if not np.issubdtype(array.dtype, np.floating):
        problem = f"has inputs of type {array.dtype}; should be uint8 (0 to 255) or floats"
        raise ValueError(f"{problem}, as x.astype('float32') gives")
    return _float32(array, "inputs")


def _targets(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == np.bool_ or np.issubdtype(array.dtype, np.integer):
        if array.ndim != 1:
            problem = f"has classes of shape {array.shape}; should be (examples,)"
            raise ValueError(f"{problem}; numbers to be fitted are floats")
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        if low < 0 or high >= MOST_CLASSES:
            problem = f"has classes from {low} to {high}"
            raise ValueError(f"{problem}; should be 0, 1, 2, ..., below {MOST_CLASSES:,}")
        return array.astype(np.int32)
    if np.issubdtype(array.dtype, np.floating) and array.ndim in (1, 2) and array.size:
        return _float32(array.reshape(len(array), -1), "targets")
    problem = f"has targets of type {array.dtype} and shape {array.shape}"
    raise ValueError(
        f"{problem}; should be whole numbers (examples,), which are classes, or floats "
        "(examples,) or (examples, outputs)"
    )


def _float32(array: NDArray[Any], what: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        found = array.astype(np.float32)
    wrong = np.count_nonzero(~np.isfinite(found))
    if wrong:
        raise ValueError(f"has {wrong:,} {what} that are not finite as float32")
    return found


def _written(examples: Examples) -> dict[str, Any]:
    shape = list(examples.shape)
    return {"examples": examples.count, "shape": shape, "fingerprint": examples.digest}


if TYPE_CHECKING:
    Split = Examples | tuple[ArrayLike, ArrayLike]
else:
    Split = Annotated[
        Examples,
        BeforeValidator(_examples),
        PlainSerializer(_written),
        WithJsonSchema({"not": {}, "description": "arrays, which only Python has"}, "validation"),
    ]
    """A pair of arrays (inputs, targets); it is written as their sizes and fingerprint."""


class Arrays(DataSpec):
    """Arrays of your own: `train` and `test` are pairs (inputs, targets).

    Inputs are (examples, ...): uint8, which run from 0 to 255, or floats, which are used as they
    are, as float32. Whole numbers as targets, (examples,), are classes 0, 1, 2, ..., as many as
    the largest says, or as `classes` names; floats, (examples,) or (examples, outputs), are
    numbers to be fitted. Arrays of another kind than NumPy's are made NumPy's.
    """

    PUBLISHED = False

    kind: Literal["arrays"] = "arrays"
    train: Split
    test: Split
    classes: tuple[str, ...] = ()

    @property
    def splits(self) -> tuple[Examples, Examples]:
        """What is trained on, and what is tested on."""
        assert isinstance(self.train, Examples)
        assert isinstance(self.test, Examples)
        return self.train, self.test

    @property
    def fingerprint(self) -> str:
        """A digest of all arrays and the names of classes."""
        train, test = self.splits
        return digest({"train": train.digest, "test": test.digest, "classes": self.named})

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the classes, by default their numbers; () where there are no classes."""
        largest = [one.largest for one in self.splits if one.largest is not None]
        return self.classes or tuple(map(str, range(max(largest) + 1 if largest else 0)))

    def facts(self) -> Facts:
        faults = self._faults()
        if faults:
            raise DeclarationError("Arrays", faults)
        train, test = self.splits
        return Facts(
            shape=train.shape,
            outputs=train.outputs or len(self.named),
            classification=train.outputs is None,
            train=train.count,
            test=test.count,
            bytes=train.bytes + test.bytes,
            maximum=255 if train.dtype == "uint8" else 1,
        )

    def _faults(self) -> list[Fault]:
        train, test = (
            {
                "inputs": f"inputs of type {one.dtype} and shape {one.shape}",
                "targets": f"targets of {one.outputs} floats" if one.outputs else "classes",
            }
            for one in self.splits
        )
        faults = [
            Fault("test", f"has {test[what]}; train has {train[what]}")
            for what in train
            if train[what] != test[what]
        ]
        if not faults and self.classes:
            faults += self._class_faults()
        return faults

    def _class_faults(self) -> list[Fault]:
        largest = [one.largest for one in self.splits if one.largest is not None]
        count = len(self.classes)
        if not largest:
            return [
                Fault("classes", "got names, but the targets are floats, which have no classes")
            ]
        faults = []
        if len(set(self.classes)) < count or not all(map(str.strip, self.classes)):
            faults.append(Fault("classes", "has a name that is empty, or there twice"))
        if count <= max(largest):
            problem = f"got {count} names; the largest class is {max(largest)}, so it takes"
            faults.append(Fault("classes", f"{problem} {max(largest) + 1} or more"))
        return faults

    def locate(self, source: Source) -> Location:  # noqa: ARG002 - they are here, or nowhere
        here = all(one.arrays is not None for one in self.splits)
        return Location("own arrays" if here else "absent", None, 0, self.fingerprint)

    def load(self, source: Source) -> Dataset:  # noqa: ARG002 - they are here, or nowhere
        train, test = self.splits
        if train.arrays is None or test.arrays is None:
            raise MissingDataError(
                "Arrays: these are in the process that declared them, and were not sent here"
            )
        inputs, targets = map(np.concatenate, zip(train.arrays, test.arrays, strict=True))
        return Dataset(
            inputs=inputs,
            targets=targets,
            train=np.arange(train.count, dtype=np.int32),
            test=np.arange(train.count, train.count + test.count, dtype=np.int32),
            fingerprint=self.fingerprint,
            classes=self.named,
            maximum=self.facts().maximum,
        )
