"""Running a plan: what the lab lacks is trained, and stored run by run as it finishes.

The one place where plan, executor, training and store meet.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace

from paribus.store.catalogue import Catalogue
from paribus.store.hold import hold
from paribus.study import rounds
from paribus.study.analyse import analyse
from paribus.study.datasets import Datasets
from paribus.study.engine import engine, look_for_workers
from paribus.study.foreign import Foreign
from paribus.study.heartbeat import beating
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.peers import Peers
from paribus.study.plan import Plan
from paribus.study.progress import Progress
from paribus.study.registration import as_registered, stand
from paribus.study.watch import Logged
from paribus.study.work import Work
from paribus.study.workbench import StudyBench
from paribus.training.lane import Lane
from paribus.training.platform import device, one_thread_of_blas

_LOOK_SECONDS = 1.0


def run_plan(plan: Plan, options: RunOptions) -> Outcome:
    """Trains the runs that the lab does not hold; every finished run is stored at once.

    Its claims are registered before anything is trained, and where the study was registered ahead
    its runs are salted: the outcome has the plan as it was run.
    Probes that a stored run has not been through catch up on it, and what is computed of several
    runs together is computed last. On `KeyboardInterrupt` runs in
    training are given up, what is finished stays, and the interrupt goes on to the caller. A run
    that raises is recorded as failed, and the others go on. In a lab that several drivers share,
    each trains what no other one does, and all return when the study is finished.
    """
    begun = time.perf_counter()
    look_for_workers(plan, options)
    native = not isinstance(plan.study.apparatus, Foreign)
    with (
        one_thread_of_blas() if native else nullcontext(),
        hold(options.lab),
        Catalogue.open(options.lab, create=True) as catalogue,
        ExitStack() as driving,  # until the last is stored, so that who follows it waits for that
    ):
        plan = as_registered(plan, catalogue)
        outcome = Outcome(plan, options.lab)
        datasets = Datasets(options.source)
        outcome.leaks = _earlier_leaks(plan, catalogue)
        _run(outcome, options, catalogue, datasets, driving)
        outcome.leaks = datasets.leaks(plan.locations, outcome.leaks)
        _put_study(outcome, catalogue)
        _analyse(outcome, catalogue, datasets)
        _put_study(outcome, catalogue)
        wanted = {run.key for run in rounds.needed(plan, catalogue)}
        outcome.total = len(wanted)
        outcome.reused = len(catalogue.finished(wanted)) - outcome.trained
    outcome.seconds["total"] = time.perf_counter() - begun
    return outcome


def _run(
    outcome: Outcome,
    options: RunOptions,
    catalogue: Catalogue,
    datasets: Datasets,
    driving: ExitStack,
) -> None:
    """Round by round, until nothing is left to do; what is driven then is in `driving`."""
    plan, progress = outcome.plan, Progress()
    driver = uuid.uuid4().hex
    watches = (options.watch, progress, Logged())
    with ExitStack() as stack:
        work: Work | None = None
        while True:
            todo = rounds.todo(plan, catalogue, without=outcome.failures)
            # Data first: a plan that cannot be run does not replace the one that the lab holds.
            begun = time.perf_counter()
            datasets.load(todo.runs)
            outcome.seconds["data"] += time.perf_counter() - begun
            if work is None:
                _register(outcome, catalogue)
            _put_study(outcome, catalogue)
            if not todo.runs and work is not None:
                return
            for watch in watches:
                watch.planned(plan, todo.train)
            if not todo.runs:
                return
            if work is None:
                driving.enter_context(_driving(catalogue, options, driver, progress))
                found = engine(plan, options)
                stack.enter_context(found.executor)
                peers = Peers(driver)
                work = Work(outcome, options, catalogue, datasets, watches, peers, found)
            if not work.do(todo):
                time.sleep(_LOOK_SECONDS)  # others train all that is left


@contextmanager
def _driving(
    catalogue: Catalogue, options: RunOptions, driver: str, progress: Progress
) -> Iterator[None]:
    """Inside, the lab knows of this driver, and others see that it lives."""
    catalogue.beat(driver, progress.document())  # before any lease: one without a heart is free
    try:
        with beating(options.lab, driver, progress, options.on):
            yield
    finally:
        # An interrupt may have struck in the middle of a transaction. What is left in the lab then
        # is found dead by the others, and must not hide why this one ends.
        with suppress(Exception):
            catalogue.release(driver)


def _register(outcome: Outcome, catalogue: Catalogue) -> None:
    """Registers the claims, once though several drivers begin the study together."""
    with catalogue.exclusive():
        outcome.standing = stand(outcome.plan, catalogue)
        if outcome.standing.new is not None:
            catalogue.add_registration(outcome.standing.new)


def _put_study(outcome: Outcome, catalogue: Catalogue) -> None:
    found = rounds.entry(outcome.plan, catalogue)
    # Until all is trained nothing is analysed: what is stored is of other runs.
    document = outcome.standing.told_in(found.document)
    document |= {"leaks": outcome.leaks, "analysed": outcome.analysed}
    catalogue.put_study(replace(found, document=document))


def _earlier_leaks(plan: Plan, catalogue: Catalogue) -> dict[str, str]:
    """What an earlier run of the study found repeated in the data of the plan, by fingerprint."""
    key = plan.study.name, plan.study.scale
    entries = {(entry.name, entry.scale): entry for entry in catalogue.studies()}
    known = entries[key].document.get("leaks", {}) if key in entries else {}
    here = {location.fingerprint for location in plan.locations.values()}
    return {fingerprint: notice for fingerprint, notice in known.items() if fingerprint in here}


def _analyse(outcome: Outcome, catalogue: Catalogue, datasets: Datasets) -> None:
    begun = time.perf_counter()
    bench = StudyBench(outcome.plan, catalogue, datasets.loaded, lambda: Lane(device(0)))
    outcome.analysis_failures, outcome.analysed = analyse(outcome.plan, catalogue, bench)
    outcome.seconds["probe"] += time.perf_counter() - begun
