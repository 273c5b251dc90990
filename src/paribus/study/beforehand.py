"""What a study says before its runs are trained: its claims, how they are judged, its recipe.

This is the content that a registration keeps and that its digest is made of. A claim is the same
as a registered one if it says the same (its wording apart) of the same runs, measured in the same
way; what else a study consists of does not matter to it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.claims import AnyClaim
from paribus.claims.assessment import LEVEL
from paribus.claims.selection import Condition
from paribus.design.adaptive import FIRST_TRIAL
from paribus.spec import digest, leaves
from paribus.statistics.looks import spent_levels
from paribus.study.plan import Plan, PlannedRun
from paribus.study.scaled import ScaledStudy

CORRECTION = "Holm over the links of all registered claims"
SPENDING = "each look has its share of the level, by level * ln(1 + (e - 1) t)"
_MEASURED = re.compile(r"[a-z]\w*/\w+")
_NOT_COMPARED = frozenset({"wording", "ours"})


@dataclass(frozen=True)
class Said:
    """A claim as a registration keeps it, and the keys of the planned runs that it speaks of.

    `content` has the `claim`, its `sentence`, and in `about` a digest of the conditions that it
    compares (labels and recipes) and of what measures its metric.
    """

    content: Mapping[str, Any]
    keys: frozenset[str]

    def is_in(self, registered: Mapping[str, Any]) -> bool:
        """Whether the content of a registration holds this claim about these runs."""
        return _identity(self.content) in map(_identity, registered["claims"])


def said_by(plan: Plan) -> list[Said]:
    """The claims that can be tested at the scale of the plan, in their order."""
    runs: dict[Any, list[PlannedRun]] = {}
    for run in plan.runs:
        if run.replicate < FIRST_TRIAL:  # trials choose; no claim speaks of them
            runs.setdefault(_place(run.condition), []).append(run)
    recipes = {place: _trained(found[0], plan) for place, found in runs.items()}
    conditions = [found[0].condition for found in runs.values()]
    sentences = [one["sentence"] for one in plan.study.document()["claims"]]
    said = []
    for claim, sentence in zip(plan.study.tested, sentences, strict=True):
        links = [[_place(one) for one in link] for link in claim.links(conditions)]
        places = dict.fromkeys(place for link in links for place in link)
        about = {
            "links": links,
            "recipes": [recipes[place] for place in places],
            "measured by": _measured_by(claim, plan.study),
        }
        content = {"claim": claim.as_json(), "sentence": sentence, "about": digest(about)}
        said.append(Said(content, frozenset(run.key for one in places for run in runs[one])))
    return said


def content_of(study: ScaledStudy, said: Sequence[Said]) -> dict[str, Any]:
    """What is registered of a study, with some of its claims, as JSON-ready data."""
    document = study.document()
    kept = ("name", "scale", "question", "recipe", "factors", "design")
    trainer = {} if study.trainer is None else {"trainer": document["trainer"]}
    return (
        {name: document[name] for name in kept}
        | trainer
        | {
            "looks": list(study.looks),
            "level": LEVEL,
            "spending": SPENDING,
            "correction": CORRECTION,
            "claims": [dict(one.content) for one in said],
        }
    )


def levels_of_looks(looks: Sequence[int]) -> dict[int, float]:
    """The level at which claims are tested at each look, by its number of replicates."""
    if len(looks) == 1:  # of one replicate even, at which nothing can be tested
        return {looks[0]: LEVEL}
    return dict(zip(looks, spent_levels(looks, LEVEL), strict=True))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what a study differs from the content of a registration; nothing where it is the same."""
    fields = dict(leaves(before["recipe"]))
    others = dict(leaves(now["recipe"]))
    found = [
        f"recipe.{path}"
        for path in dict.fromkeys([*fields, *others])
        if path not in fields or path not in others or fields[path] != others[path]
    ]
    factors, later = (
        {one["name"]: one for one in content["factors"]} for content in (before, now)
    )
    found += [
        f"factor {name}"
        for name in dict.fromkeys([*factors, *later])
        if factors.get(name) != later.get(name)
    ]
    found += [name for name in ("design", "looks") if before[name] != now[name]]
    found += ["trainer"] if before.get("trainer") != now.get("trainer") else []
    ours, theirs = (list(map(_identity, content["claims"])) for content in (now, before))
    counts = {
        "not as registered": sum(one not in theirs for one in ours),
        "left out or changed": sum(one not in ours for one in theirs),
    }
    return found + [f"claims: {count} {what}" for what, count in counts.items() if count]


def _measured_by(claim: AnyClaim, study: ScaledStudy) -> list[Any]:
    names = _MEASURED.findall(claim.metric)
    sources = {name.partition("/")[0] for name in names}
    probes = [one.as_json() for one in study.probes if set(names) & set(one.axes)]
    return probes + [one.as_json() for one in study.computed if one.name in sources]


def _trained(run: PlannedRun, plan: Plan) -> Any:
    """What is trained: a recipe of our engine's, or one with the trainer's code."""
    recipe = run.recipe.as_json()
    if plan.study.trainer is None:
        return recipe
    return {"recipe": recipe, **plan.study.apparatus.made_by(run.recipe)}


def _identity(said: Mapping[str, Any]) -> tuple[Any, str]:
    claim = {name: one for name, one in said["claim"].items() if name not in _NOT_COMPARED}
    return claim, said["about"]


def _place(condition: Condition) -> tuple[tuple[str, str], ...]:
    return tuple(condition.items())
