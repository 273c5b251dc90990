"""Registration: claims are stored before their runs are trained, or count as exploratory.

When a study is run, those of its claims of whose runs the lab holds none yet are stored with the
time, before any training. A claim is registered if a registration holds it; one that was added or
changed when runs that it speaks of were there is exploratory, and so is every claim at a number of
replicates that no registration names as a look. A registration made ahead salts the seeds of its
study, so that its runs are none that anybody has seen. All this is a record for those who want to
be honest, no proof: whoever holds the lab can change it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from paribus.claims.assessment import LEVEL
from paribus.errors import DeclarationError, Fault, LabError, NothingStoredError
from paribus.spec import digest
from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.store.lab import Lab
from paribus.store.records import Registration
from paribus.study.beforehand import (
    Said,
    content_of,
    differences,
    levels_of_looks,
    said_by,
)
from paribus.study.plan import Plan

SHOWN_DIGITS = 12
"""So many hex digits of a digest are shown where all would be too long to read."""


@dataclass(frozen=True)
class Standing:
    """How a study that is about to be run stands to what was registered of it.

    `registered` has a truth for each claim that can be tested, `record` says what these rest on
    and at which level they are tested, `new` is to be stored before anything is trained.
    """

    registered: tuple[bool, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    new: Registration | None = None

    def told_in(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The study's document with all this in it."""
        claims = [
            dict(claim) | {"registered": registered}
            for claim, registered in zip(document["claims"], self.registered, strict=True)
        ]
        return dict(document) | {"claims": claims, "registration": dict(self.record)}


def as_registered(plan: Plan, catalogue: Catalogue) -> Plan:
    """The plan with the salt of the registration that was made ahead of it in this lab, if any.

    The salt is that of the study and its scale, whatever has changed in them since: in this lab
    all their runs are other ones than without the registration.
    """
    ahead = _ahead(_registrations(plan, catalogue))
    return plan if ahead is None else plan.salted(ahead.salt)


def as_registered_in(lab: Lab, plan: Plan) -> Plan:
    """As `as_registered`, of a lab that need not be there yet."""
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            return as_registered(plan, catalogue)
    except NothingStoredError:
        return plan


def stand(plan: Plan, catalogue: Catalogue) -> Standing:
    """Which claims of a plan are registered, given what the lab holds now; stores nothing.

    The plan is salted already. Claims are at the smallest of the levels that their registrations
    allow at this number of replicates.
    """
    said, earlier = said_by(plan), _registrations(plan, catalogue)
    replicates = plan.study.replicates
    backing = [_holding(earlier, one, replicates) for one in said]
    new = _registered_now(
        plan, catalogue, [one for one, found in zip(said, backing, strict=True) if not found]
    )
    if new is not None:
        backing = [
            found or _holding([new], one, replicates)
            for one, found in zip(said, backing, strict=True)
        ]
    record = _record([one for one in backing if one], earlier, plan)
    note = "; ".join(_notes(plan, said, backing, earlier, new))
    return Standing(tuple(one is not None for one in backing), record | {"note": note}, new)


def register_ahead(plan: Plan, lab: Lab) -> Registration:
    """Stores the registration of a study in a lab where it is to be run, and gives it back.

    Its salt comes from its digest, so that who registers the same study gets the same runs.
    Raises `DeclarationError` for a study that claims nothing and for replicates between its
    looks, `LabError` where the study is registered ahead already.
    """
    study, said = plan.study, said_by(plan)
    faults = []
    if not said:
        problem = "none that can be tested: there is nothing to register. Declare what you expect"
        faults.append(Fault("claims", problem))
    if study.replicates not in study.looks:
        problem = f"got {study.replicates}; the study looks at {_listed(study.looks)} replicates"
        faults.append(Fault("replicates", f"{problem}: give one of them, or leave it out"))
    if faults:
        raise DeclarationError(f"Study {study.name!r}, scale {study.scale!r}", faults)
    with hold(lab), Catalogue.open(lab, create=True) as catalogue:
        known = _ahead(_registrations(plan, catalogue))
        if known is not None:
            raise LabError(
                f"study {study.name!r} at scale {study.scale!r} is registered in lab {lab} "
                f"already: at {known.at}, digest {known.digest}. A registration stands as it is; "
                f"train it with `paribus run`, or register another plan with another --lab."
            )
        made = _registration(plan, said, ahead=True)
        catalogue.add_registration(made)
    return made


