"""How far a study is: counted in epochs, whether they are told one by one or several at once."""

import pytest

from paribus.data.base import Source
from paribus.study.plan import make_plan
from paribus.study.progress import Progress
from study.example_study import tiny_study


class Clock:
    """Shows the time that it is set to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def plan():
    return make_plan(tiny_study().at(), Source())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(plan, clock):
    made = Progress(clock=clock)
    made.planned(plan, list(plan.runs))
    return made


def test_epochs_are_counted_however_they_are_told(plan, progress):
    assert (progress.epochs, progress.all_epochs, progress.share) == (0, 8, 0)
    first, second, *_ = plan.runs
    progress.epoch_done(first, 1)
    progress.epoch_done(first, 2)
    progress.epoch_done(second, 2)
    assert progress.epochs == 4
    assert progress.running == 2
    assert progress.share == pytest.approx(0.5)


def test_a_run_that_ends_early_has_nothing_left(plan, progress):
    for run in plan.runs:
        progress.epoch_done(run, 1)
        progress.run_done(run, "finished")
    assert (progress.done, progress.running, progress.share) == (4, 0, pytest.approx(1))
    assert progress.seconds_left == 0


def test_a_run_that_goes_on_elsewhere_is_counted_once_from_its_checkpoint(plan, progress):
    first, *_ = plan.runs
    progress.run_started(first, "core 0")
    progress.epoch_done(first, 2)
    progress.run_started(first, "core 1", 1)
    assert (progress.running, progress.epochs) == (1, 1)
    assert progress.share == pytest.approx(1 / 8)


def test_runs_that_another_driver_has_trained_are_done(plan, progress):
    first, second, third, _ = plan.runs
    progress.run_started(first, "core 0")
    progress.run_done(first, "finished")
    progress.planned(plan, [second, third])  # the fourth is stored by now
    assert (progress.total, progress.done, progress.cohorts) == (4, 2, 1)
    for run in (second, third):
        progress.run_started(run, "core 0")
        progress.run_done(run, "finished")
    assert (progress.done, progress.seconds_left) == (4, 0)


def test_a_stored_run_that_a_probe_failed_on_is_not_counted(plan, clock):
    progress = Progress(clock=clock)
    progress.planned(plan, [])
    progress.run_started(plan.runs[0], "core 0")
    progress.run_done(plan.runs[0], "failed")
    assert (progress.total, progress.done, progress.running) == (0, 0, 0)


def test_the_document_says_what_each_worker_does(plan, progress):
    first, second, *_ = plan.runs
    progress.run_started(first, "core 0")
    progress.epoch_done(first, 1)
    progress.run_started(second, "core 1", 2)
    document = progress.document()
    assert document.pop("seconds_left") is None
    assert document == {
        "study": "tiny",
        "scale": "full",
        "total": 4,
        "done": 0,
        "running": 2,
        "workers": [
            {
                "where": "core 0",
                "condition": {"learning_rate": "low"},
                "replicate": 0,
                "epoch": 1,
                "epochs": 2,
            },
            {
                "where": "core 1",
                "condition": {"learning_rate": "low"},
                "replicate": 1,
                "epoch": 2,
                "epochs": 2,
            },
        ],
    }


class TestTimeLeft:
    """Of four runs of one cohort, two epochs each."""

    def trained(self, progress, clock, run, seconds, where="core 0"):
        progress.run_started(run, where)
        clock.now += seconds
        progress.epoch_done(run, 2)
        progress.run_done(run, "finished")

    def test_nothing_is_known_before_anything_is_heard(self, plan, progress, clock):
        progress.run_started(plan.runs[0], "core 0")
        clock.now = 10
        assert progress.seconds_left is None

    def test_later_runs_of_a_cohort_do_not_compile(self, plan, progress, clock):
        self.trained(progress, clock, plan.runs[0], 20)  # 16 of them compiling, as turns out
        self.trained(progress, clock, plan.runs[1], 4)
        assert progress.seconds_left == pytest.approx(8)

    def test_it_runs_down_between_two_words_of_a_run(self, plan, progress, clock):
        self.trained(progress, clock, plan.runs[0], 4)
        self.trained(progress, clock, plan.runs[1], 4)
        progress.run_started(plan.runs[2], "core 0")
        clock.now += 3
        assert progress.seconds_left == pytest.approx(1 + 4)

    def test_two_lanes_share_what_waits(self, plan, progress, clock):
        first, second, *_ = plan.runs
        progress.run_started(first, "core 0")
        progress.run_started(second, "core 1")
        for at, epoch in ((10, 1), (12, 2)):
            clock.now = at
            progress.epoch_done(first, epoch)
            progress.epoch_done(second, epoch)
        progress.run_done(first, "finished")
        progress.run_done(second, "finished")
        assert progress.seconds_left == pytest.approx(4)  # not 8: both lanes have compiled

    def test_runs_are_expected_to_stop_where_others_did(self, plan, progress, clock):
        for run in plan.runs[:2]:
            progress.run_started(run, "core 0")
            clock.now += 3
            progress.epoch_done(run, 1)
            progress.run_done(run, "finished")
        assert progress.seconds_left == pytest.approx(6)

    def test_what_is_overdue_takes_a_while_longer(self, plan, progress, clock):
        self.trained(progress, clock, plan.runs[0], 20)
        self.trained(progress, clock, plan.runs[1], 4)
        progress.run_started(plan.runs[2], "core 1")  # where it is compiled again
        clock.now += 40
        assert progress.seconds_left > 10

    def test_a_failed_run_teaches_nothing(self, plan, progress, clock):
        self.trained(progress, clock, plan.runs[0], 4)
        self.trained(progress, clock, plan.runs[1], 4)
        progress.run_started(plan.runs[2], "core 0")
        clock.now += 1000
        progress.run_done(plan.runs[2], "failed")
        assert progress.seconds_left == pytest.approx(4)
