"""Which runs train together, from where they go on, and that a whole study comes of it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paribus import Factor
from paribus.data.base import Source
from paribus.errors import DeclarationError, LabError
from paribus.probes import WeightNorm
from paribus.store import Catalogue, Measurement
from paribus.study import work
from paribus.study.job import Finished
from paribus.study.options import RunOptions
from paribus.study.outcome import Outcome
from paribus.study.placement import side_by_side
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from paribus.study.tasks import Done, Saved, usable
from paribus.study.work import Work
from paribus.training.lane import Lane
from paribus.training.task import Seconds
from store.example_runs import example_run
from study.example_study import tiny_study
from training.stepwise import DEVICES, train

RATES = [Factor("optimizer.learning_rate", [0.01, 0.03, 0.1, 0.3])]


@pytest.fixture
def plan():
    return make_plan(tiny_study().at(), Source())


@pytest.fixture(scope="module")
def checkpoints():
    """Of the first run of the plan, one for each feed that it trained."""
    found = []
    train(tiny_study().recipe, checkpoint_seconds=0.0, save=found.append)
    return found


def test_on_a_cpu_every_run_is_alone(plan):
    with Catalogue.in_memory() as catalogue:
        assert side_by_side(plan.runs, catalogue, 1) == [[run] for run in plan.runs]


def test_elsewhere_runs_at_one_place_are_together(plan, checkpoints):
    with Catalogue.in_memory() as catalogue:
        assert side_by_side(plan.runs, catalogue, 8) == [list(plan.runs)]
        first, second, third, *rest = plan.runs
        catalogue.put_checkpoint(first.key, checkpoints[0].to_bytes())
        catalogue.put_checkpoint(second.key, checkpoints[1].to_bytes())
        catalogue.put_checkpoint(third.key, b"torn")
        assert side_by_side(plan.runs, catalogue, 8) == [[first], [second], [third, *rest]]


def test_a_study_is_the_same_side_by_side(plan, tmp_path):
    apart = run_plan(plan, RunOptions(lab=tmp_path / "apart")).dataset()
    together = run_plan(plan, RunOptions(lab=tmp_path / "together", side_by_side=8)).dataset()
    assert list(together) == list(apart)
    np.testing.assert_allclose(together["test/loss"], apart["test/loss"], rtol=1e-4)


class Interrupting:
    """Presses Ctrl-C when so many runs are done."""

    def __init__(self, count):
        self.left = count

    def planned(self, plan, to_train):
        pass

    def run_started(self, run, where, epoch=0):
        pass

    def epoch_done(self, run, epoch):
        pass

    def run_done(self, run, status):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_runs_side_by_side_are_kept_as_they_finish(tmp_path):
    # Two groups of two: the first is kept whatever becomes of the second.
    plan = make_plan(tiny_study(replicates=1, factors=RATES).at(), Source())
    options = RunOptions(lab=tmp_path / "lab", side_by_side=2, cores=1, watch=Interrupting(1))
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, options)
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        kept = catalogue.finished(run.key for run in plan.runs)
    assert 1 <= len(kept) <= 4
    outcome = run_plan(plan, RunOptions(lab=tmp_path / "lab"))
    assert (outcome.reused, outcome.trained) == (len(kept), 4 - len(kept))


class InterruptingAtStart(Interrupting):
    """Presses Ctrl-C when so many runs have begun."""

    def run_started(self, run, where, epoch=0):
        super().run_done(run, "")

    def run_done(self, run, status):
        pass


def test_what_waits_to_be_stored_is_stored_when_a_study_is_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "STORING_SECONDS", 1e9)
    plan = make_plan(tiny_study(replicates=1, factors=RATES).at(), Source())
    options = RunOptions(lab=tmp_path / "lab", cores=1, watch=InterruptingAtStart(3))
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, options)
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        assert len(catalogue.finished(run.key for run in plan.runs)) >= 2


class TestStoring:
    """Runs that are finished, and what may happen while they are stored."""

    @pytest.fixture
    def working(self, tmp_path, plan):
        nothing: Any = None
        with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
            yield Work(
                outcome=Outcome(plan, tmp_path / "lab"),
                options=RunOptions(lab=tmp_path / "lab"),
                catalogue=catalogue,
                datasets=nothing,
                watches=[Interrupting(-1)],
                peers=nothing,
                engine=nothing,
            )

    def finished(self, plan, **changes):
        found = []
        for number, run in enumerate(plan.runs):
            stored = example_run(number, key=run.key, **changes.get(str(number), {}))
            found.append(Finished(stored, 1, Seconds()))
        return found

    def test_one_that_cannot_be_stored_keeps_out_no_other(self, working, plan):
        bad = Measurement("test/loss", np.array([None]), ("epoch",))
        working.unstored = self.finished(plan, **{"1": {"measurements": (bad,)}})
        with pytest.raises(TypeError, match="dtype object"):
            working._store()
        working._store()
        assert working.outcome.trained == len(plan.runs) - 1
        stored = working.catalogue.finished(run.key for run in plan.runs)
        assert stored == {run.key for run in plan.runs} - {plan.runs[1].key}

    def test_all_are_counted_though_a_watch_raises(self, working, plan):
        working.watches = [Interrupting(2)]
        working.unstored = self.finished(plan)
        with pytest.raises(KeyboardInterrupt):
            working._store()
        working._store()
        assert working.outcome.trained == len(plan.runs)
        assert working.watches[0].left == 2 - len(plan.runs)

    def test_they_are_stored_though_something_else_is_not(
        self, working, plan, checkpoints, monkeypatch
    ):
        one, other = self.finished(plan)[:2]
        working.latest[other.stored.key] = checkpoints[0]
        for said in (Done(one.stored.key, one), Saved(other.stored.key, checkpoints[0])):
            working.events.put(said)

        def full(*_):
            raise LabError("the disk is full")

        monkeypatch.setattr(working.catalogue, "put_checkpoint", full)
        with pytest.raises(LabError):
            working._collect_rest({})
        assert working.catalogue.finished([one.stored.key]) == {one.stored.key}


@pytest.mark.parametrize(
    ("field", "value", "least"),
    [("cores", 0, 1), ("side_by_side", 0, 1), ("checkpoint_seconds", -1.0, 0)],
)
def test_options_that_make_no_sense(field, value, least):
    with pytest.raises(DeclarationError, match=f"{field}: got {value}; {least} or more"):
        RunOptions(**{field: value})


class TestUsable:
    def find(self, plan, content, *, observers=(), widest=1):
        lane = Lane(DEVICES[0], widest=widest)
        return usable({plan.runs[0].key: content}, lane, observers)

    def test_what_this_program_made(self, plan, checkpoints):
        found = self.find(plan, checkpoints[0].to_bytes())
        assert {key: one.place for key, one in found.items()} == {
            plan.runs[0].key: checkpoints[0].place
        }

    def test_not_what_rounds_in_another_way(self, plan, checkpoints):
        foreign = replace(checkpoints[0], made_with="another processor")
        assert self.find(plan, foreign.to_bytes()) == {}

    def test_not_with_other_probes(self, plan, checkpoints):
        content = checkpoints[0].to_bytes()
        assert self.find(plan, content, observers=(WeightNorm(),)) == {}

    def test_not_under_other_flags(self, plan, checkpoints, monkeypatch):
        monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
        assert self.find(plan, checkpoints[0].to_bytes()) == {}

    def test_not_side_by_side_what_was_made_alone(self, plan, checkpoints):
        assert self.find(plan, checkpoints[0].to_bytes(), widest=4) == {}

    def test_not_what_cannot_be_read(self, plan):
        assert self.find(plan, b"torn") == {}

    def test_one_that_is_of_no_use_makes_all_so(self, plan, checkpoints):
        foreign = replace(checkpoints[0], made_with="another processor")
        contents = {"a": checkpoints[0].to_bytes(), "b": foreign.to_bytes()}
        assert usable(contents, Lane(DEVICES[0], widest=1), ()) == {}

    def test_not_what_is_damaged(self, plan, tmp_path, checkpoints):
        with Catalogue.open(tmp_path, create=True) as catalogue:
            catalogue.put_checkpoint(plan.runs[0].key, checkpoints[0].to_bytes())
            with catalogue._database.writing() as connection:
                connection.exec_driver_sql(
                    "UPDATE checkpoints SET content = zeroblob(length(content))"
                )
            assert catalogue.checkpoints([plan.runs[0].key]) == {}


def test_a_study_goes_on_from_a_checkpoint(plan, tmp_path, checkpoints):
    undisturbed = run_plan(plan, RunOptions(lab=tmp_path / "undisturbed"))
    run = plan.runs[0]
    found = []
    train(run.recipe, run.replicate, checkpoint_seconds=0.0, save=found.append)
    with Catalogue.open(tmp_path / "resumed", create=True) as catalogue:
        catalogue.put_checkpoint(run.key, found[1].to_bytes())
    resumed = run_plan(plan, RunOptions(lab=tmp_path / "resumed"))
    left = resumed.model_steps - undisturbed.model_steps
    assert left == -(found[1].epoch * run.recipe.steps_per_epoch + found[1].done)
    weights = []
    for lab in ("undisturbed", "resumed"):
        with Catalogue.open(tmp_path / lab, create=False) as catalogue:
            weights.append(catalogue.artifact(run.key, "weights.safetensors"))
    assert weights[0] == weights[1]
