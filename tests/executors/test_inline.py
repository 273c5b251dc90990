import pytest

from paribus.executors import InlineExecutor


def test_a_task_has_run_when_submit_returns():
    with InlineExecutor() as executor:
        assert executor.submit(lambda slot: slot).done()


def test_an_interrupt_reaches_the_caller():
    def task(slot):
        raise KeyboardInterrupt

    with InlineExecutor() as executor, pytest.raises(KeyboardInterrupt):
        executor.submit(task)
