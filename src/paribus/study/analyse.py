"""The analyses of a study: those that its stored runs lack are computed, and stored."""

from typing import NamedTuple

from paribus.analyses.base import Workbench
from paribus.errors import LabError
from paribus.store.catalogue import Catalogue
from paribus.study.plan import Plan


class Analysed(NamedTuple):
    """What came of it: messages of analyses that failed, by name; identities of the others."""

    failures: dict[str, str]
    identities: list[str]


def analyse(plan: Plan, catalogue: Catalogue, bench: Workbench) -> Analysed:
    """Computes and stores each analysis that is not stored of just these runs.

    The catalogue holds the study. One that raises leaves what was stored of it, and the others
    go on. Without a finished run there is nothing to analyse.
    """
    study = plan.study.name, plan.study.scale
    computed = plan.study.computed
    if not computed or not bench.runs:
        return Analysed({}, [])
    wanted = {one.identity(bench.runs, plan.study.probes): one for one in computed}
    stored = _stored(catalogue, *study)
    failures: dict[str, str] = {}
    for identity, analysis in wanted.items():
        if identity in stored:
            continue
        try:
            catalogue.put_analysis(study, identity, analysis.compute(bench))
        except Exception as error:  # one analysis' fault is not the others'
            failures[analysis.name] = f"{type(error).__name__}: {error}"
    done = [key for key, analysis in wanted.items() if analysis.name not in failures]
    return Analysed(failures, done)


def _stored(catalogue: Catalogue, name: str, scale: str) -> set[str]:
    try:
        return {identity for identity, _ in catalogue.analyses(name, scale)}
    except LabError:  # a damaged one is computed anew, and so are the others
        return set()
