"""What the store keeps, as plain values: runs with their measurements, studies, registrations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

Status = Literal["finished", "diverged"]


@dataclass(frozen=True)
class Measurement:
    """One named array of a run: `name` is `split/quantity` or `probe/quantity`.

    `dims` names the axes of `values`; `coords` gives the positions along an axis that is not
    simply 0, 1, 2, ...: the epochs measured, the names of layers or classes. `probe` is the
    identity of the probe that measured it, "" for what every run measures.
    """

    name: str
    values: NDArray[Any]
    dims: tuple[str, ...] = ("epoch",)
    coords: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    probe: str = ""


@dataclass(frozen=True)
class StoredRun:
    """A finished run: what it was, what was measured, what is kept of it.

    `key` is its content hash, `status` whether its loss stayed finite (`diverged_epoch` is the
    first epoch where it did not), `parameters` the number of trained numbers, `provenance` JSON-
    ready facts (versions, device, seconds), `artifacts` bytes by name ("weights.safetensors",
    "correct"), `probes` the identities of the probes that it has been through.
    """

    key: str
    recipe: Mapping[str, Any]
    replicate: int
    fingerprint: str
    status: Status
    parameters: int
    provenance: Mapping[str, Any]
    measurements: tuple[Measurement, ...] = ()
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    diverged_epoch: int | None = None
    probes: tuple[str, ...] = ()


class Member(NamedTuple):
    """A run's place in a study: its condition as factor -> label, and its replicate."""

    key: str
    condition: Mapping[str, str]
    replicate: int


@dataclass(frozen=True)
class StudyEntry:
    """A study as last planned in this lab: its document (JSON-ready) and all its members.

    The document holds what a report needs without the code that declared it: `name`, `scale`,
    `question`, `description`, `source`, `report`, `factors` (a list of {"name", "labels",
    "sets"}), `recipe`, `replicates`, `probes` and their `identities`, `analyses` and the
    identities of those `analysed`, `claims` (each with `sentence`, and `registered` once it has
    been run), what they rest on in `registration`, `figures`, `leaks` and `reported` (numbers from
    the source).
    """

    name: str
    scale: str
    document: Mapping[str, Any]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Registration:
    """What a study said of itself before its runs were trained, and when.

    `content` is JSON-ready (claims, analysis, recipe, factors) and `digest` its hash, `at` the
    time in UTC (ISO 8601). One made `ahead` has a `salt`, which is added to the replicates of its
    runs to seed them; one that a run made by itself has 0.
    """

    study: str
    scale: str
    digest: str
    content: Mapping[str, Any]
    at: str
    ahead: bool = False
    salt: int = 0


HEARD_SECONDS = 30.0
"""A driver that has said nothing for as long is not shown as alive."""


@dataclass(frozen=True)
class Driver:
    """A process that trains in a lab, as it last said of itself.

    `beats` counts its heartbeats: one that stays the same for long enough by the reader's own
    clock is of a driver that is gone. `age_seconds` is the time since the last one by the
    database's clock, which may be stepped: it is for showing only. `document` is JSON-ready:
    study, scale, host, pid, how far it is.
    """

    id: str
    beats: int
    age_seconds: float
    document: Mapping[str, Any]

    @property
    def is_heard(self) -> bool:
        """Whether it has said so lately that it is shown as alive."""
        return self.age_seconds < HEARD_SECONDS
