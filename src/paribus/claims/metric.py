"""What a claim speaks of: a measured metric, or a number made of one or two of them.

A metric is written as results name it (`test/accuracy`, `gradient/norm`), as the difference of
two (`train/accuracy - test/accuracy`), or as a change since the first measurement
(`fall of train/loss`, `rise of test/loss`). A claim keeps this text, so that what is tested and
what is read are one thing.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Strict

from paribus.errors import near_match

SHARES = ("accuracy", "precision", "recall")
SPLITS = ("train", "validation", "test")
QUANTITIES = ("loss", *SHARES)
COSTS = ("loss", "seconds", "epoch_seconds", "epochs")
GAP = "train/accuracy - test/accuracy"
"""The gap of generalization: how much better the training examples are told apart."""
DERIVED_GAP = "gap/accuracy"
"""The same, as results name it."""

_SPOKEN = {"epoch_seconds": "seconds per epoch"}
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z0-9][a-z0-9_]*")
_CHANGE = re.compile(r"(fall|rise) of (.*)")


@dataclass(frozen=True)
class Quantity:
    """A metric in its parts: one name or two (the second is subtracted), or a change of one."""

    names: tuple[str, ...]
    change: Literal["", "fall", "rise"] = ""

    @property
    def is_share(self) -> bool:
        """Whether it is counted in shares of examples, which are told in points."""
        return all(name.partition("/")[2] in SHARES for name in self.names)

    @property
    def plain(self) -> bool:
        """Whether it is a metric as it was measured."""
        return len(self.names) == 1 and not self.change


def quantity(metric: str) -> Quantity:
    """The parts of a metric; raises `ValueError` for a text that is none.

    >>> quantity("fall of train/loss")
    Quantity(names=('train/loss',), change='fall')
    """
    change = _CHANGE.fullmatch(metric)
    names = (change[2],) if change else tuple(metric.split(" - "))
    if len(names) > 2 or not all(_NAME.fullmatch(name) for name in names):
        allowed = "'test/accuracy', 'gradient/norm', 'train/accuracy - test/accuracy'"
        problem = f"got {metric!r}; a metric is named split/quantity or probe/quantity"
        raise ValueError(f"{problem}: {allowed} or 'fall of train/loss'")
    for name in names:
        split, _, what = name.partition("/")
        if split in SPLITS and what not in QUANTITIES:
            near = near_match(what, QUANTITIES)
            raise ValueError(f"got {metric!r}; no quantity {what!r} of a split{near}")
    if len(set(names)) < len(names):
        raise ValueError(f"got {metric!r}; a metric less itself is 0: name two that differ")
    return Quantity(names, "fall" if change and change[1] == "fall" else "rise" if change else "")


def _known(metric: str) -> str:
    quantity(metric)
    return metric


Metric = Annotated[str, Strict(), AfterValidator(_known)]
"""The text of a metric that can be."""


def higher_is_better(metric: str) -> bool:
    """Whether a higher value is the better one.

    Losses, seconds and epochs are better lower; all else that is measured is better higher. A
    difference follows its first part, except that a lead of the training split is better small.
    A rise is as good as what rises, a fall the opposite.
    """
    parts = quantity(metric)
    split, _, what = parts.names[0].partition("/")
    better_high = what not in COSTS
    leads = len(parts.names) > 1 and split == "train"
    return better_high != (leads or parts.change == "fall")


def of_test_set(metric: str) -> bool:
    """Whether it is measured on the test split, wholly or in part.

    >>> of_test_set("train/accuracy - test/accuracy"), of_test_set("train/loss")
    (True, False)
    """
    names = quantity(metric).names
    return DERIVED_GAP in names or any(name.startswith("test/") for name in names)


def phrase(metric: str, layer: str | None = None) -> str:
    """A metric in words, of one layer where one is named.

    >>> phrase("test/accuracy"), phrase("train/accuracy - test/accuracy")
    ('test accuracy', 'gap between training and test accuracy')
    >>> phrase("gradient/norm", "first"), phrase("fall of train/loss")
    ('gradient norm of the first layer', 'fall of the training loss')
    """
    parts = quantity(metric)
    words = [_words(name) for name in parts.names]
    if len(words) == 1:
        said = f"{parts.change} of the {words[0]}" if parts.change else words[0]
    else:
        (one, what), (other, same) = (name.split("/") for name in parts.names)
        alike = what == same and {one, other} <= set(SPLITS)
        said = f"gap between {_source(one)} and {words[1]}"
        said = said if alike else f"difference of {words[0]} and {words[1]}"
    if layer is None:
        return said
    places = {"first": "the first layer", "last": "the last layer", "every": "every layer"}
    return f"{said} of {places.get(layer, f'layer {layer}')}"


def opening(metric: str, layer: str | None = None) -> str:
    """A metric as the first words of a sentence.

    >>> opening("test/loss"), opening("rise of test/loss")
    ('Test loss', 'The rise of the test loss')
    """
    said = phrase(metric, layer)
    bare = quantity(metric).plain and layer is None
    return f"{said[0].upper()}{said[1:]}" if bare else f"The {said}"


def _words(name: str) -> str:
    source, _, what = name.partition("/")
    if what in _SPOKEN:
        return _SPOKEN[what]
    said = f"seconds per {source}" if what == "seconds" else f"{_source(source)} {what}"
    return said.replace("_", " ")


def _source(source: str) -> str:
    return "training" if source == "train" else source


def amount(value: float, metric: str, *, relative: bool = False) -> str:
    """A difference with its unit: points for shares, per cent where it is relative.

    >>> amount(0.005, "test/accuracy"), amount(0.01, "test/recall"), amount(0.05, "test/loss")
    ('0.5 points', '1 point', '0.05')
    """
    if relative:
        return f"{100 * value:g} %"
    if quantity(metric).is_share:
        return f"{100 * value:g} point{'' if abs(value) == 0.01 else 's'}"
    if metric.endswith("/seconds"):
        return f"{value:g} s"
    return f"{value:g}"


def level(value: float, metric: str) -> str:
    """A value with its unit: per cent for shares.

    >>> level(0.1, "test/accuracy"), level(0.05, "train/accuracy - test/accuracy")
    ('10 %', '5 points')
    """
    parts = quantity(metric)
    if value == 0:
        return "0"
    return f"{100 * value:g} %" if parts.is_share and parts.plain else amount(value, metric)
