"""All fuzz targets by name; a target's module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, cast

NAMES = (
    "archives",
    "arrays",
    "checkpoint",
    "cifar",
    "folders",
    "idx",
    "images",
    "notes",
    "store",
    "study_file",
    "study_json",
    "sums",
    "weights",
    "words",
)


class Target(Protocol):
    """A module: what reads outside bytes, sound examples of them, and bytes that were trouble.

    `target` raises for anything but a result or an error of ours.
    """

    target: Callable[[bytes], None]
    SEEDS: tuple[bytes, ...]
    REGRESSIONS: Mapping[str, bytes]


def target_named(name: str) -> Target:
    """The target of this name."""
    return cast(Target, import_module(f"fuzzing.targets.{name}"))
