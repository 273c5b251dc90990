import pytest

from paribus.executors import InlineExecutor


def test_a_task_has_run_when_submit_returns():
    with InlineExecutor() as executor:
        assert executor.submit(lambda: lambda place: place.slot).done()


def test_an_interrupt_reaches_the_caller():
    def task(place):
        raise KeyboardInterrupt

    with InlineExecutor() as executor, pytest.raises(KeyboardInterrupt):
        executor.submit(lambda: task)
