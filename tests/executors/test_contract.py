"""What every executor does. Joining is one row in `EXECUTORS`."""

from concurrent.futures import CancelledError, wait
from threading import Event

import pytest

from paribus.executors import Executor, InlineExecutor, ThreadExecutor

EXECUTORS = {
    "inline": InlineExecutor,
    "one thread": lambda: ThreadExecutor(1),
    "three threads": lambda: ThreadExecutor(3),
}


@pytest.fixture(params=EXECUTORS)
def executor(request):
    with EXECUTORS[request.param]() as executor:
        yield executor


def test_it_is_an_executor(executor):
    assert isinstance(executor, Executor)
    assert executor.slots >= 1


def test_results_come_back_in_their_futures(executor):
    futures = [executor.submit(lambda slot, n=n: n * n, group=n % 3) for n in range(50)]
    assert [future.result(timeout=60) for future in futures] == [n * n for n in range(50)]


def test_a_task_is_told_a_slot_within_range(executor):
    futures = [executor.submit(lambda slot: slot) for _ in range(50)]
    assert {future.result(timeout=60) for future in futures} <= set(range(executor.slots))


def test_one_slot_runs_one_task_at_a_time(executor):
    running = [0] * executor.slots
    most = []

    def task(slot):
        running[slot] += 1
        most.append(running[slot])
        running[slot] -= 1

    wait([executor.submit(task, group=n % 4) for n in range(200)], timeout=60)
    assert len(most) == 200
    assert max(most) == 1


def test_an_exception_is_in_the_future_and_the_slot_goes_on(executor):
    def task(slot):
        raise ValueError("no such layer")

    failed = [executor.submit(task) for _ in range(5)]
    fine = executor.submit(lambda slot: "fine")

    for future in failed:
        with pytest.raises(ValueError, match="no such layer"):
            future.result(timeout=60)
    assert fine.result(timeout=60) == "fine"


def test_tasks_of_one_group_run_in_the_order_submitted_within_a_slot(executor):
    order = []
    futures = [
        executor.submit(lambda slot, n=n: order.append((slot, n)), group="a") for n in range(100)
    ]
    wait(futures, timeout=60)
    for slot in range(executor.slots):
        mine = [n for at, n in order if at == slot]
        assert mine == sorted(mine)
    assert len(order) == 100


def test_nothing_starts_after_cancel(executor):
    executor.cancel()
    started = Event()

    future = executor.submit(lambda slot: started.set())

    assert future.cancelled()
    assert wait([future], timeout=60).done == {future}
    with pytest.raises(CancelledError):
        future.result()
    assert not started.is_set()


def test_close_waits_for_what_was_submitted(executor):
    ended = []
    for n in range(20):
        executor.submit(lambda slot, n=n: ended.append(n), group=n % 2)

    executor.close()

    assert sorted(ended) == list(range(20))


def test_nothing_is_accepted_after_close(executor):
    executor.close()
    with pytest.raises(RuntimeError, match="the executor is closed"):
        executor.submit(lambda slot: None)


def test_an_error_in_the_block_cancels(executor):
    with pytest.raises(KeyboardInterrupt), executor:
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(lambda slot: None)
