"""Slots in other processes: what becomes of a task whose process dies, and what can be sent."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

import psutil
import pytest

from executors.clusters import on_ray
from executors.example_tasks import (
    Dying,
    Home,
    Square,
    environment_of,
    give_unsendable,
    process_of,
    until_cancelled,
)
from executors.test_contract import LIMIT, results
from paribus.errors import ExecutorError
from paribus.executors import LostError, ProcessExecutor, Setup


@pytest.fixture(params=["processes", "ray"])
def workers(request):
    made = on_ray(Home) if request.param == "ray" else ProcessExecutor(2, Setup(Home))
    with made as executor:
        yield executor


def test_a_task_whose_process_dies_is_lost_and_the_slot_goes_on(workers):
    heard = []
    future = workers.submit(Dying, group="a", hear=heard.append)
    with pytest.raises(LostError):
        future.result(timeout=LIMIT)
    later = [workers.submit(lambda n=n: Square(n), group="a") for n in range(10)]
    assert results(later) == [n * n for n in range(10)]


def test_a_lost_value_is_shared_again(workers, tmp_path):
    workers.share("name", {"sum": 1})
    mark = tmp_path / "died"
    lost = workers.submit(lambda: Dying(mark), group="a", needs=["name"])
    wait([lost], timeout=LIMIT)
    assert workers.submit(lambda: Dying(mark), group="a", needs=["name"]).result(LIMIT) == "alive"


def test_a_process_says_how_it_died():
    with ProcessExecutor(1, Setup(Home)) as executor:
        future = executor.submit(Dying)
        with pytest.raises(LostError, match=r"worker process \d+ was killed by SIGKILL"):
            future.result(timeout=LIMIT)


def test_a_process_killed_between_two_tasks_is_replaced_or_lost_alone():
    with ProcessExecutor(1, Setup(Home)) as executor:
        process = executor.submit(lambda: process_of).result(timeout=LIMIT)
        os.kill(process, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(process)] if psutil.pid_exists(process) else [], LIMIT)
        with pytest.raises(LostError):
            executor.submit(lambda: process_of).result(timeout=LIMIT)
        assert executor.submit(lambda: process_of).result(timeout=LIMIT) != process


def test_what_cannot_be_sent_is_said(workers):
    future = workers.submit(lambda: lambda place: 1)
    with pytest.raises(ExecutorError, match="cannot be sent to another process"):
        future.result(timeout=LIMIT)
    future = workers.submit(lambda: give_unsendable)
    with pytest.raises(ExecutorError, match="cannot be sent to another process"):
        future.result(timeout=LIMIT)
    assert workers.submit(lambda: Square(2)).result(timeout=LIMIT) == 4


def test_other_versions_are_refused_in_one_message():
    setup = Setup(Home, libraries=("numpy",))

    class Other(Setup):
        def opening(self, slot):
            return super().opening(slot) | {"libraries": []}

    with ProcessExecutor(2, Other(setup.home, setup.libraries)) as executor:
        futures = [executor.submit(lambda: Square(1)) for _ in range(3)]
        for future in futures:
            with pytest.raises(ExecutorError, match=r"other versions.*numpy absent, here"):
                future.result(timeout=LIMIT)


def test_a_worker_that_cannot_start_is_said(monkeypatch):
    monkeypatch.setattr("paribus.executors.processes._PROGRAM", "raise SystemExit(3)")
    with ProcessExecutor(1, Setup(Home)) as executor:
        future = executor.submit(lambda: Square(1))
        with pytest.raises(ExecutorError, match=r"a worker cannot be started: .* ended with 3"):
            future.result(timeout=LIMIT)


def test_the_environment_is_set_before_the_home_is_made():
    with ProcessExecutor(1, Setup(Home, environment={"PARIBUS_TEST_SETTING": "7"})) as executor:
        assert executor.submit(lambda: environment_of).result(timeout=LIMIT) == "7"


# Classes of a file that is run as a script: no other process can import them.
SCRIPT = """
from paribus.executors import ProcessExecutor, Setup

class Home:
    def __init__(self, slot):
        self.factor = 10

class Times:
    def __init__(self, number):
        self.number = number
    def __call__(self, place):
        return self.number * place.home.factor

if __name__ == "__main__":
    with ProcessExecutor(1, Setup(Home)) as executor:
        print([executor.submit(lambda n=n: Times(n)).result(60) for n in range(3)])
"""


def test_classes_of_a_script_travel(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert done.stdout == "[0, 10, 20]\n"


EDIT = """        first = executor.submit(lambda: Times(1)).result(60)
        __import__("pathlib").Path(__file__).write_text("raise SystemExit")
