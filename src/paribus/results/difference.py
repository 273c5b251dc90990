"""How what two labs hold of one study differs: before and after a change, or on two machines.

A run is known by its key in every lab, so runs of one key are compared bit by bit. Where the same
condition and replicate has another key in each lab, something that decides a run's bits was
changed, and it is said what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paribus.results.copies import Copies, compare_copies
from paribus.results.provenance import origins
from paribus.spec import leaves
from paribus.store.catalogue import Catalogue
from paribus.store.records import Member, StoredRun, StudyEntry

ABSENT = "absent"
"""In place of a value that one of two runs has no field for."""

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class RunDifference:
    """Copies of one run that are not the same bits, with the run's place in the study of lab a."""

    condition: Mapping[str, str]
    replicate: int
    copies: Copies


@dataclass(frozen=True)
class Furthest:
    """Something that differs, named as in `Copies`: in how many runs, and where most.

    `distance` is that of `run`, in the metric's own unit, of weights as a share; None for what has
    no distance (status, test examples, measurements of probes).
    """

    name: str
    runs: int
    distance: float | None
    run: RunDifference


@dataclass(frozen=True)
class FactDifference:
    """A fact of provenance whose values among the runs of labs a and b are not the same."""

    fact: str
    a: tuple[str, ...]
    b: tuple[str, ...]


@dataclass(frozen=True)
class KeyDifference:
    """Something in keys that was changed: a recipe field by dotted path, or what is beside it.

    That is "data fingerprint", "numerics version", "trainer's code" or "salt of the
    registration". `conditions` counts those in which it went from the value `a` to the value `b`.
    """

    field: str
    a: Any
    b: Any
    conditions: int


@dataclass(frozen=True)
class StudyDifference:
    """What labs a and b hold of one study at one scale. Runs are counted once, by key.

    `both` counts the keys that both hold, `only_a` and `only_b` those that one holds. `differing`
    are those of both that are not the same bits. `measured_a` and `measured_b` name what was
    measured of such runs in one lab alone. `rekeyed` are conditions with a run in both labs of
    which a replicate has another key in each, and `keys` what was changed there.
    """

    name: str
    scale: str
    both: int
    only_a: int
    only_b: int
    differing: tuple[RunDifference, ...]
    measured_a: tuple[str, ...]
    measured_b: tuple[str, ...]
    rekeyed: tuple[Mapping[str, str], ...]
    keys: tuple[KeyDifference, ...]
    provenance: tuple[FactDifference, ...]

    @property
    def identical(self) -> int:
        """How many runs both labs hold with the same bits."""
        return self.both - len(self.differing)

    @property
    def apart(self) -> bool:
        """Whether both labs hold runs of it, and none that could be compared."""
        return bool(self.only_a and self.only_b) and not (self.both or self.rekeyed)


def study_difference(a: Catalogue, b: Catalogue, name: str, scale: str) -> StudyDifference:
    """How a study that both labs have planned differs between them.

    Whole weights are read for one run at a time. Raises `UnknownNameError` or
    `NothingStoredError` where a lab has not planned it, `LabError` where a run is damaged.
    """
    entries = a.study(name, scale), b.study(name, scale)
    stored_a, stored_b = (_stored(lab, one) for lab, one in zip((a, b), entries, strict=True))
    members = {member.key: member for member in entries[0].members}
    copies = tuple(compare_copies(a, b, [key for key in stored_a if key in stored_b]))
    moved = _moved(entries, stored_a, stored_b)
    return StudyDifference(
        name=name,
        scale=scale,
        both=len(copies),
        only_a=len(stored_a.keys() - stored_b.keys()),
        only_b=len(stored_b.keys() - stored_a.keys()),
        differing=tuple(_placed(one, members[one.key]) for one in copies if one.differs),
        measured_a=tuple(dict.fromkeys(name for one in copies for name in one.only_a)),
        measured_b=tuple(dict.fromkeys(name for one in copies for name in one.only_b)),
        rekeyed=tuple(one.condition for one in moved),
        keys=tuple(_key_differences(moved)),
        provenance=tuple(_fact_differences(stored_a.values(), stored_b.values())),
    )


