"""Which slot takes which task; and how threads end.

No test sleeps: a `Step` is a task that says when it has started and ends when it is let go.
"""

import signal
import subprocess
import sys
from concurrent.futures import wait
from dataclasses import dataclass, field
from queue import Queue
from threading import Event

import pytest

from paribus.executors import ThreadExecutor

LIMIT = 60


@dataclass
class Bench:
    """An executor whose tasks start and end in plain sight."""

    executor: ThreadExecutor
    started: Queue = field(default_factory=Queue)
    ends: dict[str, Event] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    futures: dict[str, object] = field(default_factory=dict)

    def submit(self, *names: str) -> None:
        """Queue tasks; the letter of a name is its group."""
        for name in names:
            self.ends[name] = Event()
            self.futures[name] = self.executor.submit(
                lambda name=name: lambda place: self._run(name, place.slot), group=name[0]
            )

    def start(self, count: int = 1) -> set[str]:
        """The names of the next tasks that start."""
        return {self.started.get(timeout=LIMIT) for _ in range(count)}

    def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            self.futures[name].result(timeout=LIMIT)

    def _run(self, name: str, slot: int) -> None:
        self.places[name] = slot
        self.started.put(name)
        assert self.ends[name].wait(LIMIT)


@pytest.fixture
def bench():
    with ThreadExecutor(2) as executor:
        bench = Bench(executor)
        yield bench
        executor.cancel()
        for end in bench.ends.values():
            end.set()


def occupied(bench, *names):
    """Let each slot start one of these tasks, whose groups differ."""
    bench.submit(*names)
    assert bench.start(len(names)) == set(names)


def test_slots_spread_over_groups(bench):
    occupied(bench, "x1", "y1")
    bench.submit("a1", "a2", "a3", "b1")

    bench.end("x1")
    assert bench.start() == {"a1"}
    bench.end("y1")
    assert bench.start() == {"b1"}


def test_a_slot_stays_with_its_group(bench):
    occupied(bench, "a1", "b1")
    bench.submit("c1", "b2", "a2")

    bench.end("a1")
    assert bench.start() == {"a2"}
    bench.end("b1")
    assert bench.start() == {"b2"}

    assert bench.places["a2"] == bench.places["a1"]
    assert bench.places["b2"] == bench.places["b1"]


def test_a_free_slot_takes_the_first_group_that_nobody_has(bench):
    occupied(bench, "a1", "b1")
    bench.submit("b2", "b3", "d1", "c1", "c2", "c3", "c4")

    bench.end("a1")

    assert bench.start() == {"d1"}
    assert bench.places["d1"] == bench.places["a1"]


def test_a_free_slot_helps_the_group_with_most_waiting():
    with ThreadExecutor(3) as executor:
        three = Bench(executor)
        occupied(three, "a1", "b1", "c1")
        three.submit("a2", "b2", "b3")

        three.end("c1")

        assert three.start() == {"b2"}
        assert three.places["b2"] == three.places["c1"]
        for end in three.ends.values():
            end.set()


def test_a_task_waits_for_its_own_slot_where_that_is_idle(bench):
    for attempt in range(1, 101):
        name = f"a{attempt}"
        bench.submit(name)
        assert bench.start() == {name}
        bench.end(name)

    assert len(set(bench.places.values())) == 1


def test_both_slots_take_part_in_one_group(bench):
    bench.submit("a1", "a2")
    assert bench.start(2) == {"a1", "a2"}
    assert bench.places["a1"] != bench.places["a2"]


def test_tasks_without_a_group_start_in_the_order_submitted():
    order = []
    with ThreadExecutor(1) as executor:
        for n in range(50):
            executor.submit(lambda n=n: lambda place: order.append(n))
    assert order == list(range(50))


def test_cancel_drops_what_waits_and_leaves_what_runs(bench):
    occupied(bench, "a1", "b1")
    bench.submit("a2", "b2", "c1")

    bench.executor.cancel()

    waiting = [bench.futures[name] for name in ("a2", "b2", "c1")]
    assert wait(waiting, timeout=0).not_done == set()
    assert all(future.cancelled() for future in waiting)
    bench.end("a1", "b1")
    bench.executor.close()
    assert bench.started.empty()


def test_a_callback_of_a_cancelled_future_may_use_the_executor(bench):
    occupied(bench, "a1", "b1")
    bench.submit("a2")
    later = []
    bench.futures["a2"].add_done_callback(
        lambda _: later.append(bench.executor.submit(lambda: lambda place: None))
    )

    bench.executor.cancel()

    assert later[0].cancelled()


def test_a_future_cancelled_by_its_owner_does_not_run(bench):
    occupied(bench, "a1", "b1")
    bench.submit("a2", "a3")
    assert bench.futures["a2"].cancel()
    bench.end("a1")
    assert bench.start() == {"a3"}


def test_what_ends_a_thread_ends_the_task_alone():
    def task(place):
        raise SystemExit(3)

    with ThreadExecutor(1) as executor:
        with pytest.raises(SystemExit):
            executor.submit(lambda: task).result(timeout=LIMIT)
        assert executor.submit(lambda: lambda place: "fine").result(timeout=LIMIT) == "fine"


@pytest.mark.parametrize("slots", [0, -1])
def test_an_executor_needs_a_slot(slots):
    with pytest.raises(ValueError, match=f"needs 1 slot or more, got {slots}"):
        ThreadExecutor(slots)


# Tasks that end after their event, and a queue that would never end. The waits have a timeout
# because Python sees Ctrl-C in a wait without one only where it arrives after the wait began.
INTERRUPTED = """
from concurrent.futures import FIRST_COMPLETED, wait
from threading import Event
from paribus.executors import ThreadExecutor
started, stop, futures = Event(), Event(), []
def task(place):
    started.set()
    stop.wait()
try:
    with ThreadExecutor(2) as executor:
        try:
            futures += [executor.submit(lambda: task, group=n % 3) for n in range(100)]
            started.wait()
            print("started", flush=True)
            while wait(futures, timeout=0.1, return_when=FIRST_COMPLETED).not_done:
                pass
        finally:
            executor.cancel()
            stop.set()
except KeyboardInterrupt:
    ran = sum(not future.cancelled() for future in futures)
    print("interrupted", ran <= 2 and all(future.done() for future in futures))
"""

# A task that never looks at its event; the process is done with it all the same.
STUBBORN = """
from threading import Event
from paribus.executors import ThreadExecutor
started = Event()
executor = ThreadExecutor(1)
executor.submit(lambda: lambda place: (started.set(), Event().wait()))
started.wait()
executor.cancel()
"""


def test_ctrl_c_ends_the_process():
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "started\n"
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=LIMIT)
    assert rest == "interrupted True\n"
    assert child.returncode == 0


def test_a_task_that_does_not_end_does_not_keep_the_process():
    subprocess.run([sys.executable, "-c", STUBBORN], check=True, timeout=LIMIT)
