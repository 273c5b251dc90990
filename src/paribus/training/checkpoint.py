"""A run in the middle of its training, as bytes: what it needs to go on as if never stopped.

The bytes are a safetensors file: the arrays of the training state and of all that was measured,
with the run's place in its metadata. Nothing in it is ever executed. A checkpoint is of use only
where the same arithmetic goes on, so it says with which versions and processor it was made.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

FORMAT = "paribus checkpoint 1"
_SHOWN = 200


class CheckpointError(Exception):
    """Bytes that are no checkpoint of this run, or that this program cannot go on from."""


@dataclass(frozen=True)
class Checkpoint:
    """A run after `epoch` whole epochs and `done` steps since the feed began.

    `state` are the leaves of the training state, `measured` the run's measurements so far,
    `made_with` stands for what a run must share to go on from here, `took` is what JSON holds of
    the seconds spent.
    """

    epoch: int
    done: int
    state: tuple[NDArray[Any], ...]
    measured: Mapping[str, NDArray[Any]]
    made_with: str
    took: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        """Where the run is: runs at one place can go on side by side."""
        return self.epoch, self.done

    def fits(self, state: Sequence[Any]) -> bool:
        """Whether its state has the leaves of this one, by shape and type."""
        own, others = (
            [(one.shape, one.dtype) for one in leaves] for leaves in (self.state, state)
        )
        return own == others

    def to_bytes(self) -> bytes:
        """The checkpoint as a safetensors file."""
        arrays = {f"state/{index}": array for index, array in enumerate(self.state)}
        arrays |= {f"measured/{name}": array for name, array in self.measured.items()}
        facts = {
            "epoch": self.epoch,
            "done": self.done,
            "measured": list(self.measured),  # in their order, which safetensors does not keep
            "made_with": self.made_with,
            "took": dict(self.took),
        }
        contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        return safetensors.numpy.save(contiguous, {"format": FORMAT, "facts": json.dumps(facts)})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Checkpoint":
        """The checkpoint that `to_bytes` made.

        Raises `CheckpointError` for anything else.
        """
        try:
            arrays = safetensors.numpy.load(content)
            facts = _facts(content)
            count = sum(name.startswith("state/") for name in arrays)
            return cls(
                epoch=_whole(facts["epoch"]),
                done=_whole(facts["done"]),
                state=tuple(arrays[f"state/{index}"] for index in range(count)),
                measured={name: arrays[f"measured/{name}"] for name in facts["measured"]},
                made_with=str(facts["made_with"]),
                took=_mapping(facts["took"]),
            )
        except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
            # Names are of anybody's making: they are shown as ASCII, and not at any length.
            problem = ascii(str(error)[:_SHOWN])[1:-1]
            raise CheckpointError(f"these bytes are no checkpoint: {problem}") from None


def _facts(content: bytes) -> dict[str, Any]:
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    if metadata["format"] != FORMAT:
        raise ValueError(f"its format is {metadata['format']!r}, not {FORMAT!r}")
    return json.loads(metadata["facts"])


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError(f"got {number!r} where a whole number from 0 on should be")
    return number


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"got a {type(value).__name__} where times should be")
    return value