def furthest(differing: Sequence[RunDifference]) -> list[Furthest]:
    """What differs in these runs, in the order in which it is met."""
    found: dict[str, list[RunDifference]] = {}
    for run in differing:
        for name in run.copies.differs:
            found.setdefault(name, []).append(run)
    return [_furthest(name, runs) for name, runs in found.items()]


def _furthest(name: str, runs: Sequence[RunDifference]) -> Furthest:
    distances = [_distance(run.copies, name) for run in runs]
    known = [distance for distance in distances if distance is not None]
    if not known:
        return Furthest(name, len(runs), None, runs[0])
    most = max(known)
    return Furthest(name, len(runs), most, runs[distances.index(most)])


def _distance(copies: Copies, name: str) -> float | None:
    return copies.weights if name == "weights" else copies.finals.get(name)


def _stored(lab: Catalogue, entry: StudyEntry) -> dict[str, StoredRun]:
    """The stored runs of a study by key, in its order, without what was measured of them."""
    found = lab.summaries(member.key for member in entry.members)
    return {run.key: run for run in found}


def _placed(copies: Copies, member: Member) -> RunDifference:
    return RunDifference(member.condition, member.replicate, copies)


@dataclass(frozen=True)
class _Moved:
    """A condition with what the keys of one of its replicates are made of, in labs a and b."""

    condition: Mapping[str, str]
    a: Mapping[str, Any]
    b: Mapping[str, Any]


def _moved(
    entries: tuple[StudyEntry, StudyEntry], a: Mapping[str, StoredRun], b: Mapping[str, StoredRun]
) -> list[_Moved]:
    """The conditions of which a replicate is stored in both labs under keys that differ."""
    others = {_place(member): member for member in entries[1].members}
    found: dict[Labels, _Moved] = {}
    for member in entries[0].members:
        other = others.get(_place(member))
        if other is None or member.key == other.key:
            continue
        if member.key in a and other.key in b:
            one = _content(a[member.key], member)
            moved = _Moved(member.condition, one, _content(b[other.key], other))
            found.setdefault(_place(member)[0], moved)
    return list(found.values())


def _place(member: Member) -> tuple[Labels, int]:
    return frozenset(member.condition.items()), member.replicate


def _content(run: StoredRun, member: Member) -> dict[str, Any]:
    """What a run's key is made of, by name; but for the replicate itself."""
    return dict(leaves(run.recipe)) | {
        "data fingerprint": run.fingerprint,
        "numerics version": run.provenance.get("numerics", ABSENT),
        "trainer's code": run.provenance.get("made_by", {}).get("code", ABSENT),
        "salt of the registration": run.replicate - member.replicate,
    }


def _key_differences(moved: Iterable[_Moved]) -> Iterator[KeyDifference]:
    """What differs, each pair of values once, in the order in which it is met."""
    found: dict[str, KeyDifference] = {}
    for one in moved:
        for field in dict.fromkeys([*one.a, *one.b]):
            a, b = one.a.get(field, ABSENT), one.b.get(field, ABSENT)
            if repr(a) != repr(b):  # 1 and 1.0 are one number, and two keys
                known = found.get(repr((field, a, b)), KeyDifference(field, a, b, 0))
                counted = replace(known, conditions=known.conditions + 1)
                found[repr((field, a, b))] = counted
    yield from found.values()


def _fact_differences(a: Iterable[StoredRun], b: Iterable[StoredRun]) -> Iterator[FactDifference]:
    sides = [origins(run.provenance for run in runs) for runs in (a, b)]
    for one, other in zip(*sides, strict=True):
        if set(one.values) != set(other.values):
            yield FactDifference(one.title, one.values, other.values)
