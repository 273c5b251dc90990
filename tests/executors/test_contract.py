"""What every executor does. Joining is one row in `EXECUTORS`."""

from concurrent.futures import CancelledError, wait
from queue import Queue
from threading import Event

import numpy as np
import pytest

from executors.clusters import on_ray
from executors.example_tasks import (
    Alone,
    Failing,
    Home,
    Shared,
    Square,
    UnsendableError,
    raise_unsendable,
    until_cancelled,
)
from paribus.executors import (
    Executor,
    InlineExecutor,
    ProcessExecutor,
    Setup,
    ThreadExecutor,
)
from paribus.executors.worker import WorkerError

LIMIT = 60


EXECUTORS = {
    "inline": InlineExecutor,
    "one thread": lambda home: ThreadExecutor(1, home),
    "three threads": lambda home: ThreadExecutor(3, home),
    "two processes": lambda home: ProcessExecutor(2, Setup(home)),
    "ray": on_ray,
}


@pytest.fixture(params=EXECUTORS)
def executor(request):
    with EXECUTORS[request.param](Home) as executor:
        yield executor


@pytest.fixture(params=[name for name in EXECUTORS if name != "inline"])
def parallel(request):
    """An executor that runs a task while the caller goes on."""
    with EXECUTORS[request.param](Home) as executor:
        yield executor


def results(futures):
    return [future.result(timeout=LIMIT) for future in futures]


def test_results_come_back_in_their_futures(executor):
    assert isinstance(executor, Executor)
    futures = [executor.submit(lambda n=n: Square(n), group=n % 3) for n in range(50)]
    assert results(futures) == [n * n for n in range(50)]


def test_a_slot_has_one_home_and_runs_one_task_at_a_time(executor):
    found = results([executor.submit(Alone, group=n % 4) for n in range(100)])
    assert {slot for slot, _, _ in found} <= set(range(executor.slots))
    assert all(slot == home for slot, home, _ in found)
    assert {most for _, _, most in found} == {1}


def test_what_a_task_tells_is_heard_in_order_before_it_is_done(executor):
    heard = []
    futures = [
        executor.submit(lambda n=n: Square(n), group="a", hear=heard.append) for n in range(20)
    ]
    done = {}
    for n, future in enumerate(futures):
        future.add_done_callback(lambda _, n=n: done.setdefault(n, n in heard))
    results(futures)
    assert sorted(heard) == list(range(20))
    assert all(done.values())


def test_a_shared_value_is_one_in_each_process(executor):
    executor.share("ones", np.ones(1000))
    found = results([executor.submit(lambda: Shared("ones"), needs=["ones"]) for _ in range(10)])
    assert {total for total, _, _ in found} == {1000.0}
    assert len({address for _, _, address in found}) <= len({process for _, process, _ in found})


def test_a_task_sees_only_what_it_asked_for(executor):
    executor.share("ones", np.ones(3))
    with pytest.raises(KeyError, match="ones"):
        executor.submit(lambda: Shared("ones")).result(timeout=LIMIT)


def test_an_exception_is_in_the_future_and_the_slot_goes_on(executor):
    failed = [executor.submit(lambda: Failing(ValueError("no such layer"))) for _ in range(3)]
    fine = executor.submit(lambda: Square(3))
    for future in failed:
        with pytest.raises(ValueError, match="no such layer"):
            future.result(timeout=LIMIT)
    assert fine.result(timeout=LIMIT) == 9


def test_an_exception_that_cannot_be_sent_is_told(executor):
    future = executor.submit(lambda: raise_unsendable)
    with pytest.raises((UnsendableError, WorkerError), match="after 3 steps"):
        future.result(timeout=LIMIT)


def test_a_task_that_cannot_be_prepared_fails_alone(executor):
    def prepare():
        raise KeyError("no weights")

    failed = executor.submit(prepare)
    with pytest.raises(KeyError, match="no weights"):
        failed.result(timeout=LIMIT)
    assert executor.submit(lambda: Square(2)).result(timeout=LIMIT) == 4


def test_tasks_are_prepared_when_their_turn_has_come(parallel):
    prepared, heard = Queue(), Queue()

    def prepare():
        prepared.put(1)
        return until_cancelled

    for _ in range(parallel.slots + 5):
        parallel.submit(prepare, hear=heard.put)
    for _ in range(parallel.slots):
        heard.get(timeout=LIMIT)
    assert prepared.qsize() == parallel.slots
    parallel.cancel()


def test_cancel_reaches_the_tasks_that_run(parallel):
    heard = Queue()
    futures = [
        parallel.submit(lambda: until_cancelled, hear=heard.put) for _ in range(parallel.slots)
    ]
    for _ in futures:
        heard.get(timeout=LIMIT)
    waiting = parallel.submit(lambda: Square(1))
    parallel.cancel()
    assert results(futures) == ["cancelled"] * parallel.slots
    assert waiting.cancelled()


def test_nothing_starts_after_cancel(executor):
    executor.cancel()
    started = Event()
    future = executor.submit(lambda: started.set())
    assert future.cancelled()
    assert wait([future], timeout=LIMIT).done == {future}
    with pytest.raises(CancelledError):
        future.result()
    assert not started.is_set()


def test_close_waits_for_what_was_submitted(executor):
    futures = [executor.submit(lambda n=n: Square(n), group=n % 2) for n in range(20)]
    executor.close()
    assert all(future.done() for future in futures)
    assert results(futures) == [n * n for n in range(20)]


def test_nothing_is_accepted_after_close(executor):
    executor.close()
    with pytest.raises(RuntimeError, match="the executor is closed"):
        executor.submit(lambda: Square(1))


def test_an_error_in_the_block_cancels(executor):
    with pytest.raises(KeyboardInterrupt), executor:
        raise KeyboardInterrupt
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(lambda: Square(1))
