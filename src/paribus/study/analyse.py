"""The analyses of a study: those that its stored runs lack are computed, and stored."""

from paribus.analyses.base import Workbench
from paribus.errors import LabError
from paribus.store.catalogue import Catalogue
from paribus.study.plan import Plan


def analyse(plan: Plan, catalogue: Catalogue, bench: Workbench) -> dict[str, str]:
    """Computes and stores each analysis that is not stored of just these runs.

    The catalogue holds the study. One that raises leaves what was stored of it, and the others
    go on; what comes back is the message of each that failed, by its name. Without a finished
    run there is nothing to analyse.
    """
    study = plan.study.name, plan.study.scale
    stored = _stored(catalogue, *study)
    failures = {}
    for analysis in plan.study.computed if bench.runs else ():
        identity = analysis.identity(bench.runs, plan.study.probes)
        if identity in stored:
            continue
        try:
            measurements = analysis.compute(bench)
        except Exception as error:  # one analysis' fault is not the others'
            failures[analysis.name] = f"{type(error).__name__}: {error}"
        else:
            catalogue.put_analysis(study, identity, measurements)
    return failures


def _stored(catalogue: Catalogue, name: str, scale: str) -> set[str]:
    try:
        return {identity for identity, _ in catalogue.analyses(name, scale)}
    except LabError:  # a damaged one is computed anew, and so are the others
        return set()
