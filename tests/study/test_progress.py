"""How far a study is: counted in epochs, whether they are told one by one or several at once."""

import pytest

from paribus.data.base import Source
from paribus.study.plan import make_plan
from paribus.study.progress import Progress
from study.example_study import tiny_study


@pytest.fixture
def plan():
    return make_plan(tiny_study().at(), Source())


def test_epochs_are_counted_however_they_are_told(plan):
    progress = Progress()
    progress.planned(plan, list(plan.runs))
    assert (progress.epochs, progress.all_epochs, progress.share) == (0, 8, 0)
    first, second, *_ = plan.runs
    progress.epoch_done(first, 1)
    progress.epoch_done(first, 2)
    progress.epoch_done(second, 2)
    assert progress.epochs == 4
    assert progress.running == 2
    assert progress.share == pytest.approx(0.5)


def test_a_run_that_ends_early_has_nothing_left(plan):
    progress = Progress()
    progress.planned(plan, list(plan.runs))
    for run in plan.runs:
        progress.epoch_done(run, 1)
        progress.run_done(run, "finished")
    assert (progress.done, progress.running, progress.share) == (4, 0, 1)
    assert progress.seconds_left == 0