def _registrations(plan: Plan, catalogue: Catalogue) -> list[Registration]:
    return catalogue.registrations(plan.study.name, plan.study.scale)


def _ahead(registrations: Sequence[Registration]) -> Registration | None:
    return next((one for one in registrations if one.ahead), None)


def _holding(
    registrations: Sequence[Registration], said: Said, replicates: int
) -> Registration | None:
    """The earliest that holds this claim, with a look at so many replicates."""
    return next(
        (
            one
            for one in registrations
            if replicates in one.content["looks"] and said.is_in(one.content)
        ),
        None,
    )


def _registered_now(plan: Plan, catalogue: Catalogue, said: Sequence[Said]) -> Registration | None:
    """A registration of those of these claims of whose runs none is stored."""
    if plan.study.replicates not in plan.study.looks:
        return None
    stored = catalogue.finished({key for one in said for key in one.keys})
    unseen = [one for one in said if not one.keys & stored]
    return _registration(plan, unseen, ahead=False) if unseen else None


def _registration(plan: Plan, said: Sequence[Said], *, ahead: bool) -> Registration:
    content = content_of(plan.study, said)
    found = digest(content)
    return Registration(
        study=plan.study.name,
        scale=plan.study.scale,
        digest=found,
        content=content,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        ahead=ahead,
        salt=_salt(found) if ahead else 0,
    )


def _salt(found: str) -> int:
    # Far above all replicates and trials; with them still a whole number to every reader of JSON.
    return 2**51 + int(found, 16) % 2**51


def _record(
    backing: Sequence[Registration], earlier: Sequence[Registration], plan: Plan
) -> dict[str, Any]:
    """What the registered claims rest on; without any, what was registered at all."""
    replicates = plan.study.replicates
    shown = next(iter([*backing, *earlier]), None)
    looks = list(plan.study.looks if shown is None else shown.content["looks"])
    levels = [levels_of_looks(one.content["looks"])[replicates] for one in backing]
    return {
        "digest": "" if shown is None else shown.digest,
        "at": "" if shown is None else shown.at,
        "ahead": shown is not None and shown.ahead,
        "looks": looks,
        "level": min(levels, default=LEVEL),
        "look": looks.index(replicates) if backing else None,
    }


def _notes(
    plan: Plan,
    said: Sequence[Said],
    backing: Sequence[Registration | None],
    earlier: Sequence[Registration],
    new: Registration | None,
) -> list[str]:
    """What a reader should know that a plain first run does not have."""
    notes = []
    ahead = _ahead(earlier)
    changed = differences(ahead.content, content_of(plan.study, said)) if ahead else []
    if ahead and changed:
        when = f"registered ahead at {ahead.at} (digest {ahead.digest[:SHOWN_DIGITS]})"
        notes.append(f"the study is no longer what was {when}; different: {', '.join(changed)}")
    if new is not None and earlier:
        count = len(new.content["claims"])
        before = f"the study was registered before, first at {earlier[0].at}"
        notes.append(f"{count} of {len(said)} claims are registered with this run; {before}")
    lost = [one for one, found in zip(said, backing, strict=True) if found is None]
    if lost:
        why = _why_exploratory(plan, lost, earlier)
        notes.append(f"{len(lost)} of {len(said)} claims are exploratory: {why}")
    return notes


def _why_exploratory(plan: Plan, lost: Sequence[Said], earlier: Sequence[Registration]) -> str:
    replicates = plan.study.replicates
    held = [one for one in earlier if any(said.is_in(one.content) for said in lost)]
    looks = held[0].content["looks"] if held else plan.study.looks
    reasons = []
    if replicates not in looks:
        whose = "registered" if held else "declared"
        reasons.append(f"the {whose} looks are at {_listed(looks)} replicates, not {replicates}")
    unheld = [said for said in lost if not any(said.is_in(one.content) for one in held)]
    if unheld and replicates in plan.study.looks:
        late = "the lab held runs that they speak of before they were registered"
        reasons.append(late if earlier else f"{late}, and no registration of the study")
    return ", and ".join(reasons)


def _listed(looks: Sequence[int]) -> str:
    return ", ".join(map(str, looks))
