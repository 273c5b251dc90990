"""What is damaged in a lab, which runs that takes away, and which commands train them again.

A lab is repaired by taking out what is damaged; what is missing then is trained and computed again
as on a first run, by the command that the study was last run with.
"""

import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from paribus.errors import DamagedLabError
from paribus.store.catalogue import FILE, Catalogue
from paribus.store.integrity import Damage, Examined
from paribus.store.lab import Lab, SharedLab
from paribus.store.mending import examine_file, needs_new_file, write_anew
from paribus.store.records import Member
from paribus.study.soundness import DEMANDS


@dataclass(frozen=True)
class Again:
    """A study of which something is to be made again: the command, and its members to be trained.

    Without members it is its plan or its analyses that are. A command that is not `certain` lacks
    what else was typed, because the plan that held it is damaged.
    """

    name: str
    scale: str
    command: str
    members: tuple[Member, ...] = ()
    certain: bool = True


@dataclass(frozen=True)
class Checked:
    """What was found in a lab: how many runs are whole, what is damaged, what is to be run again.

    `unplanned` are keys of damaged runs that no study of the lab has as members now, and `lost`
    says what nothing makes again.
    """

    whole: int
    damages: tuple[Damage, ...]
    again: tuple[Again, ...]
    unplanned: tuple[str, ...]
    lost: tuple[str, ...]


def check_lab(lab: Lab) -> Checked:
    """Reads all that a lab holds, and says what of it is damaged; changes nothing.

    Raises `NothingStoredError` for a lab that holds nothing.
    """
    examined = _examined(lab)
    runs = {damage.key for damage in examined.damages if damage.kind == "run"}
    planned = {member.key for entry in examined.studies for member in entry.members}
    lost = runs & planned
    # Keys that cannot be read, or not be trusted: what is planned and not there is lost too.
    if runs - planned or "file" in _kinds(examined):
        lost |= planned - examined.keys
    return Checked(
        whole=len(examined.keys),
        damages=examined.damages,
        again=tuple(_again(examined, lost)),
        unplanned=tuple(sorted(runs - planned - {""})),
        lost=tuple(_lost(examined, shared=isinstance(lab, SharedLab))),
    )


def remove_damage(lab: Lab, checked: Checked) -> Path | None:
    """Takes out of a lab what `check_lab` found damaged, and trains nothing.

    Rows are deleted; where the file itself is damaged, a new one is made of all that is whole,
    and where the old one is kept comes back. Call it while the lab is held. A damaged
    registration of a shared lab stays where it is.
    """
    if isinstance(lab, Path) and needs_new_file(checked.damages):
        return write_anew(lab / FILE, DEMANDS)
    with Catalogue.open(lab, create=False) as catalogue, catalogue.exclusive():
        catalogue.remove_damaged(checked.damages)
    return None


def _examined(lab: Lab) -> Examined:
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            return catalogue.examine(DEMANDS)
    except DamagedLabError as error:
        if not isinstance(lab, Path):
            raise
        return examine_file(lab / FILE, DEMANDS, str(error).partition(". `paribus check")[0])


def _again(examined: Examined, lost: Collection[str]) -> Iterator[Again]:
    analysed = {damage.study for damage in examined.damages if damage.kind == "analysis"}
    for entry in examined.studies:
        members = tuple(member for member in entry.members if member.key in lost)
        if members or (entry.name, entry.scale) in analysed:
            command = entry.document.get("command") or _command(entry.name, entry.scale)
            yield Again(entry.name, entry.scale, command, members)
    for damage in examined.damages:
        if damage.kind == "study" and damage.study is not None:
            yield Again(*damage.study, _command(*damage.study), certain=False)


def _command(name: str, scale: str) -> str:
    return shlex.join(["paribus", "run", name, "--scale", scale])


def _lost(examined: Examined, *, shared: bool) -> Iterator[str]:
    for damage in examined.damages:
        if damage.kind == "registration":
            study = "a study" if damage.study is None else f"{damage.study[0]} ({damage.study[1]})"
            if shared:
                advice = "put a copy of the database back, or train in another --lab"
                yield f"a registration of {study}, which nobody can take out: {advice}"
            else:
                yield f"a registration of {study}: its claims are exploratory from now on"
        if damage.kind in ("study", "analysis") and damage.study is None:
            yield f"the {damage.kind} of a study whose name cannot be read: run it again"
    if not examined.keys and not examined.studies and "file" in _kinds(examined):
        yield "all that the file held: nothing of it can be read"


def _kinds(examined: Examined) -> set[str]:
    return {damage.kind for damage in examined.damages}
