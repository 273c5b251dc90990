"""What lanes train on: devices of one thread, whatever else there is."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from paribus.training.platform import device, devices, usable_cores
from training.stepwise import DEVICES, EXAMPLE, digest, train

TESTS = Path(__file__).parents[1]
WIDE = EXAMPLE.with_fields({"batch_size": 1400, "model.hidden": [256, 256], "epochs": 2})
"""Sums over a thousand examples and more, which XLA's matrix library splits among its threads."""


def found_in_a_process(code, **variables):
    """What code printed in a process that has only these of the variables that XLA reads."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "NPROC")
    }
    paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {"PYTHONPATH": os.pathsep.join(paths)} | variables
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_there_is_one_for_each_core_and_always_the_same():
    assert len(devices()) == usable_cores()
    assert devices() == DEVICES
    assert devices(1) == DEVICES[:1]
    assert len(set(DEVICES)) == len(DEVICES)
    assert device(usable_cores()) == DEVICES[0]


def test_more_are_asked_for_than_there_are():
    assert devices(10_000) == DEVICES


def test_each_has_a_client_of_its_own():
    clients = {id(one.client) for one in [*DEVICES, jax.devices()[0]]}
    assert len(clients) == usable_cores() + 1


def test_an_array_of_one_lane_can_be_moved_to_another():
    here = jax.device_put(np.arange(3.0), DEVICES[0])
    np.testing.assert_array_equal(jax.device_put(here, DEVICES[-1]), [0, 1, 2])


def test_the_variable_for_threads_is_left_as_it_was(monkeypatch):
    code = (
        "import os\n"
        "from paribus.training.platform import devices\n"
        "devices()\n"
        "print(os.environ.get('NPROC'))"
    )
    assert found_in_a_process(code) == ["None"]
    assert found_in_a_process(code, NPROC="3") == ["3"]


PRINT = "from training.test_platform import WIDE, digest, train; print(digest(train(WIDE)))"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"NPROC": "8"},
        {"XLA_FLAGS": "--xla_force_host_platform_device_count=8"},
        {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=true"},
    ],
    ids=["plain", "threads", "devices", "eigen"],
)
def test_a_run_has_the_same_bits_whatever_threads_there_are(variables):
    assert found_in_a_process(PRINT, **variables) == [digest(train(WIDE))]


def test_a_run_has_the_same_bits_where_somebody_has_started_jax():
    begun = f"import jax; jax.numpy.ones(3) + 1\n{PRINT}"
    assert found_in_a_process(begun) == [digest(train(WIDE))]


cores_can_be_taken_away = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or usable_cores() == 1,
    reason="wants several cores, and a system that takes some of them away",
)


def found_on_one_core(code):
    core = min(os.sched_getaffinity(0))
    return found_in_a_process(f"import os; os.sched_setaffinity(0, {{{core}}})\n{code}")


@cores_can_be_taken_away
def test_a_run_has_the_same_bits_on_one_core():
    assert found_on_one_core(PRINT) == [digest(train(WIDE))]


DECOMPOSE = """
import hashlib, jax, numpy as np
from paribus.training.platform import device, one_thread_of_blas
jax.config.update("jax_enable_x64", True)
square = np.random.default_rng(0).normal(size=(500, 500))
with one_thread_of_blas():
    values = jax.numpy.linalg.eigvalsh(jax.device_put(square, device(0)))
    others, _ = np.linalg.eigh(square)
print(hashlib.sha256(values.tobytes() + others.tobytes()).hexdigest())
"""


@cores_can_be_taken_away
def test_what_lapack_decomposes_has_the_same_bits_on_one_core():
    assert found_on_one_core(DECOMPOSE) == found_in_a_process(DECOMPOSE)