"""


def test_a_script_travels_as_it_runs_though_it_is_edited_meanwhile(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("        print([", f"{EDIT}        print(["))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert done.stdout == "[0, 10, 20]\n"
    assert script.read_text() == "raise SystemExit"


def test_a_decorated_function_of_a_script_travels(tmp_path):
    script = tmp_path / "script.py"
    decorated = SCRIPT.replace("class Times:", "class Plain:").replace(
        "if __name__ ==",
        "import jax\n@jax.jit\ndef doubled(x):\n    return 2 * x\n\nclass Times(Plain):\n"
        "    def __init__(self, number):\n        self.number, self.of = number, doubled\n"
        "    def __call__(self, place):\n        return int(self.of(super().__call__(place)))\n\n"
        "if __name__ ==",
    )
    script.write_text(decorated)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert done.stdout == "[0, 20, 40]\n"


def test_files_of_this_folder_do_not_stand_before_pythons_own(tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('mine')")
    script = tmp_path / "below" / "script.py"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "[0, 10, 20]\n"


DRIVER = """
from executors.clusters import on_ray
from executors.example_tasks import Home, until_cancelled
from paribus.executors import ProcessExecutor, Setup
executor = ProcessExecutor(2, Setup(Home))
for _ in range(2):
    executor.submit(lambda: until_cancelled, hear=lambda process: print(process, flush=True))
import time
time.sleep(600)
"""


def test_workers_end_with_a_driver_that_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as driver:
        found = [psutil.Process(int(driver.stdout.readline())) for _ in range(2)]
        driver.kill()
    gone, alive = psutil.wait_procs(found, timeout=LIMIT)
    assert len(gone) == 2
    assert alive == []


def test_ctrl_c_is_for_the_driver_alone():
    heard = Queue()
    with ProcessExecutor(1, Setup(Home)) as executor:
        future = executor.submit(lambda: until_cancelled, hear=heard.put)
        os.kill(heard.get(timeout=LIMIT), signal.SIGINT)
        time.sleep(0.1)
        executor.cancel()
        assert future.result(timeout=LIMIT) == "cancelled"


def test_a_slot_that_finds_no_room_does_not_keep_the_others():
    """One more worker than the cluster has room for is asked for."""
    made = on_ray(Home)
    made.close()
    from paribus.executors.ray import RayExecutor, cluster  # noqa: PLC0415 - Ray is optional

    there = replace(cluster(), resources={"CPU": 3.0})
    with RayExecutor(there, Setup(Home), resources={"num_cpus": 1}) as executor:
        assert executor.slots == 3
        futures = [executor.submit(lambda n=n: Square(n)) for n in range(10)]
        assert results(futures) == [n * n for n in range(10)]


FINDS = """\
import sys
import ray
from paribus.executors.ray import cluster
cluster(cores=1)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.readline()
print(ray.get(ray.remote(lambda: 7).remote()), flush=True)
"""


@contextmanager
def finding_a_cluster():
    pytest.importorskip("ray", reason="Ray is not installed")
    with subprocess.Popen(
        [sys.executable, "-c", FINDS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process.stdout.readline(), process
        assert process.communicate("end\n")[0] == "7\n"
    assert process.returncode == 0


def test_a_cluster_that_another_program_started_for_itself_is_not_joined():
    with finding_a_cluster() as (first, _), finding_a_cluster() as (second, _):
        assert "" not in (first, second)
        assert first != second


@pytest.fixture
def left_by_ray_start():
    """The file that `ray start` leaves in the place for Ray that these tests have."""
    left = Path(os.environ["RAY_TMPDIR"], "ray", "ray_current_cluster")
    left.parent.mkdir(exist_ok=True)
    yield left
    left.unlink()


def test_what_ray_start_started_is_joined(left_by_ray_start):
    with finding_a_cluster() as (address, _):
        left_by_ray_start.write_text(address)
        with finding_a_cluster() as (joined, _):
            assert joined == address != ""


def test_what_ray_start_started_and_is_gone_is_not_waited_for(left_by_ray_start):
    left_by_ray_start.write_text("127.0.0.1:1")
    with finding_a_cluster() as (started, _):
        assert not started.endswith(":1\n")


def test_an_address_in_the_environment_is_the_one_that_is_meant(monkeypatch):
    find = pytest.importorskip("paribus.executors.ray", exc_type=ImportError).find
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(ExecutorError, match=r"answers at RAY_ADDRESS=127.0.0.1:1: .*refused"):
        find(None)
    with pytest.raises(ExecutorError, match=r"answers at 127.0.0.1:2: "):
        find("127.0.0.1:2")


@pytest.mark.parametrize("told", ["", "auto", "local"])
def test_words_of_ray_in_the_environment(told, monkeypatch):
    find = pytest.importorskip("paribus.executors.ray", exc_type=ImportError).find
    monkeypatch.setenv("RAY_ADDRESS", told)
    assert find(None) is None
